"""One sitting: an annotator and a system in turns, on one patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from napari_scribbleseg.bench.annotate.annotator import Annotator
from napari_scribbleseg.bench.annotate.measures import measure_obedience, measure_quality
from napari_scribbleseg.bench.annotate.request import Seconds
from napari_scribbleseg.bench.annotate.system import System
from napari_scribbleseg.bench.patients import Patient
from napari_scribbleseg.labels import LAYER_NAMES, LabelMap

LOOKS = (0.25, 0.5, 1.0)
"""After which shares of a stage's seconds the mask of a learning system is scored."""

NOTHING_DRAWN, THREE, SPARSE, CORRECTED = "none", "three", "sparse", "corrected"


@dataclass
class Sitting:
    """What a system makes of an annotator's strokes, stage by stage.

    Parameters
    ----------
    system : System, just opened on the scan
    annotator : Annotator
    patient : Patient with masks
    seconds : Seconds

    Attributes
    ----------
    points : list of dict
        A JSON object for each scored mask: `stage`, `round` (of corrections, from 1), `is_end` (of its stage),
        `strokes`, `annotation_s`, `compute_s`, and the values of :class:`~.measures.Quality`.
    corrections : list of dict
        A JSON object for each corrective stroke: what it corrected, the seconds that the system took, and the values
        of :class:`~.measures.Obedience`.
    """

    system: System
    annotator: Annotator
    patient: Patient
    seconds: Seconds
    points: list[dict[str, Any]] = field(default_factory=list)
    corrections: list[dict[str, Any]] = field(default_factory=list)

    def draw_curve(self, rounds: int, strokes: int) -> None:
        """Look at the mask before any stroke, draw three strokes, then correct in rounds.

        A system that learns is given `strokes` corrective strokes a round, any other a whole slice.
        """
        if self.system.mask is not None:
            self._score(NOTHING_DRAWN, 0, is_end=True)
        self.annotator.draw_three(self.system.mask)
        self._compute(THREE, self.seconds.three)
        for number in range(1, rounds + 1):
            if not (self._correct(number, strokes) if self.system.learns else self._add_slice(number)):
                return

    def draw_sparse(self) -> None:
        """Draw on every fourth slice."""
        self.annotator.draw_sparse()
        self._compute(SPARSE, self.seconds.sparse)

    def _compute(self, stage: str, seconds: float) -> None:
        done = 0.0
        for share in LOOKS if self.system.learns else LOOKS[-1:]:
            self.system.work(share * seconds - done, self.annotator.scribbles)
            done = share * seconds
            self._score(stage, 0, is_end=share == LOOKS[-1])

    def _add_slice(self, number: int) -> bool:
        """Draw on one more slice; False where none is left that is wrong."""
        if not self.annotator.draw_slice(self._mask()):
            return False
        self.system.work(self.seconds.correction, self.annotator.scribbles)
        self._score(CORRECTED, number, is_end=True)
        return True

    def _correct(self, number: int, strokes: int) -> bool:
        """Correct once; False where nothing is worth a stroke."""
        before, spent_s = self._mask().copy(), self.system.spent_s
        corrections = self.annotator.correct(before, strokes)
        if not corrections:
            return False
        self.system.work(self.seconds.correction, self.annotator.scribbles)
        found = measure_obedience(corrections, before, self._mask(), self._truth())
        for correction, obedience in zip(corrections, found, strict=True):
            fault = correction.fault
            self.corrections.append(
                {
                    "round": number,
                    "phase": self.patient.phases[fault.t],
                    "z": fault.z,
                    "class": LAYER_NAMES[fault.label],
                    "mistake_pixels": int(fault.region.sum()),
                    "stroke_pixels": int(correction.pixels.sum()),
                    "compute_s": round(self.system.spent_s - spent_s, 3),
                    **vars(obedience),
                }
            )
        self._score(CORRECTED, number, is_end=True)
        return True

    def _score(self, stage: str, number: int, *, is_end: bool) -> None:
        quality = measure_quality(self._mask(), self._truth(), self.patient.cine)
        effort = {
            "strokes": self.annotator.strokes,
            "annotation_s": round(self.annotator.seconds, 2),
            "compute_s": round(self.system.spent_s, 3),
        }
        self.points.append({"stage": stage, "round": number, "is_end": is_end, **effort, **quality.to_json()})

    def _mask(self) -> LabelMap:
        assert self.system.mask is not None
        return self.system.mask

    def _truth(self) -> LabelMap:
        assert self.patient.truth is not None
        return self.patient.truth
