from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from napari_scribbleseg.engine.postprocess import PostProcessing, keep_largest_component, postprocess
from napari_scribbleseg.labels import BG, IGNORE, LV, MYO, RV

SPACING_MM = (8.0, 1.5, 1.5)
RING = PostProcessing(largest=False, holes=False)
HOLES = PostProcessing(largest=False, ring=False)
LARGEST = PostProcessing(holes=False, ring=False)


def _heart(n_z=3, side=48):
    y, x = np.mgrid[:side, :side]
    radius = np.hypot(y - side / 2, x - side / 2)
    plane = np.zeros((side, side), np.uint8)
    plane[(np.hypot(y - side / 2, x - side / 2 + 13) < 8) & (radius >= 11)] = RV
    plane[radius < 11] = MYO
    plane[radius < 7] = LV
    return np.repeat(plane[None], n_z, 0)


def _noisy(seed, shape=(2, 3, 40, 44)):
    rng = np.random.default_rng(seed)
    scores = ndimage.gaussian_filter(rng.normal(size=(4, *shape)), (0, 0, 0.6, 2, 2))
    scores[0] += 0.02
    return scores.argmax(0).astype(np.uint8)


def test_a_sound_heart_stays_as_it_is():
    heart = _heart()
    np.testing.assert_array_equal(postprocess(heart, SPACING_MM), heart)


def test_nothing_is_changed_where_nothing_is_wanted_and_the_mask_given_never_is():
    mask = _noisy(0)
    before = mask.copy()
    np.testing.assert_array_equal(postprocess(mask, SPACING_MM, PostProcessing.none()), mask)
    postprocess(mask, SPACING_MM)
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize(("code", "kept"), [(RV, 400), (MYO, 300), (LV, 300)])
def test_islands_go_and_only_of_rv_a_second_large_part_stays(code, kept):
    mask = np.zeros((3, 40, 40), np.uint8)
    mask[:, 2:12, 2:12] = code
    mask[0, 20:30, 20:30] = code
    mask[2, 35, 35] = code
    cleaned = postprocess(mask, SPACING_MM, LARGEST)
    assert cleaned[2, 35, 35] == BG
    assert (cleaned == code).sum() == kept


def test_parts_that_touch_by_a_corner_in_the_next_slice_are_one():
    mask = np.zeros((2, 20, 20), np.uint8)
    mask[0, 2:12, 2:12] = RV
    mask[1, 12:14, 12:14] = RV
    np.testing.assert_array_equal(postprocess(mask, SPACING_MM, LARGEST), mask)


@pytest.mark.parametrize(
    ("around", "within", "filled"),
    [(LV, BG, LV), (LV, MYO, LV), (LV, RV, RV), (RV, BG, RV), (RV, MYO, MYO), (MYO, BG, MYO), (MYO, RV, RV)],
)
def test_holes_are_filled_with_what_encloses_them(around, within, filled):
    mask = np.zeros((1, 30, 30), np.uint8)
    mask[0, 5:15, 5:15] = around
    mask[0, 9:11, 9:11] = within
    mask[0, 20:25, 20:25] = LV
    assert (postprocess(mask, SPACING_MM, HOLES)[0, 9:11, 9:11] == filled).all()


def test_what_an_empty_ring_encloses_is_the_cavity():
    mask = np.where(_heart() == LV, BG, _heart()).astype(np.uint8)
    np.testing.assert_array_equal(postprocess(mask, SPACING_MM, HOLES), _heart())


def test_a_gap_between_cavity_and_wall_goes_to_the_one_that_it_touches_more():
    mask = _heart()
    mask[0, 24, 27:31] = BG
    mask[1, 24, 30:34] = BG
    filled = postprocess(mask, SPACING_MM, HOLES)
    assert (filled[0, 24, 27:31] == LV).all()
    assert (filled[1, 24, 30:34] == MYO).all()


def test_a_gap_in_the_ring_is_closed_with_myocardium():
    mask = _heart()
    mask[1, 31:36, 23:26] = BG
    closed = postprocess(mask, SPACING_MM, RING)
    np.testing.assert_array_equal(closed[1, :33], _heart()[1, :33])
    assert (closed[1, 34:, 24] == BG).all()  # further from the cavity than a ring must be


def test_a_ring_that_is_mostly_missing_is_not_invented():
    mask = _heart()
    mask[1, :, 26:][mask[1, :, 26:] == MYO] = BG
    mask[2] = np.where(mask[2] == MYO, BG, mask[2])
    np.testing.assert_array_equal(postprocess(mask, SPACING_MM, RING), mask)


