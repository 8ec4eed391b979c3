"""The mask that results are measured from: what was accepted or corrected, else what was predicted; knows no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.qt.record import NEVER, ScanRecord, SliceIndex

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Coverage:
    """Where the slices that are measured come from.

    Attributes
    ----------
    mask, prediction, preview, never : int
        Slices of the mask, of the prediction, of an instant preview, and such that are not there yet.
    phases : tuple of int
        Phases that can be measured: all their slices are there, or all that are there were made by hand.
    n_phases : int
        Phases of the scan.
    """

    mask: int = 0
    prediction: int = 0
    preview: int = 0
    never: int = 0
    phases: tuple[int, ...] = ()
    n_phases: int = 0

    @property
    def slices(self) -> dict[str, int]:
        """Return the numbers of slices as an export names them."""
        return {
            "from_mask": self.mask,
            "from_prediction": self.prediction,
            "from_preview": self.preview,
            "never_predicted": self.never,
        }

    @property
    def whole(self) -> bool:
        """Return whether all phases can be measured."""
        return len(self.phases) == self.n_phases

    @property
    def sentence(self) -> str:
        """Say to a person which map is measured."""
        n_slices = self.mask + self.prediction + self.preview + self.never
        parts = [(self.mask, "mask"), (self.prediction, "prediction"), (self.preview, "instant preview, not trained")]
        made = [(count, name) for count, name in parts if count]
        if not made:
            return "No slice is predicted or accepted yet"
        if len(made) == 1 and not self.never:
            return f"From the {made[0][1]}"
        told = " + ".join(f"{count} {name}" for count, name in made)
        return f"From {told} of {n_slices} slices" if self.never else f"From {told} slices"


def cover(record: ScanRecord) -> Coverage:
    """Return where the slices of a scan come from."""
    in_mask, predicted = _in_mask(record), record.steps != NEVER
    known = in_mask | predicted
    whole = known.all(axis=1) | (in_mask.any(axis=1) & ~predicted.any(axis=1))
    previews = sum(index not in record.mask_states for index in record.previews)
    return Coverage(
        mask=len(record.mask_states),
        prediction=int(np.count_nonzero(predicted & ~in_mask)) - previews,
        preview=previews,
        never=int(np.count_nonzero(~known)),
        phases=tuple(np.flatnonzero(whole).tolist()),
        n_phases=record.steps.shape[0],
    )


def _in_mask(record: ScanRecord) -> Flags:
    found = np.zeros(record.steps.shape, bool)
    for index in record.mask_states:
        found[index] = True
    return found


class SliceTracker:
    """Finds which slices of a scan have changed, so that no more than those are copied for another thread.

    Parameters
    ----------
    record : ScanRecord
    """

    def __init__(self, record: ScanRecord) -> None:
        self.record = record
        self._steps, self._times = record.steps.copy(), record.times.copy()
        self._touched: set[SliceIndex] = set()
        self._given: frozenset[int] = frozenset()

    def touch(self, index: SliceIndex) -> None:
        """Note that a slice of the mask has changed."""
        self._touched.add(index)

    def suits(self, phases: Iterable[int]) -> bool:
        """Return whether all phases that were given are still among those that can be measured."""
        return self._given <= frozenset(phases)

    def take(self, phases: Iterable[int]) -> dict[SliceIndex, LabelMap]:
        """Return copies of the slices of some phases that have changed since the last call, `(y, x)`, as exported."""
        wanted, record = frozenset(phases), self.record
        changed = (record.steps != self._steps) | (record.times != self._times)
        indices = self._touched | {(int(t), int(z)) for t, z in np.argwhere(changed)}
        indices |= {(t, z) for t in wanted - self._given for z in range(record.steps.shape[1])}
        self._steps, self._times = record.steps.copy(), record.times.copy()
        self._touched, self._given = set(), wanted
        return {index: self._labels(index) for index in indices if index[0] in wanted}

    def _labels(self, index: SliceIndex) -> LabelMap:
        labels = self.record.mask if index in self.record.mask_states else self.record.prediction
        return labels[index].copy()
