"""The grid of the scan and where it lies in the body.

Three coordinate systems, all in mm:

- **plane** `(u, v, d)`: along image columns, along image rows, and from the base of the heart towards the apex;
  the long axis of the left ventricle is u = v = 0 and its end-diastolic base is d = 0;
- **body** `(L, P, S)`: left, posterior, superior, with the origin in the middle of the chest;
- **world**: NIfTI's right, anterior, superior, with the same origin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

N_X, N_Y, N_SLICES, N_PHASES = 160, 144, 10, 20
PIXEL_MM = 1.7
THICKNESS_MM = 8.0
SLICE_STEP_MM = 9.0
FIRST_SLICE_MM = 5.5
FRAME_S = 0.045
OVERSAMPLING = 2
SUB_SLICES = 4

BASE_LPS = np.array([20.0, -11.0, 25.0])
HEART_UV = np.array([-10.0, -18.0])
"""Where the long axis meets the picture, from its centre."""


def _unit(vector: FloatArray) -> FloatArray:
    return vector / np.linalg.norm(vector)


DEPTH = _unit(np.array([0.60, -0.55, -0.58]))
"""From base to apex: left, forward and down, as a heart lies."""
_TURN_RAD = np.deg2rad(24.0)
"""The operator turns the picture until the front of the chest lies at its top."""
_LEFTWARD = _unit(np.array([1.0, 0.0, 0.0]) - DEPTH[0] * DEPTH)
COLUMNS = np.cos(_TURN_RAD) * _LEFTWARD + np.sin(_TURN_RAD) * np.cross(DEPTH, _LEFTWARD)
ROWS = -np.cross(DEPTH, COLUMNS)
"""Down the picture is backward and down in the body."""


class Plane(NamedTuple):
    """Coordinates of every sample of one infinitely thin plane; `u` and `v` have shape `(rows, columns)`."""

    u: FloatArray
    v: FloatArray
    d: float

    def body(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return (L, P, S) of every sample in mm."""
        left, post, sup = (BASE_LPS[i] + self.u * COLUMNS[i] + self.v * ROWS[i] + self.d * DEPTH[i] for i in range(3))
        return left, post, sup

    def window(self, half_mm: float) -> tuple[slice, slice]:
        """Return the rows and columns within `half_mm` of the long axis."""
        rows = np.flatnonzero(np.abs(self.v[:, 0]) <= half_mm)
        columns = np.flatnonzero(np.abs(self.u[0]) <= half_mm)
        return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)

    def crop(self, window: tuple[slice, slice]) -> Plane:
        """Return the part of the plane inside `window`."""
        return Plane(self.u[window], self.v[window], self.d)


def slice_depth_mm(z: int) -> float:
    """Return the depth of the middle of slice `z`."""
    return FIRST_SLICE_MM + SLICE_STEP_MM * z


def make_plane(depth_mm: float, shift_mm: tuple[float, float] = (0.0, 0.0)) -> Plane:
    """Lay the fine grid into the body.

    Parameters
    ----------
    depth_mm : float
        Distance from the end-diastolic base.
    shift_mm : (u, v)
        How far the body has moved in the plane since the first breath-hold.
    """
    step = PIXEL_MM / OVERSAMPLING
    columns = (np.arange(N_X * OVERSAMPLING) - (N_X * OVERSAMPLING - 1) / 2) * step - HEART_UV[0] - shift_mm[0]
    rows = (np.arange(N_Y * OVERSAMPLING) - (N_Y * OVERSAMPLING - 1) / 2) * step - HEART_UV[1] - shift_mm[1]
    u, v = np.meshgrid(columns, rows)
    return Plane(u, v, depth_mm)


def sub_depths_mm(z: int) -> FloatArray:
    """Return the depths of the thin planes whose mean is slice `z`."""
    offsets = (np.arange(SUB_SLICES) + 0.5) / SUB_SLICES - 0.5
    return slice_depth_mm(z) + offsets * THICKNESS_MM


def world_affine() -> FloatArray:
    """Return the voxel (x, y, z) → world (right, anterior, superior) matrix in mm."""
    first = np.array([-(N_X - 1) / 2 * PIXEL_MM, -(N_Y - 1) / 2 * PIXEL_MM]) - HEART_UV
    origin = BASE_LPS + first[0] * COLUMNS + first[1] * ROWS + FIRST_SLICE_MM * DEPTH
    affine = np.eye(4)
    affine[:3, :3] = np.stack([COLUMNS * PIXEL_MM, ROWS * PIXEL_MM, DEPTH * SLICE_STEP_MM], axis=1)
    affine[:3, 3] = origin
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
