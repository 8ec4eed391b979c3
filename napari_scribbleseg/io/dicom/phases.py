"""Which phase each image of a slice belongs to: by the rank of its trigger time, even where images are missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from napari_scribbleseg.io.errors import ScanError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_scribbleseg.io.dicom.frames import Frame


@dataclass(frozen=True)
class Clock:
    """What may order the images of a slice.

    Attributes
    ----------
    name : str
        As a person calls it.
    of : callable
        Takes a Frame; returns its number, or None.
    """

    name: str
    of: Callable[[Frame], float | None]

    def read(self, frame: Frame) -> float:
        """Return the number of an image that is known to have one."""
        return self.of(frame) or 0.0


TRIGGER = Clock("trigger time", lambda frame: frame.trigger_ms)
CLOCKS = (
    TRIGGER,
    Clock("temporal position", lambda frame: frame.temporal),
    Clock("instance number", lambda frame: frame.instance),
    Clock("acquisition time", lambda frame: frame.acquired_ms),
)
"""Best first."""


def choose_clock(slices: Sequence[Sequence[Frame]]) -> Clock:
    """Return what tells the images of every slice apart.

    Raises
    ------
    ScanError
        When nothing does.
    """
    for clock in CLOCKS:
        if all(
            None not in (times := [clock.of(f) for f in frames]) and len(set(times)) == len(times) for frames in slices
        ):
            return clock
    raise ScanError(
        "The images of this series do not say in which order their phases come (no trigger time, temporal position, "
        "instance number or acquisition time tells them apart); export the series from its source again."
    )


def typical_count(slices: Sequence[Sequence[Frame]]) -> int:
    """Return the number of phases that most slices have; of two numbers that are as common, the larger."""
    counts = Counter(len(frames) for frames in slices)
    return max(counts, key=lambda n: (counts[n], n))


def without_repeats(frames: Sequence[Frame], expected: int) -> list[Frame]:
    """Leave out what was acquired earlier, where a slice was acquired more than once.

    Parameters
    ----------
    frames : all images of a slice
    expected : number of phases that slices of this series have
    """
    kept = _latest_of_each_time(frames)
    if len(kept) <= expected:
        return kept
    runs: dict[tuple[int, str, int], list[Frame]] = defaultdict(list)
    for frame in kept:
        runs[frame.series_number or 0, frame.series_uid, frame.acquisition or 0].append(frame)
    whole = [runs[key] for key in sorted(runs) if len(runs[key]) == expected]
    if len(runs) > 1 and whole:
        return whole[-1]
    ordered = sorted(kept, key=lambda frame: frame.instance or 0)
    return ordered[-expected:] if len(kept) % expected == 0 else kept


def match_phases(slices: Sequence[Sequence[Frame]], clock: Clock) -> list[dict[int, Frame]]:
    """Return by slice which image belongs to which phase, counted from 0.

    A slice with all phases goes by rank. Where images are missing, those that are there take the phases whose usual
    times are nearest, in order.

    Parameters
    ----------
    slices : the images of each slice, none with more than most of them have
    clock : from :func:`choose_clock`
    """
    n_t = max(len(frames) for frames in slices)
    ordered = [sorted(frames, key=lambda frame: clock.read(frame)) for frames in slices]
    usual = _usual_times(ordered, clock, n_t)
    offset = _offset(ordered, clock)
    matched = []
    for frames in ordered:
        times = np.array([clock.read(frame) for frame in frames])
        ranks = range(n_t) if len(frames) == n_t else _nearest(times, usual, offset)
        matched.append(dict(zip(ranks, frames, strict=True)))
    return matched


def thin_out(slices: Sequence[Sequence[Frame]], clock: Clock, expected: int) -> list[list[Frame]]:
    """Return the slices with `expected` images at most: those nearest in time to the phases of the other slices.

    Parameters
    ----------
    slices : the images of each slice
    clock : one whose numbers mean the same in every slice, as trigger times do
    expected : number of phases that most slices have
    """
    ordered = [sorted(frames, key=clock.read) for frames in slices]
    usual = _usual_times(ordered, clock, expected)
    thinned = []
    for frames in ordered:
        if len(frames) > expected:
            times = np.array([clock.read(frame) for frame in frames])
            kept = linear_sum_assignment((usual[:, None] - times[None, :]) ** 2)[1]
            frames = [frames[i] for i in sorted(kept)]
        thinned.append(list(frames))
    return thinned


def _usual_times(ordered: Sequence[Sequence[Frame]], clock: Clock, n_t: int) -> npt.NDArray[np.float64]:
    complete = [[clock.read(frame) for frame in frames] for frames in ordered if len(frames) == n_t]
    return np.asarray(np.median(np.asarray(complete, np.float64), axis=0))


def _latest_of_each_time(frames: Sequence[Frame]) -> list[Frame]:
    times = {frame.trigger_ms for frame in frames}
    if None in times or len(times) == 1:
        return list(frames)
    latest = {
        frame.trigger_ms: frame
        for frame in sorted(frames, key=lambda f: (f.series_number or 0, f.acquisition or 0, f.instance or 0))
    }
    return list(latest.values())


def _offset(ordered: Sequence[Sequence[Frame]], clock: Clock) -> bool:
    """Tell whether times run on from slice to slice, as instance numbers do, so that only differences count."""
    firsts = [clock.read(frames[0]) for frames in ordered]
    steps = [clock.read(f[-1]) - clock.read(f[0]) for f in ordered]
    return max(firsts) - min(firsts) > max(*steps, 1e-9)


def _nearest(times: npt.NDArray[np.float64], usual: npt.NDArray[np.float64], offset: bool) -> list[int]:
    shift = times[0] - usual[0] if offset else 0.0
    # Squared distances on a line are least in order, so the ranks rise.
    cost = (times[:, None] - shift - usual[None, :]) ** 2
    return sorted(int(column) for column in linear_sum_assignment(cost)[1])
