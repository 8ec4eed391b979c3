"""How many pixels of each class every slice holds: all that volumes need to know of a mask."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.cardiac.errors import MeasurementError
from napari_scribbleseg.labels import FOREGROUND, LV, N_CLASSES, LabelMap

Counts = npt.NDArray[np.int64]


def check_mask(mask: Any) -> LabelMap:
    """Return a mask as uint8 `(t, z, y, x)`.

    Raises
    ------
    MeasurementError
        For other dimensions, no pixels, or labels other than 0 background, 1 RV, 2 myocardium and 3 LV.
    """
    array = np.asarray(mask)
    if array.ndim != 4 or array.size == 0:
        raise MeasurementError(f"A mask has phases, slices, rows and columns; this one has the shape {array.shape}.")
    if array.dtype == bool or not np.issubdtype(array.dtype, np.integer):
        raise MeasurementError(f"A mask holds whole numbers, one for each class; this one holds {array.dtype}.")
    low, high = array.min(), array.max()
    if low < 0 or high > LV:
        raise MeasurementError(
            f"The mask holds the label {low if low < 0 else high}; only 0 background, 1 RV, 2 myocardium and 3 LV can "
            "be measured."
        )
    return array.astype(np.uint8, copy=False)


def check_spacing(spacing_mm: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return a spacing (z, y, x) as plain numbers.

    Raises
    ------
    MeasurementError
        Unless it is three numbers above 0.
    """
    values = tuple(float(value) for value in spacing_mm)
    if len(values) != 3 or not all(np.isfinite(value) and value > 0 for value in values):
        raise MeasurementError(f"Volumes need the size of a voxel, three lengths above 0 mm; the scan says {values}.")
    return values[0], values[1], values[2]


def count_slice(labels: LabelMap) -> Counts:
    """Return the pixels of each class, int64 `(4,)`, in a slice `(y, x)`."""
    found = [np.count_nonzero(labels == label) for label in FOREGROUND]
    return np.array([labels.size - sum(found), *found], np.int64)


def count_pixels(mask: LabelMap) -> Counts:
    """Return the pixels of each class in every slice, int64 `(t, z, 4)`, of a mask `(t, z, y, x)`."""
    n_t, n_z = mask.shape[:2]
    counts = np.empty((n_t, n_z, N_CLASSES), np.int64)
    for t in range(n_t):
        for z in range(n_z):
            counts[t, z] = count_slice(mask[t, z])
    return counts
