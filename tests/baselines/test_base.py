"""The box, the scale, the refusals."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.baselines import BaselineError, build_baseline, segment_cine
from napari_scribbleseg.baselines.base import find_box, make_scene, smooth, stretch
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, BG, IGNORE, LV, LabelCodeError
from napari_scribbleseg.types import Cine


def strokes_at(*points: tuple[int, int, int], shape=(2, 100, 120)) -> np.ndarray:
    strokes = np.zeros(shape, np.uint8)
    for point in points:
        strokes[point] = LV
    return strokes


def test_the_box_reaches_25_mm_beyond_the_strokes_of_the_heart():
    strokes = strokes_at((0, 40, 60), (1, 50, 70))
    strokes[0, 2, 2] = BACKGROUND_SCRIBBLE
    assert find_box(strokes, (8.0, 1.0, 2.5)) == (slice(None), slice(15, 76), slice(50, 81))


def test_the_box_ends_where_the_image_ends():
    assert find_box(strokes_at((0, 5, 115)), (8.0, 1.0, 1.0)) == (slice(None), slice(0, 31), slice(90, 120))


def test_the_rim_is_background_but_where_it_is_drawn_on():
    strokes = strokes_at((0, 0, 3), (0, 4, 4), shape=(1, 8, 9))
    scene = make_scene(np.zeros(strokes.shape), strokes, (8.0, 1.0, 1.0))
    assert scene.seeds[0, 0, 3] == LV
    assert scene.seeds[0, 4, 4] == LV
    assert (scene.seeds[0, -1] == BG).all()
    assert (scene.seeds[0, :, [0, -1]] == BG).all()
    assert scene.seeds[0, 2, 2] == IGNORE
    assert scene.drawn[0, 0, 4] == IGNORE


def test_classes_are_learned_from_the_rim_only_where_no_background_is_drawn():
    strokes = strokes_at((0, 4, 4), shape=(1, 8, 9))
    without = make_scene(np.zeros(strokes.shape), strokes, (8.0, 1.0, 1.0))
    assert (without.samples[0, 0] == BG).all()
    strokes[0, 2, 2] = BACKGROUND_SCRIBBLE
    assert (make_scene(np.zeros(strokes.shape), strokes, (8.0, 1.0, 1.0)).samples == BG).sum() == 1


def test_intensities_are_stretched_between_their_quantiles():
    values = np.arange(1001, dtype=np.float32).reshape(1, 7, 143)
    stretched = stretch(values)
    assert stretched.min() == 0
    assert stretched.max() == 1
    assert stretched[0, 3, 71] == pytest.approx(0.5, abs=1e-3)


def test_what_is_not_finite_counts_as_nothing():
    values = np.ones((1, 4, 4), np.float32)
    values[0, 0, 0] = np.nan
    values[0, 0, 1] = np.inf
    assert np.isfinite(stretch(values)).all()


def test_a_constant_volume_becomes_black():
    assert not stretch(np.full((1, 4, 4), 7)).any()


def test_a_blur_is_round_in_mm():
    maps = np.zeros((1, 41, 41), np.float32)
    maps[0, 20, 20] = 1
    blurred = smooth(maps, 2.0, (8.0, 1.0, 2.0))
    assert blurred[0, 24, 20] == pytest.approx(blurred[0, 20, 22], rel=0.05)


def test_no_blur_changes_nothing(rng):
    maps = rng.random((2, 5, 5)).astype(np.float32)
    assert smooth(maps, 0, (8.0, 1.0, 1.0)) is maps


def test_beyond_the_box_all_is_background_but_strokes():
    strokes = strokes_at((0, 50, 60))
    strokes[0, 1, 1] = BACKGROUND_SCRIBBLE
    mask = build_baseline("growcut").segment(np.ones(strokes.shape), strokes, (8.0, 2.0, 2.0))
    assert not mask[:, :30].any()
    assert mask[0, 50, 60] == LV


@pytest.mark.parametrize(
    "spacing_mm", [(8.0, 0.0, 1.0), (8.0, 1.0), (8.0, float("nan"), 1.0), (8.0, float("inf"), 1.0)]
)
def test_a_spacing_that_is_none_is_refused(spacing_mm):
    with pytest.raises(BaselineError, match="spacing"):
        build_baseline("growcut").segment(np.ones((2, 100, 120)), strokes_at((0, 50, 60)), spacing_mm)


def test_a_volume_and_strokes_of_other_shapes_are_refused():
    with pytest.raises(BaselineError, match="pair"):
        build_baseline("growcut").segment(np.ones((2, 100, 121)), strokes_at((0, 50, 60)), (8.0, 1.0, 1.0))


def test_an_unknown_code_is_refused():
    strokes = strokes_at((0, 50, 60))
    strokes[0, 0, 0] = 9
    with pytest.raises(LabelCodeError):
        build_baseline("growcut").segment(np.ones(strokes.shape), strokes, (8.0, 1.0, 1.0))


def test_a_cine_wants_strokes_of_its_shape_and_some():
    cine = Cine("scan", np.ones((2, 2, 30, 30)), (8.0, 1.0, 1.0))
    with pytest.raises(BaselineError, match="shape"):
        segment_cine(build_baseline("growcut"), cine, np.zeros((2, 30, 30), np.uint8))
    with pytest.raises(BaselineError, match="Nothing is drawn"):
        segment_cine(build_baseline("growcut"), cine, np.zeros(cine.shape, np.uint8))
