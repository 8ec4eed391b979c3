"""Which slice to look at next: what the network doubts, what was seen to already, and the order that follows.

Knows no Qt.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.labels import CLASS_NAMES, LabelMap
from napari_scribbleseg.qt.record import SliceIndex
from napari_scribbleseg.types import DoubtReport, SliceDoubt

REACH = (3.0, 1.5)
"""Phases and slices over which a slice that was just shown speaks for its neighbours."""
SPOKEN_FOR = 0.8
"""Share of its doubt that a slice right beside such a one loses in the order."""
RISE = 0.1
"""A slice that was shown and left alone is shown again once its score has risen by this much."""
HARDLY = 0.05
"""A score below this is not worth a number."""
MIN_CYCLE = 6
"""Phases from which on the last one is taken for a neighbour of the first."""

Scores = npt.NDArray[np.float64]


@dataclass(eq=False)
class DoubtBook:
    """The network's doubt about each slice of one scan.

    Attributes
    ----------
    shape : (t, z)
    scores : float (t, z)
        0 (sure) to 1; NaN where the network was not asked.
    slices : dict
        The whole answer for each slice that was asked about.
    shown : dict
        Slices that a jump has led to in this round, with their score at the time.
    """

    shape: tuple[int, int]
    scores: Scores = field(init=False)
    slices: dict[SliceIndex, SliceDoubt] = field(default_factory=dict)
    shown: dict[SliceIndex, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scores = np.full(self.shape, np.nan)

    def take(self, report: DoubtReport) -> None:
        """Enter the slices of a report; those that the scan does not have are left out."""
        n_t, n_z = self.shape
        for (t, z), doubt in report.slices.items():
            if 0 <= t < n_t and 0 <= z < n_z:
                self.slices[t, z] = doubt
                self.scores[t, z] = doubt.score

    def map_of(self, index: SliceIndex) -> LabelMap | None:
        """Return the probability that the label shown is wrong × 255, uint8 `(y, x)`; None where it is not known."""
        found = self.slices.get(index)
        return found.map if found is not None else None

    def note_shown(self, index: SliceIndex) -> None:
        """Remember that a person has been led to a slice."""
        if np.isfinite(self.scores[index]):
            self.shown[index] = float(self.scores[index])

    def next_slice(
        self, done: Collection[SliceIndex], here: SliceIndex, unknown: Collection[SliceIndex] = ()
    ) -> SliceIndex | None:
        """Return the slice to look at next, None where none is left.

        Parameters
        ----------
        done : slices that were drawn on or are in the mask; they are left out
        here : the slice on screen; it is left out
        unknown : slices whose score no longer stands for what is shown there; they are left out
        """
        scores = self.scores.copy()
        for index in unknown:
            scores[index] = np.nan
        left_alone = {index for index, score in self.shown.items() if self.scores[index] <= score + RISE}
        for index in (*done, here):
            scores[index] = np.nan
        found = best(scores, left_alone)
        if found is None and left_alone:
            self.shown.clear()
            found = best(scores, ())
        return found


def best(scores: Scores, seen: Collection[SliceIndex]) -> SliceIndex | None:
    """Return the most doubtful slice not in `seen`, where slices beside a seen one count less; None if none is left."""
    order = scores * (1 - SPOKEN_FOR * nearness(scores.shape, seen))
    for index in seen:
        order[index] = np.nan
    if not np.isfinite(order).any():
        return None
    t, z = np.unravel_index(int(np.nanargmax(order)), order.shape)
    return int(t), int(z)


def nearness(shape: tuple[int, ...], seen: Collection[SliceIndex]) -> Scores:
    """Return how near each slice, `(t, z)`, lies to one of `seen`: 1 there, towards 0 far away."""
    near = np.zeros(shape)
    t, z = np.mgrid[: shape[0], : shape[1]]
    for seen_t, seen_z in seen:
        apart = np.abs(t - seen_t)
        if shape[0] >= MIN_CYCLE:
            apart = np.minimum(apart, shape[0] - apart)
        near = np.maximum(near, np.exp(-((apart / REACH[0]) ** 2) - ((z - seen_z) / REACH[1]) ** 2))
    return near


def phase_scores(scores: Scores) -> Scores:
    """Return the doubt about each phase as a whole, float `(t,)`: the mean over its slices; NaN where none is known."""
    known = np.isfinite(scores)
    total = np.where(known, scores, 0).sum(1)
    return np.where(known.any(1), total / np.maximum(known.sum(1), 1), np.nan)


def describe(doubt: SliceDoubt) -> str:
    """Return how doubtful a slice is and what about, in a few words."""
    if doubt.score < HARDLY:
        return "hardly any doubt"
    return f"{doubt.score:.0%} doubt, mostly {CLASS_NAMES[doubt.label]}"


def explain(doubt: SliceDoubt) -> str:
    """Return the same with its reasons."""
    differ = f"the two decoders differ by {doubt.disagreement:.0%}" if doubt.disagreement else "one decoder answers"
    return f"{describe(doubt)} (expected Dice {1 - doubt.score:.2f}; {differ})"
