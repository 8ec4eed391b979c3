from __future__ import annotations

import math

import numpy as np
import pytest

from napari_scribbleseg.cardiac import SEGMENT_NAMES, measure_heart
from napari_scribbleseg.cardiac.segments import AROUND, assign_segments
from napari_scribbleseg.cardiac.wall import N_RAYS
from tests.cardiac.hearts import LEFT_RAD, SPACING_MM, make_heart

UP_DEG, LEFT_DEG = 270, 180
"""Directions on screen, clockwise from the right."""


def ray(degrees: float) -> int:
    return round(degrees / 360 * N_RAYS) % N_RAYS


def thicker_towards(angle_rad: float, **changes) -> np.ndarray:
    """Return a heart whose wall is thicker on one side."""
    off = (-2.0 * math.sin(angle_rad), -2.0 * math.cos(angle_rad))
    return make_heart(5, 9, cavity_off_mm=off, **changes)


def thickest(heart, right_handed=None) -> tuple[set[str], set[str]]:
    """Return the walls where each level is thickest and thinnest at ED, by name without the level."""
    eye = measure_heart(heart, SPACING_MM, right_handed=right_handed).bulls_eye
    high, low = set(), set()
    for numbers in AROUND.values():
        by_thickness = sorted(numbers, key=lambda number: eye.ed_mm[number - 1])
        high.add(SEGMENT_NAMES[by_thickness[-1] - 1].split()[1])
        low.add(SEGMENT_NAMES[by_thickness[0] - 1].split()[1])
    return high, low


def test_the_seventeen_have_the_names_of_the_aha():
    assert len(SEGMENT_NAMES) == 17
    assert [SEGMENT_NAMES[n - 1] for n in (1, 3, 5, 8, 12, 13, 14, 16, 17)] == [
        *("basal anterior", "basal inferoseptal", "basal inferolateral", "mid anteroseptal", "mid anterolateral"),
        *("apical anterior", "apical septal", "apical lateral", "apex"),
    ]


