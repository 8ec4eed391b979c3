from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.cardiac.septum import GAP_RAYS, LEAST_RAYS, find_septum
from napari_scribbleseg.cardiac.wall import N_RAYS, measure_wall
from tests.cardiac.hearts import make_slice

STEP_RAD = 2 * np.pi / N_RAYS


def flags(*runs: tuple[int, int]) -> np.ndarray:
    """Return rays with true runs (start, length), around the circle."""
    rays = np.zeros(N_RAYS, bool)
    for start, length in runs:
        rays[(start + np.arange(length)) % N_RAYS] = True
    return rays


def test_an_arc_has_a_middle_and_a_width():
    septum = find_septum(flags((10, 21)))
    assert septum.middle_rad == pytest.approx(20 * STEP_RAD)
    assert septum.width_rad == pytest.approx(21 * STEP_RAD)


def test_an_arc_over_the_end_of_the_circle_is_one():
    septum = find_septum(flags((N_RAYS - 8, 15)))
    assert septum.middle_rad == pytest.approx((N_RAYS - 1) * STEP_RAD)
    assert septum.width_rad == pytest.approx(15 * STEP_RAD)


@pytest.mark.parametrize("start", [10, N_RAYS - 5, N_RAYS - 12])
def test_a_small_break_is_bridged_wherever_it_is(start):
    septum = find_septum(flags((start, 8), (start + 8 + GAP_RAYS, 9)))
    assert septum.width_rad == pytest.approx((17 + GAP_RAYS) * STEP_RAD)
    assert septum.middle_rad == pytest.approx(((start + (16 + GAP_RAYS) / 2) % N_RAYS) * STEP_RAD)


def test_a_wide_break_parts_and_the_longer_arc_wins():
    septum = find_septum(flags((0, 8), (30, 12)))
    assert septum.middle_rad == pytest.approx(35.5 * STEP_RAD)


def test_too_little_contact_or_contact_all_around_is_no_septum():
    assert find_septum(flags()) is None
    assert find_septum(flags((5, LEAST_RAYS - 1))) is None
    assert find_septum(flags((0, N_RAYS))) is None


@pytest.mark.parametrize("middle_deg", [10, 95, 180, 263, 355])
@pytest.mark.parametrize("width_deg", [60, 110, 160])
def test_the_insertion_points_of_a_made_heart_are_found(middle_deg, width_deg):
    labels = make_slice(22, 31, rv_at_rad=np.radians(middle_deg), rv_width_rad=np.radians(width_deg))
    septum = find_septum(measure_wall(labels, (1.5, 1.5)).beside_rv)
    away = (np.degrees(septum.middle_rad) - middle_deg + 180) % 360 - 180
    assert abs(away) < 4
    assert np.degrees(septum.width_rad) == pytest.approx(width_deg, abs=9)
