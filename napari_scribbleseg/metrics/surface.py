"""Distance between the surfaces of two masks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Sequence

Mask = npt.NDArray[np.bool_]


def hd95_mm(a: Mask, b: Mask, spacing_mm: Sequence[float]) -> float:
    """Return the 95 % Hausdorff distance of two masks of the same shape in mm.

    The distances from each surface to the other are pooled before the percentile is taken, as MedPy and the released
    evaluation of the paper do. A surface are the mask's voxels with a face towards the outside. Two empty masks agree
    (0); where one alone is empty there is no distance, and the diagonal of the volume stands for it.

    Parameters
    ----------
    spacing_mm : size of a voxel along each axis of the masks

    Raises
    ------
    ValueError
        When the shapes differ, or the spacing does not fit them.
    """
    if a.shape != b.shape or len(spacing_mm) != a.ndim:
        raise ValueError(f"Masks of {a.shape} and {b.shape} with a spacing of {len(spacing_mm)} cannot be compared.")
    box = _bounding_box(np.logical_or(a, b))
    if box is None:
        return 0.0
    surface_a, surface_b = _surface(a[box]), _surface(b[box])
    if not surface_a.any() or not surface_b.any():
        return diagonal_mm(a.shape, spacing_mm)
    pooled = (_distances(surface_a, surface_b, spacing_mm), _distances(surface_b, surface_a, spacing_mm))
    return float(np.percentile(np.concatenate(pooled), 95))


def diagonal_mm(shape: Sequence[int], spacing_mm: Sequence[float]) -> float:
    """Return the diagonal of a volume in mm: the distance that stands for a missing surface."""
    return math.hypot(*(n * step for n, step in zip(shape, spacing_mm, strict=True)))


def _bounding_box(mask: Mask) -> tuple[slice, ...] | None:
    box: tuple[slice, ...] | None = ndimage.find_objects(mask.astype(np.uint8))[0] if mask.any() else None
    return box


def _surface(mask: Mask) -> Mask:
    # Beyond the box lies nothing of either mask, so its border counts as outside just as the volume's border does.
    inside = ndimage.binary_erosion(mask, ndimage.generate_binary_structure(mask.ndim, 1))
    return np.asarray(mask ^ inside, dtype=np.bool_)


def _distances(source: Mask, target: Mask, spacing_mm: Sequence[float]) -> npt.NDArray[np.float64]:
    to_target = ndimage.distance_transform_edt(~target, sampling=spacing_mm)
    return np.asarray(to_target[source], dtype=np.float64)
