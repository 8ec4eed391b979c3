"""Hearts made by formula, whose every length and angle is known."""

from __future__ import annotations

import math

import numpy as np

from napari_scribbleseg.labels import LV, MYO, RV

SPACING_MM = (8.0, 1.5, 1.5)
SIDE = 72
LEFT_RAD = math.pi
"""Where RV lies on screen when a heart is seen from the apex."""


def make_slice(
    endo_mm: float = 22.0,
    epi_mm: float = 31.0,
    *,
    rv_at_rad: float = LEFT_RAD,
    rv_width_rad: float = math.radians(110),
    rv_mm: float = 14.0,
    spacing_mm: tuple[float, float] = SPACING_MM[1:],
    shift_mm: tuple[float, float] = (0.0, 0.0),
    cavity_off_mm: tuple[float, float] = (0.0, 0.0),
    side: int = SIDE,
) -> np.ndarray:
    """Return `(side, side)` labels: a round cavity in a round wall, and a crescent of RV outside an arc of it.

    `shift_mm` moves everything, `cavity_off_mm` the cavity inside its wall, both (y, x).
    """
    grid = [(np.arange(side) - (side - 1) / 2) * step - off for step, off in zip(spacing_mm, shift_mm, strict=True)]
    y, x = np.meshgrid(*grid, indexing="ij")
    from_rv = np.abs((np.arctan2(y, x) - rv_at_rad + math.pi) % (2 * math.pi) - math.pi)
    radius = np.hypot(y, x)
    labels = np.zeros((side, side), np.uint8)
    labels[(radius < epi_mm + rv_mm) & (from_rv < rv_width_rad / 2)] = RV
    labels[radius < epi_mm] = MYO
    labels[np.hypot(y - cavity_off_mm[0], x - cavity_off_mm[1]) < endo_mm] = LV
    return labels


def make_heart(n_t: int = 10, n_z: int = 9, *, es: int | None = None, squeeze: float = 0.3, **changes) -> np.ndarray:
    """Return `(t, z, y, x)`: slice 0 at the base, radii falling to 60 % at the apex; ED is phase 0.

    The endocardial radius shrinks by `squeeze` until `es` (by default 40 % of the beat) as a cosine does; the area of
    the wall stays, and RV pumps about as much.
    """
    es = max(1, round(0.4 * n_t)) if es is None else es
    heart = np.zeros((n_t, n_z, SIDE, SIDE), np.uint8)
    for t in range(n_t):
        way = t / es if t <= es else (n_t - t) / (n_t - es)
        shrunk = 1 - squeeze * (1 - math.cos(math.pi * way)) / 2
        for z in range(n_z):
            taper = 1 - 0.4 * z / max(n_z - 1, 1)
            endo, wall_area = 22.0 * taper, (31.0**2 - 22.0**2) * taper**2
            inner = endo * shrunk
            shift = (0.3 * math.sin(3.1 * z + t), 0.6 * math.cos(1.7 * z + t))
            epi, rv_mm = math.hypot(inner, math.sqrt(wall_area)), max(14 * (1 - 2.3 * (1 - shrunk)), 2.0)
            heart[t, z] = make_slice(inner, epi, rv_mm=rv_mm, shift_mm=shift, **changes)
    return heart
