from __future__ import annotations

import numpy as np
import pytest
from skimage.segmentation import random_walker

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods.walk import decide, walk
from tests.synthetic import make_truth


def _empty(*shape):
    return np.full(shape, IGNORE, np.uint8)


def test_a_row_of_five_pixels_by_hand():
    # Even intensity: the walk is a fair one, whose chance to end left falls by a quarter with each pixel.
    seeds = _empty(1, 5)
    seeds[0, 0], seeds[0, 4] = 0, 3
    p = walk(np.full((1, 5), 0.5, np.float32), seeds, 100)
    assert p[0, 0].tolist() == pytest.approx([1, 0.75, 0.5, 0.25, 0], abs=1e-6)
    assert p[3, 0].tolist() == pytest.approx([0, 0.25, 0.5, 0.75, 1], abs=1e-6)
    assert not p[1:3].any()


def test_an_edge_in_the_image_stops_the_walk():
    image = np.tile(np.float32([0, 0, 0, 0, 0, 0, 1, 1, 1, 1]), (10, 1))
    seeds = _empty(10, 10)
    seeds[5, 0], seeds[5, 9] = 1, 2
    labels = decide(walk(image, seeds, 100))
    assert (labels[:, :6] == 1).all()
    assert (labels[:, 6:] == 2).all()


def test_labels_are_those_of_scikit_image_on_the_scaled_image(rng):
    image = rng.random((24, 24)).astype(np.float32)
    seeds = _empty(24, 24)
    seeds[3, 3:9], seeds[12, 12], seeds[20, 2:20] = 0, 3, 1
    markers = np.select([seeds == 0, seeds == 1, seeds == 3], [1, 2, 3], 0)  # it numbers classes without gaps
    expected = random_walker(2 * image.astype(float) - 1, markers, beta=100, mode="bf")
    assert (decide(walk(image, seeds, 100)) == np.array([IGNORE, 0, 1, 3])[expected]).all()


def test_a_missing_class_is_nowhere_and_the_others_walk():
    image = make_truth(1, 1, 32)[0, 0] / np.float32(3)
    seeds = _empty(32, 32)
    seeds[0], seeds[16, 16] = 0, 3
    assert set(np.unique(decide(walk(image, seeds, 100)))) == {0, 3}


def test_background_strokes_alone_make_the_whole_slice_background(rng):
    seeds = _empty(8, 8)
    seeds[0] = 0
    assert (decide(walk(rng.random((8, 8)), seeds, 100)) == 0).all()


def test_one_class_of_the_heart_alone_is_known_at_its_strokes_only(rng):
    seeds = _empty(8, 8)
    seeds[4, 2:5] = 2
    assert (decide(walk(rng.random((8, 8)), seeds, 100)) == seeds).all()


def test_a_slice_without_strokes_stays_unknown(rng):
    assert (decide(walk(rng.random((8, 8)), _empty(8, 8), 100)) == IGNORE).all()


def test_a_slice_full_of_strokes_keeps_them(rng):
    seeds = rng.integers(0, 4, (8, 8)).astype(np.uint8)
    assert (decide(walk(rng.random((8, 8)), seeds, 100)) == seeds).all()


def test_an_uncertain_pixel_is_left_out():
    seeds = _empty(1, 5)
    seeds[0, 0], seeds[0, 4] = 0, 3
    assert decide(walk(np.zeros((1, 5)), seeds, 100), 0.7).tolist() == [[0, 0, IGNORE, 3, 3]]