def test_a_ring_is_never_closed_at_the_cost_of_rv():
    mask = _heart()
    mask[1, 22:27, 12:18] = RV
    closed = postprocess(mask, SPACING_MM, RING)
    np.testing.assert_array_equal(closed == RV, mask == RV)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "options", [LARGEST, HOLES, RING, PostProcessing()], ids=["largest", "holes", "ring", "everything"]
)
def test_twice_is_the_same_as_once(options, seed):
    once = postprocess(_noisy(seed), SPACING_MM, options)
    np.testing.assert_array_equal(postprocess(once, SPACING_MM, options), once)


def test_phases_do_not_know_of_each_other():
    mask = _noisy(3)
    together = postprocess(mask, SPACING_MM)
    np.testing.assert_array_equal(together[1], postprocess(mask[1], SPACING_MM))


def test_a_heart_at_the_edge_of_the_image_is_put_right_too():
    mask = _heart(side=48)[:, 14:, 12:]
    mask[0, 0, 5] = BG
    np.testing.assert_array_equal(postprocess(mask, SPACING_MM).shape, mask.shape)


def test_an_empty_mask_stays_empty():
    assert not postprocess(np.zeros((1, 2, 9, 9), np.uint8), SPACING_MM).any()


def test_a_single_slice_without_its_stack_is_refused():
    with pytest.raises(ValueError, match="axes"):
        postprocess(np.zeros((9, 9), np.uint8), SPACING_MM)


def test_a_phase_takes_less_than_40_ms():
    mask = np.zeros((10, 224, 224), np.uint8)
    mask[:, 60:156, 60:156] = _heart(10).repeat(2, 1).repeat(2, 2)
    mask[::2, 70:75, 110:116] = BG
    seconds = []
    for _ in range(5):
        start = time.process_time()
        postprocess(mask, SPACING_MM)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.04


def test_only_the_largest_component_of_each_class_and_phase_stays():
    mask = np.zeros((2, 3, 10, 10), np.uint8)
    mask[0, :, 1:5, 1:5] = 3
    mask[0, 0, 8, 8] = 3
    mask[0, 2, 7:9, 1:3] = 1
    mask[1, 0, 9, 9] = 3
    kept = keep_largest_component(mask)
    assert kept[0, 0, 8, 8] == 0
    assert (kept[0] == 3).sum() == 48
    assert (kept[0] == 1).sum() == 4
    assert kept[1, 0, 9, 9] == 3


@pytest.mark.skipif("SCRIBBLESEG_ACDC" not in os.environ, reason="SCRIBBLESEG_ACDC names no folder with ACDC")
def test_masks_drawn_by_experts_stay_as_good_as_they_are():
    from napari_scribbleseg.bench.patients import read_patients
    from napari_scribbleseg.metrics import dice

    for patient in read_patients(Path(os.environ["SCRIBBLESEG_ACDC"]), [10, 45, 60, 70]):
        cleaned = postprocess(patient.truth, patient.cine.spacing_mm)
        assert all(dice(cleaned[t] == c, patient.truth[t] == c) > 0.997 for t in (0, 1) for c in (RV, MYO, LV))


def test_what_a_person_drew_wins():
    mask, drawn = _heart(), np.full((3, 48, 48), IGNORE, np.uint8)
    mask[0, 2:4, 2:4] = RV
    drawn[0, 2, 2] = RV
    mask[1, 23:26, 23:26] = BG
    drawn[1, 24, 24] = BG
    mask[2, 31:36, 23:26] = BG
    drawn[2, 31, 24] = BG
    cleaned = postprocess(mask, SPACING_MM, drawn=drawn)
    assert (cleaned[0, 2:4, 2:4] == RV).all()
    assert (cleaned[1, 23:26, 23:26] == BG).sum() >= 1
    assert cleaned[2, 31, 24] == BG
    assert (cleaned[drawn != IGNORE] == mask[drawn != IGNORE]).all()


@pytest.mark.parametrize("seed", range(4))
def test_twice_is_the_same_as_once_with_strokes_too(seed):
    mask, drawn = _noisy(seed), np.full((2, 3, 40, 44), IGNORE, np.uint8)
    drawn[:, :, 20, 10:30] = _noisy(seed + 10)[:, :, 20, 10:30]
    once = postprocess(mask, SPACING_MM, drawn=drawn)
    np.testing.assert_array_equal(postprocess(once, SPACING_MM, drawn=drawn), once)
    assert (once == mask)[drawn != IGNORE].all()