@pytest.mark.parametrize(("level", "first"), [("basal", 1), ("mid", 7)])
def test_six_segments_follow_each_other_from_the_anterior_wall_against_the_clock(level, first):
    """Seen from the apex with RV on the left, as the AHA draws them."""
    segments = assign_segments(level, math.radians(LEFT_DEG), clockwise=True)
    at = [segments[ray(UP_DEG - 60 * i)] for i in range(6)]
    assert at == [first + i for i in range(6)]
    assert np.bincount(segments)[first:].tolist() == [N_RAYS // 6] * 6


def test_four_apical_segments_have_the_septum_in_the_middle_of_theirs():
    segments = assign_segments("apical", math.radians(LEFT_DEG), clockwise=True)
    assert [segments[ray(degrees)] for degrees in (270, 180, 90, 0)] == [13, 14, 15, 16]
    assert np.bincount(segments)[13:].tolist() == [N_RAYS // 4] * 4


def test_a_mirrored_view_swaps_anterior_and_inferior_and_leaves_septal_and_lateral():
    one, other = (assign_segments("apical", math.radians(LEFT_DEG), clockwise) for clockwise in (True, False))
    assert [other[ray(degrees)] for degrees in (270, 180, 90, 0)] == [15, 14, 13, 16]
    assert (one == 14).sum() == (other == 14).sum()


def test_a_wall_that_is_thick_above_is_thick_anteriorly_and_thin_inferiorly():
    assert thickest(thicker_towards(math.radians(UP_DEG))) == ({"anterior"}, {"inferior"})


@pytest.mark.parametrize("turn_deg", [-50, 35, 70])
def test_a_turned_heart_has_the_same_segments(turn_deg):
    turn = math.radians(turn_deg)
    heart = thicker_towards(math.radians(UP_DEG) + turn, rv_at_rad=LEFT_RAD + turn)
    assert thickest(heart) == ({"anterior"}, {"inferior"})


def test_seen_from_the_base_anterior_and_inferior_change_places():
    heart = thicker_towards(math.radians(UP_DEG))
    seen_from_apex = False  # slice 0 is the base, so that slices run towards whoever looks at the screen
    assert thickest(heart, right_handed=seen_from_apex) == ({"anterior"}, {"inferior"})
    assert thickest(heart, right_handed=True) == ({"inferior"}, {"anterior"})


def test_a_reversed_stack_is_the_same_heart_with_the_other_hand():
    heart = thicker_towards(math.radians(UP_DEG))
    whole, reversed_ = (
        measure_heart(stack, SPACING_MM, right_handed=hand).bulls_eye
        for stack, hand in ((heart, False), (heart[:, ::-1], True))
    )
    assert (whole.apex_first, reversed_.apex_first) == (False, True)
    np.testing.assert_allclose(reversed_.ed_mm, whole.ed_mm)
    assert dict(reversed_.levels) == {8 - z: level for z, level in whole.levels}


def test_where_nobody_knows_the_hand_an_image_flipped_left_to_right_keeps_its_upper_wall_anterior():
    heart = thicker_towards(math.radians(UP_DEG))
    assert thickest(heart[..., ::-1]) == ({"anterior"}, {"inferior"})


def test_thickness_of_every_segment_is_that_of_the_ring():
    eye = measure_heart(make_heart(10, 9), SPACING_MM).bulls_eye
    ends = np.array([22 * (1 - 0.4 * z / 8) for z in range(9)])
    walls = ends * (31 / 22 - 1)
    for level, z in (("basal", slice(0, 3)), ("mid", slice(3, 6)), ("apical", slice(6, 9))):
        own = [eye.ed_mm[number - 1] for number in AROUND[level]]
        assert own == pytest.approx([walls[z].mean()] * len(own), abs=0.3)
    assert math.isnan(eye.ed_mm[16])


def test_thickening_is_the_growth_from_ed_to_es():
    eye = measure_heart(make_heart(10, 9), SPACING_MM).bulls_eye
    area = (31**2 - 22**2) / 22**2
    inner = 0.7
    grown = 100 * ((math.sqrt(inner**2 + area) - inner) / (31 / 22 - 1) - 1)
    assert np.nanmean(eye.thickening_percent) == pytest.approx(grown, abs=3)
    for ed, es, percent in zip(eye.ed_mm[:16], eye.es_mm[:16], eye.thickening_percent[:16], strict=True):
        assert percent == pytest.approx(100 * (es - ed) / ed)


def test_an_apical_slice_without_rv_borrows_its_neighbours_septum():
    heart = thicker_towards(math.radians(UP_DEG))
    without_rv = heart.copy()
    without_rv[:, 7:][without_rv[:, 7:] == 1] = 0
    np.testing.assert_allclose(*(measure_heart(h, SPACING_MM).bulls_eye.ed_mm for h in (heart, without_rv)), atol=0.15)


def test_an_open_basal_ring_has_no_part_in_the_bulls_eye():
    heart = make_heart(5, 9)
    open_ = heart.copy()
    open_[:, 0, :, 40:][open_[:, 0, :, 40:] == 2] = 0
    assert dict(measure_heart(heart, SPACING_MM).bulls_eye.levels)[0] == "basal"
    assert 0 not in dict(measure_heart(open_, SPACING_MM).bulls_eye.levels)


def test_levels_move_with_the_base_in_systole():
    """At ES the base has left slice 0; the thirds are those of the slices that remain."""
    heart = make_heart(5, 9, es=2)
    heart[2, 0] = 0
    eye = measure_heart(heart, SPACING_MM).bulls_eye
    whole = measure_heart(make_heart(5, 9, es=2), SPACING_MM).bulls_eye
    assert eye.es_mm[0] < whole.es_mm[0]
    assert eye.ed_mm[:16] == whole.ed_mm[:16]


def test_without_rv_or_with_too_few_slices_there_is_no_bulls_eye():
    no_rv = make_heart(5, 9)
    no_rv[no_rv == 1] = 0
    assert measure_heart(no_rv, SPACING_MM).bulls_eye is None
    assert measure_heart(make_heart(5, 2), SPACING_MM).bulls_eye is None
    assert measure_heart(np.zeros((2, 3, 9, 9), np.uint8), SPACING_MM).bulls_eye is None


def test_one_phase_alone_has_the_thickness_of_that_phase():
    eye = measure_heart(make_heart(1, 9), SPACING_MM).bulls_eye
    assert all(math.isfinite(value) for value in eye.ed_mm[:16])
    assert all(math.isnan(value) for value in (*eye.es_mm, *eye.thickening_percent))
