"""A mask follows the heart from one phase to another."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.baselines.propagation import find_flow, propagate, warp
from napari_scribbleseg.io import load_cine, load_mask
from napari_scribbleseg.labels import FOREGROUND, LV, MYO
from napari_scribbleseg.resources import sample_path


def dice(a, b) -> float:
    shares = [2 * ((a == c) & (b == c)).sum() / ((a == c).sum() + (b == c).sum()) for c in FOREGROUND]
    return float(np.mean(shares))


@pytest.fixture(scope="module")
def sample():
    cine = load_cine(sample_path("sample_cine.nii.gz"))
    return cine, load_mask(sample_path("sample_truth.nii.gz"), cine)


def test_two_phases_on_the_mask_still_fits_the_beating_heart(sample):
    cine, truth = sample
    carried = propagate(cine.volume(0), cine.volume(2), truth[0])
    assert dice(carried, truth[2]) > 0.96
    assert dice(carried, truth[2]) > dice(truth[0], truth[2]) + 0.05


def test_on_the_same_image_the_mask_stays_what_it_is(sample):
    cine, truth = sample
    some = cine.volume(3)[4:6]
    assert dice(propagate(some, some, truth[3, 4:6]), truth[3, 4:6]) > 0.995


def test_it_gives_the_same_mask_every_time(sample):
    cine, truth = sample
    one, other = (propagate(cine.volume(0)[5:6], cine.volume(4)[5:6], truth[0, 5:6]) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_a_moved_disk_takes_its_mask_along():
    y, x = np.mgrid[:64, :64]
    texture = np.random.default_rng(0).normal(0, 8, (64, 64))
    images = [np.where(np.hypot(y - 32, x - c) < 10, 200.0, 40.0) + np.roll(texture, c, 1) for c in (28, 32)]
    mask = np.where(np.hypot(y - 32, x - 28) < 10, LV, 0).astype(np.uint8)
    carried = propagate(images[0][None], images[1][None], mask[None])[0]
    expected = np.hypot(y - 32, x - 32) < 10
    assert 2 * ((carried == LV) & expected).sum() / ((carried == LV).sum() + expected.sum()) > 0.93


def test_an_empty_slice_stays_empty_and_bad_values_do_no_harm():
    source = np.full((2, 32, 32), np.nan, np.float32)
    source[1] = np.inf
    assert not propagate(source, np.zeros((2, 32, 32)), np.zeros((2, 32, 32), np.uint8)).any()
    mask = np.full((2, 32, 32), MYO, np.uint8)
    assert (propagate(source, source, mask) == MYO).all()


def test_slices_too_small_for_motion_keep_the_mask():
    tiny = np.random.default_rng(0).random((1, 10, 12)).astype(np.float32)
    mask = np.full((1, 10, 12), LV, np.uint8)
    np.testing.assert_array_equal(propagate(tiny, tiny[:, ::-1], mask), mask)
    assert find_flow(np.zeros((10, 12), np.uint8), np.zeros((10, 12), np.uint8)).shape == (10, 12, 2)


def test_what_comes_from_beyond_the_edge_is_background():
    mask = np.full((20, 20), LV, np.uint8)
    flow = np.zeros((20, 20, 2), np.float32)
    flow[..., 0] = 5
    carried = warp(mask, flow)
    assert (carried[:, :14] == LV).all()
    assert not carried[:, 16:].any()


def test_images_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="alike in shape"):
        propagate(np.zeros((1, 8, 8)), np.zeros((2, 8, 8)), np.zeros((1, 8, 8), np.uint8))
