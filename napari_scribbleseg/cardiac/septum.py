"""Where RV is attached to the wall: the insertion points, and with them the directions of the AHA's segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_scribbleseg.cardiac.wall import ANGLES_RAD, N_RAYS, Flags

GAP_RAYS = 5
"""A break in the contact of RV and wall no wider than this is bridged: 25°."""

LEAST_RAYS = 5


@dataclass(frozen=True)
class Septum:
    """The arc of the wall beside RV. It ends at the two RV insertion points, half its width to either side.

    Attributes
    ----------
    middle_rad, width_rad : float
        Clockwise on screen, from the direction of growing columns.
    """

    middle_rad: float
    width_rad: float


def find_septum(beside_rv: Flags) -> Septum | None:
    """Find the longest arc of rays `(N_RAYS,)` that meet RV right outside the wall.

    Returns
    -------
    None where it spans less than 25°, or where RV is all around.
    """
    runs = _runs(beside_rv)
    if not runs:
        return None
    start, length = max(_bridge(runs), key=lambda run: run[1])
    if length < LEAST_RAYS or length >= N_RAYS:
        return None
    step = ANGLES_RAD[1]
    return Septum(float((start + (length - 1) / 2) * step % (2 * np.pi)), float(length * step))


def _runs(flags: Flags) -> list[tuple[int, int]]:
    """Return (start, length) of each run of true values around the circle, in order."""
    if flags.all():
        return [(0, flags.size)]
    starts = np.flatnonzero(flags & ~np.roll(flags, 1))
    ends = np.flatnonzero(flags & ~np.roll(flags, -1))
    if starts.size and ends[0] < starts[0]:
        ends = np.roll(ends, -1)
    return [(int(s), int((e - s) % flags.size) + 1) for s, e in zip(starts, ends, strict=True)]


def _bridge(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join runs with small gaps between them, over the end of the circle too."""
    joined = [runs[0]]
    for start, length in runs[1:]:
        before, so_far = joined[-1]
        if start - (before + so_far) <= GAP_RAYS:
            joined[-1] = (before, start + length - before)
        else:
            joined.append((start, length))
    (first, length), (last, so_far) = joined[0], joined[-1]
    if len(joined) > 1 and first + N_RAYS - (last + so_far) <= GAP_RAYS:
        joined = [*joined[1:-1], (last, first + N_RAYS + length - last)]
    return joined
