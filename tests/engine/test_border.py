"""The border of the cavity goes to where the blood ends, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.engine.border import BAND_MM, follow_blood
from napari_scribbleseg.engine.postprocess import PostProcessing, postprocess
from napari_scribbleseg.labels import BG, IGNORE, LV, MYO, RV

PIXEL_MM = (1.4, 1.4)
SIZE = 96
ROWS, COLUMNS = np.mgrid[:SIZE, :SIZE] - SIZE / 2
RADIUS_MM = np.hypot(ROWS * PIXEL_MM[0], COLUMNS * PIXEL_MM[1])


def ring(cavity_mm: float, wall_mm: float = 36.0) -> np.ndarray:
    labels = np.full((1, SIZE, SIZE), BG, np.uint8)
    labels[0, RADIUS_MM <= wall_mm] = MYO
    labels[0, RADIUS_MM <= cavity_mm] = LV
    return labels


def picture(blood_mm: float, wall_mm: float = 36.0) -> np.ndarray:
    image = np.full((1, SIZE, SIZE), 200, np.float32)
    image[0, RADIUS_MM <= wall_mm] = 100
    image[0, RADIUS_MM <= blood_mm] = 900
    return image


def nothing_drawn(labels):
    return np.full_like(labels, IGNORE)


def area_mm2(labels, code):
    return (labels == code).sum() * PIXEL_MM[0] * PIXEL_MM[1]


@pytest.mark.parametrize("predicted_mm", [19.0, 25.0])
def test_a_cavity_drawn_too_small_or_too_large_takes_the_size_of_the_blood(predicted_mm):
    labels = ring(predicted_mm)
    moved = follow_blood(labels, picture(22.0), nothing_drawn(labels), PIXEL_MM)
    # Muscle becomes blood sooner than blood becomes muscle, so a cavity that was too large keeps a thin rim.
    assert area_mm2(moved, LV) == pytest.approx(np.pi * 22**2, rel=0.13)
    assert area_mm2(labels, LV) != pytest.approx(np.pi * 22**2, rel=0.2)


def test_lv_and_myocardium_together_stay_what_they_were():
    labels = ring(19.0)
    labels[0, :30, :30] = RV
    moved = follow_blood(labels, picture(22.0), nothing_drawn(labels), PIXEL_MM)
    np.testing.assert_array_equal(moved >= MYO, labels >= MYO)
    np.testing.assert_array_equal(moved == RV, labels == RV)


def test_the_border_moves_no_further_than_its_band():
    labels = ring(14.0)
    moved = follow_blood(labels, picture(28.0), nothing_drawn(labels), PIXEL_MM)
    radius = RADIUS_MM[moved[0] == LV].max()
    assert 14.0 < radius <= 14.0 + BAND_MM + PIXEL_MM[0]


def test_papillary_muscles_stay_cavity():
    labels, image = ring(22.0), picture(22.0)
    image[0, np.hypot(ROWS - 4, COLUMNS) < 3] = 100
    moved = follow_blood(labels, image, nothing_drawn(labels), PIXEL_MM)
    assert (moved[0][np.hypot(ROWS - 4, COLUMNS) < 3] == LV).all()


def test_a_thin_wall_is_never_broken_through():
    labels = ring(22.0, wall_mm=24.0)
    moved = follow_blood(labels, picture(26.0, wall_mm=28.0), nothing_drawn(labels), PIXEL_MM)
    padded = np.pad(moved[0], 1)
    for shift in ((0, 1), (0, -1), (1, 1), (1, -1)):
        assert not ((padded == LV) & (np.roll(padded, shift[1], shift[0]) == BG)).any()


def test_nothing_moves_near_a_stroke():
    labels = ring(19.0)
    drawn = nothing_drawn(labels)
    drawn[0, SIZE // 2, SIZE // 2 + 15] = MYO
    moved = follow_blood(labels, picture(22.0), drawn, PIXEL_MM)
    near = np.hypot(ROWS * 1.4, (COLUMNS - 15) * 1.4) <= 6.0
    np.testing.assert_array_equal(moved[0][near], labels[0][near])
    assert (moved != labels).any()


def test_where_blood_is_not_the_brighter_nothing_moves():
    labels = ring(19.0)
    moved = follow_blood(labels, 1000 - picture(22.0), nothing_drawn(labels), PIXEL_MM)
    np.testing.assert_array_equal(moved, labels)


def test_the_scale_of_the_intensities_does_not_matter():
    labels, image = ring(19.0), picture(22.0)
    once = follow_blood(labels, image, nothing_drawn(labels), PIXEL_MM)
    np.testing.assert_array_equal(once, follow_blood(labels, 3 * image - 50, nothing_drawn(labels), PIXEL_MM))


def test_post_processing_moves_the_border_only_where_it_sees_the_image_and_is_asked_to():
    labels, spacing = ring(19.0), (10.0, *PIXEL_MM)
    blind = postprocess(labels, spacing)
    seeing = postprocess(labels, spacing, image=lambda t: picture(22.0))
    unasked = postprocess(labels, spacing, PostProcessing(border=False), image=lambda t: picture(22.0))
    np.testing.assert_array_equal(blind, unasked)
    assert area_mm2(seeing, LV) > 1.2 * area_mm2(blind, LV)
