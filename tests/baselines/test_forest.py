"""The forest of one scan, and the superpixels that it may learn from."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.baselines.base import Scene
from napari_scribbleseg.baselines.forest import ForestOptions, classify, pixel_features
from napari_scribbleseg.baselines.slic_seg import pool, vote
from napari_scribbleseg.labels import BG, IGNORE, LV, MYO, RV


def test_features_end_with_the_position_in_mm(rng):
    image = rng.random((2, 6, 5)).astype(np.float32)
    nothing = np.full(image.shape, IGNORE, np.uint8)
    features = pixel_features(Scene(image, nothing, nothing, (8.0, 1.0, 2.0)))
    np.testing.assert_array_equal(features[0], image)
    assert features[-3:, 1, 3, 4].tolist() == [8.0, 3.0, 8.0]


def test_slopes_are_per_mm():
    ramp = np.tile(np.arange(40, dtype=np.float32) * 0.02, (1, 40, 1))
    nothing = np.full(ramp.shape, IGNORE, np.uint8)
    slope = pixel_features(Scene(ramp, nothing, nothing, (8.0, 1.0, 2.0)))[4]
    assert slope[0, 20, 20] == pytest.approx(0.01, rel=1e-3)


def test_a_class_without_samples_has_no_probability(rng):
    samples = np.full(60, IGNORE, np.uint8)
    samples[:10], samples[50:] = BG, LV
    features = np.stack([np.linspace(0, 1, 60), rng.random(60)]).astype(np.float32)
    probabilities = classify(features, samples, ForestOptions(trees=10))
    np.testing.assert_allclose(probabilities.sum(0), 1, rtol=1e-5)
    assert not probabilities[[RV, MYO]].any()
    assert probabilities[LV, 55] > 0.8
    assert probabilities[BG, 5] > 0.8


def test_superpixels_pool_features_and_votes():
    superpixels = np.array([[[0, 0, 1, 1, 2]]])
    features = np.array([[1.0, 3.0, 2.0, 2.0, 7.0], [0.0, 0.0, 1.0, 5.0, 4.0]], np.float32).reshape(2, 1, 1, 5)
    np.testing.assert_allclose(pool(features, superpixels), [[2, 2, 7], [0, 3, 4], [1, 0, 0], [0, 2, 0]])
    samples = np.array([[[LV, IGNORE, RV, RV, IGNORE]]], np.uint8)
    assert vote(samples, superpixels).tolist() == [LV, RV, IGNORE]
