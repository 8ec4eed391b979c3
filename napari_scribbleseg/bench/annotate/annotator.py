"""The annotator: which strokes a person draws, and how many seconds that takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_scribbleseg.bench.annotate.costs import Costs
from napari_scribbleseg.bench.annotate.faults import Fault, deepest_part, find_faults, most_wrong_slice
from napari_scribbleseg.bench.annotate.paths import Hand, Region, draw_stroke
from napari_scribbleseg.bench.patients import Patient
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, BG, FOREGROUND, LabelMap

EVERY = 4
"""Sparse annotation takes every so many slices."""
AROUND_MM = (5.0, 14.0)
"""A stroke of the background runs around the heart at about this distance."""


@dataclass(frozen=True, eq=False)
class Correction:
    """One corrective stroke.

    Attributes
    ----------
    fault : Fault
        What it corrects.
    pixels : bool (y, x)
        What it paints.
    """

    fault: Fault
    pixels: Region


class Annotator:
    """Draws on one patient's two phases, knowing the truth.

    Parameters
    ----------
    patient : Patient with masks
    seed : int
        The same seed, patient and masks give the same strokes.
    costs : Costs
    hand : Hand

    Attributes
    ----------
    scribbles : uint8 (2, z, y, x), layer codes
    strokes : int
    seconds : float
        Annotation time so far.
    """

    def __init__(self, patient: Patient, seed: int = 0, costs: Costs | None = None, hand: Hand | None = None) -> None:
        assert patient.truth is not None
        self._truth, self._spacing_mm = patient.truth, patient.cine.spacing_mm
        self._seed, self._costs, self._hand = (seed, patient.number), costs or Costs(), hand or Hand()
        self.scribbles: LabelMap = np.zeros_like(self._truth)
        self.strokes, self.seconds = 0, 0.0
        self._at, self._code = (0, self._truth.shape[1] // 2), 0

    def draw_three(self, mask: LabelMap | None = None) -> None:
        """Draw one stroke of each class on the slice that tells most: where the mask is most wrong.

        Where a class is plainly missing in that slice, its stroke runs there, else along the middle of the class. Who
        has no mask yet takes the slice that shows most of the heart.
        """
        if mask is not None:
            self._look_through()
        t, z = most_wrong_slice(mask, self._truth) or most_wrong_slice(None, self._truth) or (0, 0)
        for code in FOREGROUND:
            region = self._truth[t, z] == code
            missing = None if mask is None else deepest_part(region & (mask[t, z] != code), self._spacing_mm[1:])
            self._draw(t, z, code, region if missing is None else missing)

    def draw_sparse(self, every: int = EVERY) -> None:
        """Draw all classes and the background on every fourth slice of the heart in both phases, from its second on."""
        for t, volume in enumerate(self._truth):
            hearts = np.flatnonzero(volume.any((1, 2)))
            for z in range(int(hearts[0]) + 1, int(hearts[-1]) + 1, every) if len(hearts) > 1 else hearts.tolist():
                self._draw_all(t, z)

    def draw_slice(self, mask: LabelMap) -> bool:
        """Look through the scan and draw all classes and the background on one more slice.

        A phase without strokes comes first, with the slice that shows most of its heart; then the worst slices follow.

        Parameters
        ----------
        mask : uint8 (2, z, y, x), training codes
            What the system shows.

        Returns
        -------
        False where no slice without strokes is wrong.
        """
        self._look_through()
        drawn = np.asarray(self.scribbles.any((2, 3)))
        is_new = ~drawn.any(1, keepdims=True)
        worst = most_wrong_slice(None, self._truth, drawn | ~is_new) if is_new.any() else None
        worst = worst or most_wrong_slice(mask, self._truth, drawn)
        if worst is None:
            return False
        t, z = worst
        if self._truth[t, z].any():
            self._draw_all(t, z)
        else:
            self._draw(t, z, BACKGROUND_SCRIBBLE, mask[t, z] != BG)
        return True

    def correct(self, mask: LabelMap, count: int = 1) -> list[Correction]:
        """Look through the scan and draw a stroke on each of the worst mistakes; none where nothing is worth one.

        Parameters
        ----------
        mask : uint8 (2, z, y, x), training codes
            What the system shows.
        """
        self._look_through()
        faults = find_faults(mask, self._truth, self._spacing_mm, count)
        return [Correction(fault, self._draw(fault.t, fault.z, fault.label, fault.region)) for fault in faults]

    def _look_through(self) -> None:
        self.seconds += self._costs.look_through_s(self._truth.shape[0] * self._truth.shape[1])

    def _draw_all(self, t: int, z: int) -> None:
        for code in (*FOREGROUND, BACKGROUND_SCRIBBLE):
            self._draw(t, z, code, self._region(t, z, code))

    def _region(self, t: int, z: int, code: int) -> Region:
        truth = self._truth[t, z]
        if code != BACKGROUND_SCRIBBLE:
            return np.asarray(truth == code)
        away_mm = ndimage.distance_transform_edt(truth == BG, self._spacing_mm[1:])
        return np.asarray((away_mm >= AROUND_MM[0]) & (away_mm <= AROUND_MM[1]))

    def _draw(self, t: int, z: int, code: int, region: Region) -> Region:
        """Draw one stroke and count its seconds; nothing happens for a class that the slice lacks."""
        if not region.any():
            return region
        stroke = draw_stroke(
            region, self._spacing_mm[1:], self._hand, np.random.default_rng((*self._seed, self.strokes))
        )
        self.scribbles[t, z][stroke.pixels] = code
        slices_away = abs(z - self._at[1]) + abs(t - self._at[0])
        self.seconds += self._costs.stroke_s(stroke.length_mm, stroke.turning_rad, slices_away, code != self._code)
        self.strokes += 1
        self._at, self._code = (t, z), code
        return stroke.pixels
