"""What a NIfTI header says about space and time, read with care for the headers that exist."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.io.errors import ScanError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MM = {"meter": 1000.0, "mm": 1.0, "micron": 0.001}
_MS = {"sec": 1000.0, "msec": 1.0, "usec": 0.001}
PLAUSIBLE_FRAME_MS = (5.0, 200.0)
PLAUSIBLE_ZOOM_MM = (0.05, 100.0)


def zooms_mm(header: Any, name: str) -> tuple[float, float, float]:
    """Return the voxel size along the three file axes in mm.

    It comes from the zooms, never from the affine: ACDC's affines leave the spacing out. A unit of length that would
    make the voxels absurd (metres on millimetre values) is taken for the usual mm.

    Raises
    ------
    ScanError
        When a zoom is not a positive number.
    """
    x, y, z = (float(zoom) for zoom in header.get_zooms()[:3])
    if not all(math.isfinite(zoom) and zoom > 0 for zoom in (x, y, z)):
        raise ScanError(f"{name} states a voxel size of {x:g} × {y:g} × {z:g}; repair its header first.")
    factor = _MM.get(header.get_xyzt_units()[0], 1.0)
    low, high = PLAUSIBLE_ZOOM_MM
    if not all(low <= zoom * factor <= high for zoom in (x, y, z)):
        factor = 1.0
    return x * factor, y * factor, z * factor


def frame_time_ms(header: Any) -> float | None:
    """Return the time between phases in ms; None where the header has no unit or a dummy such as 1 second."""
    zooms = header.get_zooms()
    factor = _MS.get(header.get_xyzt_units()[1])
    if factor is None or len(zooms) < 4:
        return None
    low, high = PLAUSIBLE_FRAME_MS
    time_ms = float(zooms[3]) * factor
    return round(time_ms, 4) if low <= time_ms <= high else None


def stack_axes(shape: Sequence[int], zooms: Sequence[float]) -> tuple[int, int, int]:
    """Return the file axes of (z, y, x).

    The slices lie along the third file axis, unless another axis is the shortest, has a zoom at least half as large
    again as the others, and leaves two axes of nearly equal zoom: then the file was stored in another order.
    """
    stack = max(range(3), key=lambda axis: zooms[axis])
    first, second = (axis for axis in range(3) if axis != stack)
    thick = zooms[stack] >= 1.5 * max(zooms[first], zooms[second])
    square = abs(zooms[first] - zooms[second]) <= 0.05 * max(zooms[first], zooms[second])
    shortest = shape[stack] < min(shape[first], shape[second])
    return (stack, second, first) if thick and square and shortest else (2, 1, 0)
