"""Systems without training, as a person uses them on two phases, slice after slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_scribbleseg.bench.annotate.system import System
from napari_scribbleseg.labels import FOREGROUND, LV, LabelMap
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    from napari_scribbleseg.baselines import Baseline


class Classical(System):
    """A system without training: it takes the time that it needs, and works on the phases whose strokes changed.

    These systems know one phase at a time, so they are helped, in their favour: a phase that nobody has drawn on yet is
    segmented by the strokes of the other (:func:`lend`). And they take a slice with strokes to hold the drawn classes
    alone, so that a single corrective stroke does them more harm than good (tried: down to .15 Dice lost a stroke);
    whoever uses them draws whole slices, and so does the annotator.

    Parameters
    ----------
    baseline : Baseline
    cine : Cine
    """

    def __init__(self, baseline: Baseline, cine: Cine) -> None:
        super().__init__()
        self._baseline, self._cine = baseline, cine
        self._seen: list[LabelMap | None] = [None] * cine.shape[0]
        self._raw: LabelMap = np.zeros(cine.shape, np.uint8)
        self._warm_up()

    def _warm_up(self) -> None:
        """Load the baseline's libraries, whose time is no one's."""
        dot = np.zeros((1, 16, 16), np.uint8)
        dot[0, 8, 8] = LV
        self._baseline.segment(np.zeros(dot.shape, np.float32), dot, (8.0, 1.5, 1.5))

    def _work(self, seconds: float, scribbles: LabelMap) -> None:
        if not np.isin(scribbles, FOREGROUND).any():
            return
        mask = self._raw.copy()
        for t, seen in enumerate(self._seen):
            strokes = lend(scribbles, t)
            if seen is None or not np.array_equal(seen, strokes):
                mask[t] = self._baseline.segment(self._cine.volume(t), strokes, self._cine.spacing_mm)
                self._seen[t] = strokes
        self._raw = self.mask = mask


def lend(scribbles: LabelMap, t: int) -> LabelMap:
    """Return the strokes of a phase `(z, y, x)`, or those of the nearest other one if it has no stroke of the heart.

    Parameters
    ----------
    scribbles : uint8 (t, z, y, x), layer codes, with a stroke of the heart somewhere
    """
    phases = np.flatnonzero(np.isin(scribbles, FOREGROUND).any((1, 2, 3)))
    nearest: LabelMap = scribbles[phases[np.abs(phases - t).argmin()]].copy()
    return nearest
