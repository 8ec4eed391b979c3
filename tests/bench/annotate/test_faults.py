"""What a person corrects first."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.bench.annotate.faults import deepest_part, find_faults, most_wrong_slice
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, MYO, RV

SPACING_MM = (8.0, 1.0, 1.0)


@pytest.fixture
def truth() -> np.ndarray:
    truth = np.zeros((2, 4, 40, 40), np.uint8)
    truth[:, :, 5:35, 5:35] = LV
    return truth


def test_a_missing_piece_comes_before_a_thin_rim_of_more_pixels(truth):
    mask = truth.copy()
    mask[0, 1, 5:35, 5:7] = mask[0, 1, 5:7, 5:35] = mask[0, 1, 33:35, 5:35] = 0
    mask[1, 2, 10:20, 10:20] = 0
    assert (truth != mask)[0].sum() > (truth != mask)[1].sum()
    (fault,) = find_faults(mask, truth, SPACING_MM)
    assert (fault.t, fault.z, fault.label) == (1, 2, LV)
    np.testing.assert_array_equal(fault.region, (mask != truth)[1, 2])


def test_a_mistake_over_several_slices_is_corrected_where_it_is_worst(truth):
    mask = truth.copy()
    for z, size in enumerate((6, 8, 14, 8)):
        mask[0, z, 10 : 10 + size, 10 : 10 + size] = MYO
    fault = find_faults(mask, truth, SPACING_MM)[0]
    assert fault.z == 2
    assert fault.region.sum() == 14 * 14


def test_what_should_not_be_there_asks_for_background(truth):
    mask = truth.copy()
    truth[1, 3] = 0
    fault = find_faults(mask, truth, SPACING_MM)[0]
    assert (fault.t, fault.z, fault.label) == (1, 3, BACKGROUND_SCRIBBLE)


def test_each_slice_is_corrected_once_and_the_worst_comes_first(truth):
    mask = truth.copy()
    mask[0, 0, 6:12, 6:12] = RV
    mask[0, 0, 20:30, 20:30] = RV
    mask[1, 1, 6:14, 6:14] = 0
    found = find_faults(mask, truth, SPACING_MM, count=5)
    assert [(fault.t, fault.z, int(fault.region.sum())) for fault in found] == [(0, 0, 100), (1, 1, 64)]
    assert found[0].weight > found[1].weight


def test_nothing_is_corrected_where_readers_would_differ_anyway(truth):
    mask = truth.copy()
    mask[:, :, 5:7] = 0
    assert find_faults(mask, truth, SPACING_MM) == []
    assert find_faults(truth, truth, SPACING_MM) == []


def test_the_deepest_part_is_one_connected_piece():
    region = np.zeros((20, 20), bool)
    region[2:5, 2:18] = region[10:17, 5:12] = True
    np.testing.assert_array_equal(np.argwhere(deepest_part(region, (1.0, 1.0))).mean(0), [13, 8])
    assert deepest_part(region[:5], (0.5, 0.5)) is None


def test_the_most_wrong_slice_holds_all_classes_where_any_does(truth):
    truth[0, 2, :4] = RV
    truth[0, 2, 36:] = MYO
    assert most_wrong_slice(None, truth) == (0, 2)
    mask = truth.copy()
    mask[0, 2, 10:12] = 0
    mask[1, 1] = 0
    assert most_wrong_slice(mask, truth) == (0, 2)
    drawn = np.zeros((2, 4), bool)
    drawn[0, 2] = True
    assert most_wrong_slice(mask, truth, drawn) == (1, 1)
    assert most_wrong_slice(truth, truth) is None
