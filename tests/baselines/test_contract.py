"""Every baseline keeps the same promises; discovery brings new ones in."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_scribbleseg.baselines import BASELINES, BaselineError, build_baseline, segment_cine
from napari_scribbleseg.io import load_cine, load_labels, load_mask
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, CLASS_NAMES, FOREGROUND, LV, NOTHING, layer_to_training
from napari_scribbleseg.metrics import dice
from napari_scribbleseg.types import Cine

ROOT = Path(__file__).parents[2]

FLOORS = {"random_forest": 0.75}
"""A made-up heart's least Dice for systems that look at filtered pixels and know of no border."""

every_baseline = pytest.mark.parametrize("key", list(BASELINES))


def dices(mask: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    return {name: dice(mask == c, truth == c) for c, name in CLASS_NAMES.items()}


def segment(key: str, heart, strokes: np.ndarray | None = None, **options) -> np.ndarray:
    drawn = heart.strokes if strokes is None else strokes
    return build_baseline(key, options).segment(heart.volume, drawn, heart.cine.spacing_mm)


def obeys(mask: np.ndarray, strokes: np.ndarray) -> bool:
    painted = strokes != NOTHING
    return bool((mask[painted] == layer_to_training(strokes)[painted]).all())


def test_the_seven_systems_are_found():
    assert list(BASELINES) == [
        "grabcut",
        "graph_cuts",
        "growcut",
        "level_set",
        "random_forest",
        "random_walker",
        "slic_seg",
    ]


@every_baseline
def test_the_heart_is_found_and_strokes_keep_their_label(key, heart):
    mask = segment(key, heart)
    assert mask.dtype == np.uint8
    assert mask.shape == heart.truth.shape
    assert min(dices(mask, heart.truth).values()) > FLOORS.get(key, 0.85)
    assert obeys(mask, heart.strokes)


@every_baseline
def test_a_wrong_stroke_is_obeyed_too(key, heart):
    strokes = heart.strokes.copy()
    strokes[1, 30:33, 36:39] = BACKGROUND_SCRIBBLE
    assert obeys(segment(key, heart, strokes), strokes)


@every_baseline
def test_the_same_strokes_give_the_same_mask(key, heart):
    np.random.default_rng().random(3)
    np.testing.assert_array_equal(segment(key, heart), segment(key, heart))


@every_baseline
def test_the_inputs_stay_as_they_are(key, heart):
    volume, strokes = heart.volume.copy(), heart.strokes.copy()
    segment(key, heart)
    np.testing.assert_array_equal(volume, heart.volume)
    np.testing.assert_array_equal(strokes, heart.strokes)


@every_baseline
def test_the_scale_of_the_intensities_does_not_matter(key, heart):
    scaled = build_baseline(key).segment(heart.volume * 4 - 512, heart.strokes, heart.cine.spacing_mm)
    assert np.mean(scaled != segment(key, heart)) < 0.002


@every_baseline
def test_a_slice_without_strokes_is_segmented_from_its_neighbours(key, heart):
    strokes = heart.strokes.copy()
    strokes[1] = NOTHING
    mask = segment(key, heart, strokes)
    assert min(dices(mask[1], heart.truth[1]).values()) > 0.8


def test_the_heart_ends_where_a_slice_has_background_strokes_alone(heart):
    strokes = heart.strokes.copy()
    strokes[1][strokes[1] != BACKGROUND_SCRIBBLE] = NOTHING
    strokes[2] = NOTHING
    mask = segment("growcut", heart, strokes)
    assert mask[0].any()
    assert not mask[1:].any()


@every_baseline
def test_one_class_alone_is_told_from_the_rest(key, heart):
    strokes = np.where(heart.strokes == LV, LV, NOTHING).astype(np.uint8)
    mask = segment(key, heart, strokes)
    assert set(np.unique(mask)) == {0, LV}
    # The other cavity is as bright, and nobody said that it is none: more than half must be right all the same.
    assert dice(mask == LV, heart.truth == LV) > 0.55


@every_baseline
def test_a_slice_that_lacks_a_class_is_given_none_of_it(key, heart):
    strokes = heart.strokes.copy()
    strokes[2][strokes[2] == 1] = NOTHING
    mask = segment(key, heart, strokes)
    assert not (mask[2] == 1).any()
    assert (mask[1] == 1).any()


@every_baseline
def test_background_strokes_alone_give_no_heart(key, heart):
    strokes = np.where(heart.strokes == BACKGROUND_SCRIBBLE, BACKGROUND_SCRIBBLE, NOTHING).astype(np.uint8)
    assert not segment(key, heart, strokes).any()


@every_baseline
def test_nothing_drawn_is_refused(key, heart):
    with pytest.raises(BaselineError, match="Nothing is drawn"):
        segment(key, heart, np.zeros_like(heart.strokes))


@every_baseline
def test_a_dot_on_a_blank_scan_does_no_harm(key):
    strokes = np.zeros((2, 24, 20), np.uint8)
    strokes[1, 12, 9] = LV
    mask = build_baseline(key).segment(np.ones(strokes.shape), strokes, (8.0, 1.5, 1.5))
    assert mask[1, 12, 9] == LV


@every_baseline
def test_a_heart_that_fills_a_tiny_image_is_left_as_drawn(key):
    strokes = np.full((1, 2, 2), LV, np.uint8)
    mask = build_baseline(key).segment(np.eye(2)[None], strokes, (8.0, 1.5, 1.5))
    assert (mask == LV).all()


@every_baseline
def test_pixels_that_are_not_square_are_no_obstacle(key, heart):
    flat = heart.volume[:, ::2], heart.strokes[:, ::2], (8.0, 2.8, 1.4)
    assert min(dices(build_baseline(key).segment(*flat), heart.truth[:, ::2]).values()) > 0.75


@every_baseline
def test_phases_without_strokes_are_background(key, heart):
    cine = Cine("beating", np.repeat(heart.cine.data, 3, axis=0), heart.cine.spacing_mm)
    strokes = np.zeros(cine.shape, np.uint8)
    strokes[1] = heart.strokes
    masks = segment_cine(build_baseline(key), cine, strokes)
    np.testing.assert_array_equal(masks[1], segment(key, heart))
    assert not masks[[0, 2]].any()


@every_baseline
def test_every_option_refuses_what_makes_no_sense(key):
    for field in dataclasses.fields(BASELINES[key].Options):
        with pytest.raises(BaselineError, match=field.name):
            build_baseline(key, {field.name: -1})
        with pytest.raises(BaselineError, match=field.name):
            build_baseline(key, {field.name: float("nan")})


@every_baseline
def test_the_docstring_names_its_source(key):
    cls = BASELINES[key]
    assert cls.reference.split()[0].rstrip(",") in (cls.__doc__ or "")
    assert cls.title


def test_unknown_baselines_and_options_are_refused_by_name():
    with pytest.raises(BaselineError, match="no baseline 'magic'"):
        build_baseline("magic")
    with pytest.raises(BaselineError, match="'wand'"):
        build_baseline("growcut", {"wand": 1})


def test_heavy_libraries_wait_until_a_baseline_runs():
    script = "import sys, napari_scribbleseg.baselines; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    assert set(done.stdout.split()).isdisjoint({"cv2", "sklearn", "skimage", "scipy", "torch", "nibabel"})


@pytest.fixture(scope="session")
def real_heart(acdc_dir):
    """Three slices of the middle of a real heart, cut to 100 × 100 pixels or so."""
    stem = acdc_dir / "patient045" / "patient045_frame01"
    cine = load_cine(f"{stem}.nii.gz")
    strokes = np.asarray(load_labels(f"{stem}_scribble.nii.gz", cine, "acdc")).reshape(cine.shape[1:])
    truth = np.asarray(load_mask(f"{stem}_gt.nii.gz", cine)).reshape(cine.shape[1:])
    y, x = np.argwhere(np.isin(strokes, FOREGROUND))[:, 1:].mean(0).astype(int)
    part = np.s_[3:6, max(y - 50, 0) : y + 50, max(x - 50, 0) : x + 50]
    return cine.volume(0)[part], strokes[part], truth[part], cine.spacing_mm


@every_baseline
def test_a_real_heart_is_found_from_expert_strokes(key, real_heart):
    volume, strokes, truth, spacing_mm = real_heart
    mask = build_baseline(key).segment(volume, strokes, spacing_mm)
    found = dices(mask, truth)
    assert np.mean(list(found.values())) > 0.8, found
    assert obeys(mask, strokes)
