"""Hearts made of discs, whose volumes are known, and measurements of them."""

from __future__ import annotations

import math

import numpy as np

from napari_scribbleseg.cardiac.measurement import (
    Body,
    BullsEye,
    Flag,
    Measurement,
    Phases,
    Ventricle,
    VolumeCurves,
)
from napari_scribbleseg.labels import LV, MYO, RV, LabelMap
from napari_scribbleseg.qt.heart_mask import Coverage

RADII_PX = (9, 8.3, 6.6, 5.8, 6.7, 8.4)
"""Of the LV over the phases: ED is phase 0, ES phase 3."""
WHOLE = Coverage(prediction=60, phases=tuple(range(6)), n_phases=6)


def beating_mask(shape: tuple[int, int, int, int] = (6, 10, 48, 48), empty: int = 1) -> LabelMap:
    """LV discs in a ring of muscle with RV at the left; the outermost `empty` slices hold nothing."""
    mask = np.zeros(shape, np.uint8)
    y, x = np.mgrid[: shape[2], : shape[3]]
    away = np.hypot(y - 24, x - 28)
    for t in range(shape[0]):
        radius = RADII_PX[t % len(RADII_PX)]
        plane = np.zeros(shape[2:], np.uint8)
        plane[np.hypot(y - 24, x - 12) <= radius] = RV
        plane[away <= radius + 5] = MYO
        plane[away <= radius] = LV
        mask[t, empty : shape[1] - empty] = plane
    return mask


def lv_ml(mask: LabelMap, spacing_mm: tuple[float, float, float]) -> list[float]:
    """Volume of the LV in each phase, counted plainly."""
    return [float((phase == LV).sum() * np.prod(spacing_mm) / 1000) for phase in mask]


def make_measurement(n_phases: int = 6, *, flags: tuple[Flag, ...] = (), body: Body | None = None) -> Measurement:
    """A measurement with round numbers: EDV 140, ESV 60."""
    beat = np.cos(np.linspace(0, 2 * np.pi, n_phases, endpoint=False))
    curves = VolumeCurves(110 + 35 * beat, np.full(n_phases, 95.0), 100 + 40 * beat, 50.0)
    es = n_phases // 2
    surface = body.surface_m2 if body is not None else None
    per = (lambda value: value / surface) if surface else (lambda value: None)
    lv = Ventricle(140.0, 60.0, 80.0, 100 * 80 / 140, per(140), per(60), per(80), 5.6, per(5.6))
    rv = Ventricle(145.0, 75.0, 70.0, 100 * 70 / 145, per(145), per(75), per(70), 4.9, per(4.9))
    ed_mm = tuple(8.0 + s / 4 for s in range(16)) + (math.nan,)
    es_mm = tuple(1.5 * v for v in ed_mm)
    thickening = (50.0,) * 16 + (math.nan,)
    eye = BullsEye(ed_mm, es_mm, thickening, ((1, "apical"), (5, "mid"), (8, "basal")))
    slices = tuple((t, z, (t, z) != (0, 8)) for t in (0, es) for z in range(1, 9))
    return Measurement(
        curves, Phases(0, es), lv, rv, 99.75, per(99.75), 70.0, body or Body(), eye, flags, slices, ("As ACDC does.",)
    )
