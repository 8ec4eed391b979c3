"""Smooth random fields and soft edges, the brushes of this painter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from phantom.geometry import FloatArray

EDGE_MM = 0.9
_CELLS = 40


class Texture:
    """A random field with mean 0 and standard deviation 1, smooth and repeating only far away.

    Parameters
    ----------
    seed : int
    grain_mm : float
        Size of the blobs.
    """

    def __init__(self, seed: int, grain_mm: float) -> None:
        noise = np.random.default_rng(seed).standard_normal((_CELLS,) * 3)
        smooth = ndimage.gaussian_filter(noise, 1.0, mode="wrap")
        self._field = smooth / smooth.std()
        self._step_mm = grain_mm / 2.5

    def __call__(self, *coordinates: npt.ArrayLike) -> FloatArray:
        """Sample at three coordinates in mm, which broadcast against each other."""
        x, y, z = np.broadcast_arrays(*(np.asarray(c, float) / self._step_mm for c in coordinates))
        return np.asarray(ndimage.map_coordinates(self._field, np.stack([x, y, z]), order=1, mode="grid-wrap"))


def inside(distance_mm: FloatArray, edge_mm: float = EDGE_MM) -> FloatArray:
    """Turn a signed distance (negative inside) into a membership from 0 to 1 with a soft edge."""
    return np.clip(0.5 - distance_mm / edge_mm, 0.0, 1.0)


def paint(picture: FloatArray, membership: FloatArray, value: npt.ArrayLike) -> None:
    """Lay tissue of signal `value` over the picture, in place."""
    picture += membership * (np.asarray(value) - picture)


def ellipse(x: FloatArray, y: FloatArray, half_x: npt.ArrayLike, half_y: npt.ArrayLike) -> FloatArray:
    """Return roughly the signed distance to an ellipse around the origin, exact along its axes."""
    half_x, half_y = np.asarray(half_x, float), np.asarray(half_y, float)
    norm = np.sqrt((x / half_x) ** 2 + (y / half_y) ** 2)
    return (norm - 1.0) * np.sqrt(x**2 + y**2 + 1e-6) / np.maximum(norm, 1e-3)


def ellipsoid(
    body: tuple[FloatArray, FloatArray, FloatArray],
    centre: tuple[float, float, float],
    half: tuple[float, float, float],
) -> FloatArray:
    """Return roughly the signed distance to an ellipsoid in body coordinates."""
    offset = [c - m for c, m in zip(body, centre, strict=True)]
    norm = np.sqrt(sum((o / h) ** 2 for o, h in zip(offset, half, strict=True)))
    radius = np.sqrt(sum(o**2 for o in offset) + 1e-6)
    return (norm - 1.0) * radius / np.maximum(norm, 1e-3)
