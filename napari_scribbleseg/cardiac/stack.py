"""How a stack of slices lies in the heart: which end is the apex, and from where one looks at it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.cardiac.counts import Counts
from napari_scribbleseg.labels import LV, MYO, RV
from napari_scribbleseg.types import Cine

LEVELS = ("basal", "mid", "apical")

_LEAST_TILT_DEG = 1.0
_TOLERANCE = 0.02


def is_apex_first(counts: Counts) -> bool:
    """Tell whether slice 0 is nearest the apex.

    LV with its wall narrows towards the apex; where its area says nothing (one slice, or a cylinder), RV, which ends
    before the apex, decides; where that says nothing either, slice 0 is taken to be the base, as in ACDC.

    Parameters
    ----------
    counts : int64 (z, 4), pixels of one phase
    """
    for area in (counts[:, LV] + counts[:, MYO], counts[:, RV] * (counts[:, LV] > 0)):
        z = np.flatnonzero(area)
        if z.size < 2:
            continue
        growth = _growth(z, area[z] / area[z].mean())
        if abs(growth) > _TOLERANCE:
            return growth > 0
    return False


def split_levels(slices: list[int]) -> dict[int, str]:
    """Give each slice its level: thirds of the slices, ordered from base to apex, the fuller thirds nearer the base.

    The AHA's statement divides the long axis into equal thirds (Cerqueira et al., Circulation 2002); slices are evenly
    spaced, so thirds of their number are thirds of the axis. Fewer than three slices have no levels.
    """
    n = len(slices)
    return {z: LEVELS[3 * i // n] for i, z in enumerate(slices)} if n >= len(LEVELS) else {}


def is_right_handed(cine: Cine) -> bool | None:
    """Tell whether columns, rows and slices of a scan are a right-handed system in the world, as its affine says.

    Returns
    -------
    None where the affine cannot be believed: when its steps are not the spacing, as in ACDC's files, or when the slices
    lie along the axes of the scanner, which no short-axis stack does.
    """
    steps = _steps(cine)
    lengths = np.linalg.norm(steps, axis=1)
    if not np.isfinite(steps).all() or not np.allclose(lengths, cine.spacing_mm, rtol=_TOLERANCE):
        return None
    z, y, x = steps / lengths[:, None]
    normal = np.cross(x, y)
    if np.abs(normal).max() > np.cos(np.radians(_LEAST_TILT_DEG)):
        return None
    return bool(normal @ z > 0)


def _growth(z: npt.NDArray[np.intp], values: npt.NDArray[np.float64]) -> float:
    """Return the rise of the line of least squares over all slices, by sums: LAPACK would wake its threads for this."""
    away = z - z.mean()
    return float((away * values).sum() / (away * away).sum() * (z.size - 1))


def _steps(cine: Cine) -> npt.NDArray[np.float64]:
    """Return the world's way from a pixel to the next, mm, along z, y and x, as rows."""
    affine = np.asarray(cine.affine, np.float64)
    return affine[:3, list(cine.axes)].T
