"""Brightness of the classes, from their strokes."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.baselines.appearance import estimate_posteriors, learn_histograms
from napari_scribbleseg.baselines.base import Scene
from napari_scribbleseg.labels import BG, IGNORE, LV, MYO, RV


def scene_of(image: np.ndarray, drawn: np.ndarray) -> Scene:
    return Scene(image.astype(np.float32), drawn, drawn, (8.0, 1.0, 1.0))


@pytest.fixture
def scene() -> Scene:
    image = np.tile(np.linspace(0, 1, 101), (1, 4, 1))
    drawn = np.full(image.shape, IGNORE, np.uint8)
    drawn[..., 5:10], drawn[..., 80:85] = BG, LV
    return scene_of(image, drawn)


def test_histograms_are_distributions(scene):
    histograms = learn_histograms(scene.image, scene.samples)
    np.testing.assert_allclose(histograms.sum(1), 1)
    assert histograms[LV].argmax() == pytest.approx(0.82 * 64, abs=3)
    assert np.ptp(histograms[MYO]) == 0


def test_posteriors_follow_the_strokes_and_know_no_class_that_nobody_drew(scene):
    posteriors = estimate_posteriors(scene)
    np.testing.assert_allclose(posteriors.sum(0), 1, rtol=1e-5)
    assert posteriors[BG, 0, 0, 8] > 0.9
    assert posteriors[LV, 0, 0, 82] > 0.9
    assert not posteriors[[RV, MYO]].any()


def test_the_length_of_a_stroke_does_not_make_its_class_likelier(scene):
    longer = scene.drawn.copy()
    longer[0, 1:, 80:85] = IGNORE
    few = estimate_posteriors(scene_of(scene.image, longer))
    np.testing.assert_allclose(few[LV, 0, 0], estimate_posteriors(scene)[LV, 0, 0], atol=0.05)
