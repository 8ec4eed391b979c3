"""Pixel classification: its filters by worked cases, and what a slice may hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_scribbleseg.baselines import build_baseline
from napari_scribbleseg.baselines.random_forest import SCALES_MM, filter_image
from napari_scribbleseg.labels import RV

SPACING_MM = (8.0, 1.0, 2.0)


def features_of(image: np.ndarray, scale: int) -> np.ndarray:
    return filter_image(image.astype(np.float32), SPACING_MM).reshape(len(SCALES_MM), 8, *image.shape)[scale]


def test_a_ramp_has_its_slope_per_scale_and_no_curvature():
    ramp = np.tile(np.arange(60) * 0.02, (1, 80, 1))  # .01 per mm along x
    blurred, difference, slope, laplacian, bend, straight, along, across = features_of(ramp, 1)[:, 0, 40, 30]
    assert blurred == pytest.approx(0.6, abs=1e-3)
    assert slope == pytest.approx(0.01 * SCALES_MM[1], rel=1e-2)
    assert along == pytest.approx(slope**2, rel=1e-2)
    assert np.abs([difference, laplacian, bend, straight, across]).max() < 1e-4


def test_a_bowl_bends_alike_in_all_directions_of_mm():
    y, x = np.mgrid[-40:41, -40:41]
    bowl = 1e-3 * ((y * SPACING_MM[1]) ** 2 + (x * SPACING_MM[2]) ** 2)[None]
    _, _, slope, laplacian, bend, other, *_ = features_of(bowl, 2)[:, 0, 40, 40]
    assert bend == pytest.approx(other, rel=1e-2)
    assert laplacian == pytest.approx(4e-3 * SCALES_MM[2] ** 2, rel=1e-2)
    assert slope == pytest.approx(0, abs=1e-4)


def test_slices_do_not_leak_into_each_other(rng):
    image = rng.random((3, 20, 20))
    other = image.copy()
    other[0] = 0
    same = filter_image(image.astype(np.float32), SPACING_MM)[:, 1]
    np.testing.assert_array_equal(same, filter_image(other.astype(np.float32), SPACING_MM)[:, 1])


def border(mask: np.ndarray) -> int:
    return int((mask[:, 1:] != mask[:, :-1]).sum() + (mask[:, :, 1:] != mask[:, :, :-1]).sum())


def segment(heart, **options) -> np.ndarray:
    system = build_baseline("random_forest", {"trees": 20, **options})
    return system.segment(heart.volume, heart.strokes, heart.cine.spacing_mm)


def test_blurred_probabilities_make_smoother_masks(heart):
    assert border(segment(heart, settle_mm=2.0)) < border(segment(heart, settle_mm=0.0))


def test_with_a_short_reach_a_class_stays_near_its_own_strokes(heart):
    strokes = heart.strokes[0] == RV
    far = ndimage.distance_transform_edt(~strokes, (1.4, 1.4)) > 20
    assert (segment(heart, reach_mm=0.0)[0][far] == RV).any()
    assert not (segment(heart, reach_mm=2.0)[0][far] == RV).any()
