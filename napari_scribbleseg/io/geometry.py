"""Where a scan lies in the body, and how large its voxels are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from napari_scribbleseg.types import Cine

_TOWARDS = ("R", "A", "S")
_OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "S": "I", "I": "S", "": ""}


@dataclass(frozen=True)
class Edges:
    """What the four edges of a slice on the screen point to: R, L, A, P, S or I; empty where the file cannot say."""

    left: str
    right: str
    top: str
    bottom: str


def edge_directions(cine: Cine) -> Edges:
    """Return the body direction that each edge of a slice points to most, with x to the right and y downwards.

    It is what the file's affine says; ACDC's affines, for one, do not tell the true orientation.
    """
    _, y, x = cine.axes
    right, bottom = _direction(cine.affine[:3, x]), _direction(cine.affine[:3, y])
    return Edges(left=_OPPOSITE[right], right=right, top=_OPPOSITE[bottom], bottom=bottom)


def _direction(step: npt.NDArray[np.float64]) -> str:
    if not np.isfinite(step).all() or not step.any():
        return ""
    axis = int(np.abs(step).argmax())
    return _TOWARDS[axis] if step[axis] > 0 else _OPPOSITE[_TOWARDS[axis]]


def voxel_volume_ml(cine: Cine) -> float:
    """Return the volume of one voxel in mL."""
    return math.prod(cine.spacing_mm) / 1000.0


def file_shape(cine: Cine) -> tuple[int, ...]:
    """Return the shape in file order: three axes, and time last for a 4D scan."""
    n_t = cine.shape[0]
    space = [0, 0, 0]
    for axis, length in zip(cine.axes, cine.shape[1:], strict=True):
        space[axis] = length
    return (*space, n_t) if cine.ndim == 4 else tuple(space)


def to_file_order(phases: npt.NDArray[Any], axes: tuple[int, int, int]) -> npt.NDArray[Any]:
    """Turn `(t, z, y, x)` into the file's three axes with time last; the inverse of what loading does."""
    back = np.argsort(axes)
    return phases.transpose(*(back + 1), 0)
