from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_scribbleseg.cardiac import MeasurementError, volume_curves
from napari_scribbleseg.labels import LV, MYO, RV


def make_mask(seed: int = 0, shape=(4, 3, 6, 5)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, shape).astype(np.uint8)


def volumes(curves) -> np.ndarray:
    return np.stack([curves.rv_ml, curves.myo_ml, curves.lv_ml])


def test_a_block_of_a_thousand_cubic_millimetres_is_one_millilitre():
    mask = np.zeros((2, 4, 12, 12), np.uint8)
    mask[0, :2, :10, :5] = LV  # 2 × 10 × 5 voxels of 10 mm³
    mask[1, 3, :5, :5] = MYO
    mask[1, 0, 0, 0] = RV
    curves = volume_curves(mask, (10.0, 1.0, 1.0), frame_ms=40)
    assert curves.lv_ml.tolist() == pytest.approx([1.0, 0.0])
    assert curves.myo_ml.tolist() == pytest.approx([0.0, 0.25])
    assert curves.rv_ml.tolist() == pytest.approx([0.0, 0.01])
    assert curves.frame_ms == 40


def test_an_excluded_slice_counts_for_nothing_in_its_phase_alone():
    mask = np.full((2, 2, 10, 10), LV, np.uint8)
    curves = volume_curves(mask, (10.0, 1.0, 1.0), excluded={(0, 1)})
    assert curves.lv_ml.tolist() == pytest.approx([1.0, 2.0])


def test_a_slice_that_is_not_there_cannot_be_left_out():
    with pytest.raises(MeasurementError, match="Phase 0, slice 7"):
        volume_curves(make_mask(), (1, 1, 1), excluded=[(0, 7)])


def test_a_phase_in_which_nothing_is_segmented_is_told():
    mask = make_mask()
    mask[2] = 0
    assert volume_curves(mask, (1, 1, 1)).measured.tolist() == [True, True, False, True]


@given(seed=st.integers(0, 99), factors=st.tuples(*[st.floats(0.1, 20)] * 3))
def test_volumes_grow_with_the_voxel(seed, factors):
    mask = make_mask(seed)
    once, scaled = (volumes(volume_curves(mask, spacing)) for spacing in ((1, 1, 1), factors))
    np.testing.assert_allclose(scaled, once * np.prod(factors))


@given(seed=st.integers(0, 99), data=st.data())
def test_the_order_of_slices_rows_and_columns_changes_no_volume_and_that_of_phases_moves_it(seed, data):
    mask = make_mask(seed)
    order = data.draw(st.permutations(range(4)))
    places = [data.draw(st.permutations(range(n))) for n in mask.shape[1:]]
    moved = mask[np.ix_(order, *places)]
    spacing = (8.0, 1.3, 1.7)
    np.testing.assert_allclose(volumes(volume_curves(moved, spacing)), volumes(volume_curves(mask, spacing))[:, order])


@given(seed=st.integers(0, 99))
def test_parts_of_a_stack_add_up(seed):
    mask, spacing = make_mask(seed), (8.0, 1.3, 1.7)
    parts = [volumes(volume_curves(part, spacing)) for part in (mask[:, :1], mask[:, 1:])]
    np.testing.assert_allclose(sum(parts), volumes(volume_curves(mask, spacing)))
