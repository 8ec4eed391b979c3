"""The 17 segments of the American Heart Association, and what is measured in each."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.cardiac.measurement import BullsEye
from napari_scribbleseg.cardiac.septum import Septum, find_septum
from napari_scribbleseg.cardiac.stack import split_levels
from napari_scribbleseg.cardiac.wall import ANGLES_RAD, Floats, Wall

N_SEGMENTS = 17
SEGMENT_NAMES = (
    *(f"basal {wall}" for wall in ("anterior", "anteroseptal", "inferoseptal", "inferior")),
    *("basal inferolateral", "basal anterolateral"),
    *(f"mid {wall}" for wall in ("anterior", "anteroseptal", "inferoseptal", "inferior")),
    *("mid inferolateral", "mid anterolateral"),
    *("apical anterior", "apical septal", "apical inferior", "apical lateral", "apex"),
)
"""Names of the segments 1 to 17 (Cerqueira et al., Circulation 2002)."""

AROUND: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"basal": (2, 1, 6, 5, 4, 3), "mid": (8, 7, 12, 11, 10, 9), "apical": (14, 13, 16, 15)}
)
"""Segments of each level in the order in which one meets them from the septum on by way of the anterior wall.

Of six, the first begins at the middle of the septum; of four, the first has the middle of the septum as its own.
"""

LEAST_CLOSED = 0.75
"""Slices with less of a ring belong to the outflow tract or the atrium and have no part in the bull's-eye."""

_LEAST_SHARE = 0.5
_CLEARLY_RIGHT = 0.5

Walls = Mapping[int, Wall]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class View:
    """How the slices are looked at.

    Attributes
    ----------
    apex_first : bool
        Whether slice 0 is nearest the apex.
    right_handed : bool or None
        Whether columns, rows and slices are a right-handed system; None where nobody knows.
    """

    apex_first: bool
    right_handed: bool | None = None

    def anterior_is_clockwise(self, septa: Iterable[Septum]) -> bool:
        """Tell whether one comes from the septum to the anterior wall clockwise on screen.

        Seen from the apex, RV is on the left of LV, and the anterior wall above: clockwise. Columns, rows and slices
        that are right-handed run away from whoever looks at the screen, so that slice 0 is the nearest one. Where
        nobody knows the hand, scans are taken to be shown as usual, the anterior wall above: clockwise, unless RV is
        clearly, by less than 60°, to the right of LV.
        """
        if self.right_handed is not None:
            return self.right_handed == self.apex_first
        middle = cmath.phase(sum(cmath.rect(septum.width_rad, septum.middle_rad) for septum in septa))
        return math.cos(middle) < _CLEARLY_RIGHT


def assign_segments(level: str, septum_rad: float, clockwise: bool) -> Indices:
    """Return the AHA segment of each ray, int64 `(N_RAYS,)`, 1 to 16.

    Six segments of 60° in basal and mid slices, four of 90° in apical ones. The AHA separates the septum from the free
    wall by the attachment of RV; here the middle between the two RV insertion points is the border between
    anteroseptal and inferoseptal segments (in apical slices the middle of the septal one), so that an error at either
    insertion counts half.

    Parameters
    ----------
    level : "basal", "mid" or "apical"
    septum_rad : direction of the middle of the septum, as in `ANGLES_RAD`
    clockwise : whether the anterior wall follows clockwise on screen
    """
    around = np.array(AROUND[level])
    turn = (ANGLES_RAD - septum_rad) * (1 if clockwise else -1)
    width = 2 * np.pi / around.size
    begin = width / 2 if around.size == len(AROUND["apical"]) else 0.0
    # Rays on a border, up to rounding, belong to the segment that begins there.
    return np.asarray(around[np.floor((turn + begin) / width + 1e-9).astype(int) % around.size], np.int64)


def measure_segments(ed: Walls, es: Walls, view: View) -> BullsEye | None:
    """Return the mean thickness of each segment at end-diastole and end-systole.

    Levels are thirds of the slices with a cavity and three quarters of a ring at least, at each of the two phases by
    itself: the base moves towards the apex in systole. A segment counts every ray of every slice of its level alike.

    Parameters
    ----------
    ed, es : walls by slice
    view : how the slices are looked at

    Returns
    -------
    None where neither phase has three such slices and RV beside one of them.
    """
    walls = [_rings(found) for found in (ed, es)]
    septa = [_septa(found) for found in walls]
    both = {z: septum for found in reversed(septa) for z, septum in found.items()}
    if not both:
        return None
    levels = [split_levels(sorted(found, reverse=view.apex_first)) for found in walls]
    if not any(levels):
        return None
    clockwise = view.anterior_is_clockwise(both.values())
    at_ed, at_es = (
        _means(walls[i], levels[i], {z: _nearest(septa[i] or both, z) for z in walls[i]}, clockwise) for i in (0, 1)
    )
    return BullsEye(
        ed_mm=tuple(at_ed.tolist()),
        es_mm=tuple(at_es.tolist()),
        thickening_percent=tuple((100 * (at_es - at_ed) / at_ed).tolist()),
        levels=tuple(sorted(levels[0].items())),
        apex_first=view.apex_first,
    )


def _rings(walls: Walls) -> dict[int, Wall]:
    return {z: wall for z, wall in walls.items() if wall.closed >= LEAST_CLOSED}


def _septa(walls: Walls) -> dict[int, Septum]:
    found = {z: find_septum(wall.beside_rv) for z, wall in walls.items()}
    return {z: septum for z, septum in found.items() if septum is not None}


def _nearest(septa: Mapping[int, Septum], z: int) -> Septum:
    return septa[min(septa, key=lambda other: abs(other - z))]


def _means(walls: Walls, levels: Mapping[int, str], septa: Mapping[int, Septum], clockwise: bool) -> Floats:
    """Return float64 (17,): the mean over rays, NaN where fewer than half of a segment's rays meet a wall."""
    thickness: list[Floats] = []
    segments: list[Indices] = []
    for z, level in levels.items():
        segments.append(assign_segments(level, septa[z].middle_rad, clockwise))
        thickness.append(walls[z].thickness_mm)
    means = np.full(N_SEGMENTS, np.nan)
    if not levels:
        return means
    values, places = np.concatenate(thickness), np.concatenate(segments)
    for segment in np.unique(places):
        own = values[places == segment]
        known = own[np.isfinite(own)]
        if known.size >= _LEAST_SHARE * own.size:
            means[segment - 1] = known.mean()
    return means
