"""Wall thickness against rings whose thickness is known at every angle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from napari_scribbleseg.cardiac.wall import ANGLES_RAD, N_RAYS, measure_wall
from napari_scribbleseg.labels import BG, LV, MYO, RV
from tests.cardiac.hearts import make_slice

SHIFTS = [(0.0, 0.0), (0.4, 0.1), (-0.3, 0.6), (0.7, -0.5)]
"""Where circles fall on the pixels: real slices average over it as these do."""


def measured(endo_mm, epi_mm, spacing_mm, off=(0.0, 0.0)) -> np.ndarray:
    """Return the thickness by ray, mean over the ways in which the circles may fall on the pixels."""
    walls = [
        measure_wall(
            make_slice(endo_mm, epi_mm, spacing_mm=spacing_mm, cavity_off_mm=off, shift_mm=shift, side=110), spacing_mm
        ).thickness_mm
        for shift in SHIFTS
    ]
    return np.mean(walls, axis=0)


def sixths(thickness: np.ndarray) -> np.ndarray:
    return thickness.reshape(6, N_RAYS // 6).mean(axis=1)


def between_circles(endo_mm, epi_mm, off) -> np.ndarray:
    """Return the width between two circles at the point midway along each ray from the centre of the inner one."""
    rays = np.stack([np.sin(ANGLES_RAD), np.cos(ANGLES_RAD)], axis=1)
    along = rays @ np.array(off)
    to_epi = -along + np.sqrt(along**2 - np.dot(off, off) + epi_mm**2)
    points = (endo_mm + to_epi)[:, None] / 2 * rays
    return (np.linalg.norm(points, axis=1) - endo_mm) + (epi_mm - np.linalg.norm(points + off, axis=1))


@pytest.mark.parametrize("spacing_mm", [(1.4, 1.4), (0.7, 0.7), (1.2, 1.8), (1.8, 1.2)])
@pytest.mark.parametrize(("endo_mm", "epi_mm"), [(25, 33), (14, 26), (28, 32)])
def test_a_ring_is_as_thick_as_its_radii_differ_on_every_side(endo_mm, epi_mm, spacing_mm):
    thickness = measured(endo_mm, epi_mm, spacing_mm)
    assert thickness.mean() == pytest.approx(epi_mm - endo_mm, abs=0.1)
    assert sixths(thickness) == pytest.approx(np.full(6, epi_mm - endo_mm), abs=0.3)


@pytest.mark.parametrize("spacing_mm", [(1.4, 1.4), (0.9, 0.9), (1.2, 1.8)])
@pytest.mark.parametrize("off", [(3.0, 0.0), (0.0, -3.0), (-2.0, 3.0)])
def test_a_cavity_off_its_centre_has_a_thin_and_a_thick_side(off, spacing_mm):
    wanted = between_circles(18, 30, off)
    assert np.ptp(wanted) > 4
    assert sixths(measured(18, 30, spacing_mm, off)) == pytest.approx(sixths(wanted), abs=0.3)


def test_chords_are_perpendicular_to_the_wall_not_radial():
    """A wall of 8 mm all around an ellipse: along rays it would measure up to 10 mm."""
    turns = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    ellipse = np.stack([14 * np.sin(turns), 28 * np.cos(turns)], axis=1)
    y, x = (np.mgrid[:90, :90] - 44.3) * 1.0
    away = cKDTree(ellipse).query(np.stack([y, x], axis=-1))[0]
    inside = (y / 14) ** 2 + (x / 28) ** 2 < 1
    labels = np.where(inside, LV, np.where(away < 8, MYO, BG)).astype(np.uint8)
    thickness = measure_wall(labels, (1.0, 1.0)).thickness_mm
    assert sixths(thickness) == pytest.approx(np.full(6, 8.0), abs=0.3)
    assert thickness == pytest.approx(np.full(N_RAYS, 8.0), abs=0.6)


def test_papillary_muscles_and_holes_in_the_cavity_thin_nothing():
    plain = make_slice(22, 31)
    with_muscle = plain.copy()
    with_muscle[44:48, 30:34] = MYO
    with_muscle[30, 40] = BG
    assert (plain[44:48, 30:34] == LV).all()
    before, after = (measure_wall(labels, (1.5, 1.5)).thickness_mm for labels in (plain, with_muscle))
    np.testing.assert_allclose(after, before, atol=0.1)


def test_an_island_elsewhere_changes_nothing():
    plain = make_slice(22, 31)
    spoilt = plain.copy()
    spoilt[2:5, 2:5] = LV
    spoilt[66:69, 66:70] = MYO
    np.testing.assert_allclose(
        measure_wall(spoilt, (1.5, 1.5)).thickness_mm, measure_wall(plain, (1.5, 1.5)).thickness_mm, atol=1e-6
    )


def test_where_the_ring_is_open_nothing_is_measured_and_the_rest_is():
    labels = make_slice(22, 31)
    y, x = np.mgrid[:72, :72] - 35.5
    labels[(labels == MYO) & (np.abs(np.arctan2(y, x)) < np.pi / 4)] = BG
    wall = measure_wall(labels, (1.5, 1.5))
    turn = np.minimum(ANGLES_RAD, 2 * np.pi - ANGLES_RAD)
    assert np.isnan(wall.thickness_mm[turn < np.radians(38)]).all()
    assert wall.thickness_mm[turn > np.radians(62)] == pytest.approx(9, abs=0.6)
    assert wall.closed == pytest.approx(0.75, abs=0.06)


def test_rv_is_met_where_it_lies_outside_the_wall_and_nowhere_else():
    wall = measure_wall(make_slice(22, 31, rv_at_rad=np.radians(200), rv_width_rad=np.radians(100)), (1.5, 1.5))
    away = np.abs((np.degrees(ANGLES_RAD) - 200 + 180) % 360 - 180)
    assert wall.beside_rv[away < 46].all()
    assert not wall.beside_rv[away > 54].any()


def test_rv_beyond_a_gap_is_not_beside_the_wall():
    labels = make_slice(22, 31)
    y, x = np.mgrid[:72, :72] - 35.5
    labels[(labels == RV) & (np.hypot(y, x) * 1.5 < 36)] = BG
    assert not measure_wall(labels, (1.5, 1.5)).beside_rv.any()


def test_a_heart_at_the_border_of_the_image_is_measured_all_the_same():
    whole = make_slice(22, 31)
    cut = whole[14:, 13:]
    assert (cut[0] == MYO).any() or (cut[:, 0] == MYO).any() or (cut[1] == MYO).any()
    np.testing.assert_allclose(
        measure_wall(cut, (1.5, 1.5)).thickness_mm, measure_wall(whole, (1.5, 1.5)).thickness_mm, atol=0.05
    )


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((20, 20), np.uint8),
        np.pad(np.full((2, 2), LV, np.uint8), 9),
        np.where(make_slice(22, 31) == LV, MYO, make_slice(22, 31)).astype(np.uint8),
    ],
    ids=["nothing", "four pixels", "no cavity"],
)
def test_without_a_cavity_there_is_no_wall(labels):
    assert measure_wall(labels, (1.5, 1.5)) is None


def test_a_cavity_that_is_not_around_its_own_centre_is_none():
    labels = np.full((60, 60), BG, np.uint8)
    y, x = np.mgrid[:60, :60] - 29.5
    radius = np.hypot(y, x)
    labels[(radius > 18) & (radius < 24) & (x < 0)] = LV
    assert measure_wall(labels, (1.0, 1.0)) is None
