"""Systems as an annotator meets them."""

from __future__ import annotations

import time

import numpy as np
import pytest

from napari_scribbleseg.baselines import BASELINES, build_baseline
from napari_scribbleseg.bench.annotate.annotator import Annotator
from napari_scribbleseg.bench.annotate.classical import Classical, lend
from napari_scribbleseg.bench.annotate.network import Network
from napari_scribbleseg.bench.annotate.systems import SYSTEMS, choose_systems
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, RV


def keys(text: str) -> list[str]:
    return [entry.key for entry in choose_systems(text)]


def test_every_baseline_is_compared():
    assert set(keys("classical")) == set(BASELINES)
    assert keys("all") == list(SYSTEMS) == ["finetuned", "scratch", *keys("classical")]


def test_names_and_groups_mix_in_the_order_of_the_tables():
    assert keys("growcut, finetuned,growcut") == ["finetuned", "growcut"]


@pytest.mark.parametrize("text", ["", "magic", "growcut,,random_walker"])
def test_an_unknown_system_is_refused_with_the_known_ones(text):
    with pytest.raises(BenchError, match="known are all, classical, finetuned"):
        choose_systems(text)


def test_a_phase_without_strokes_of_the_heart_borrows_those_of_the_other():
    scribbles = np.zeros((2, 2, 4, 4), np.uint8)
    scribbles[0, 0, 1] = LV
    scribbles[1, 1, 0] = BACKGROUND_SCRIBBLE
    np.testing.assert_array_equal(lend(scribbles, 1), scribbles[0])
    scribbles[1, 1, 2] = RV
    np.testing.assert_array_equal(lend(scribbles, 1), scribbles[1])


def test_a_system_without_training_shows_both_phases_and_works_on_what_changed(patient, monkeypatch):
    annotator = Annotator(patient)
    baseline = build_baseline("growcut")
    system = Classical(baseline, patient.cine)
    assert system.mask is None
    annotator.draw_three()
    system.work(5.0, annotator.scribbles)
    assert all((phase == LV).any() for phase in system.mask)
    before = system.mask.copy()

    def refuse(*args):
        raise AssertionError("nothing has changed")

    with monkeypatch.context() as patch:
        patch.setattr(baseline, "segment", refuse)
        system.work(5.0, annotator.scribbles)
    annotator.draw_slice(system.mask)
    assert not annotator.scribbles[0].any(axis=(1, 2)).all()
    drawn_on = 1 if annotator.scribbles[1].any() else 0
    system.work(5.0, annotator.scribbles)
    changed = [(system.mask[t] != before[t]).any() for t in (0, 1)]
    assert changed[drawn_on]
    assert system.spent_s > 0


@pytest.fixture
def scratch(patient) -> Network:
    return Network(None, patient.cine, threads=1)


def test_a_network_from_scratch_shows_nothing_before_the_first_strokes(patient, scratch):
    assert scratch.mask is None
    annotator = Annotator(patient)
    annotator.draw_sparse()
    scratch.work(0.1, annotator.scribbles)
    assert scratch.mask.shape == patient.truth.shape


class SlowTuning:
    """Takes a tenth of a second to predict and no time to train."""

    def __init__(self) -> None:
        self.asked = []

    def draw(self, case, scribbles) -> None:
        pass

    def train(self, seconds) -> int:
        self.asked.append(seconds)
        return 0

    def segment(self, case) -> np.ndarray:
        time.sleep(0.1)
        return np.zeros((2, 3, 8, 8), np.uint8)


def test_predicting_is_part_of_the_seconds(scratch, monkeypatch):
    tuning = SlowTuning()
    monkeypatch.setattr(scratch, "_tuning", tuning)
    strokes = np.zeros((2, 3, 8, 8), np.uint8)
    scratch.work(2.0, strokes)
    scratch.work(2.0, strokes)
    scratch.work(0.05, strokes)
    first, second, third = tuning.asked
    assert first <= 2.0
    assert second <= 1.9
    assert third == 0
    assert scratch.spent_s >= 0.3


def test_a_network_with_weights_shows_a_mask_before_any_stroke(patient, scratch):
    learned = scratch._tuning.model()
    system = Network(learned, patient.cine, threads=1)
    assert system.mask.shape == patient.truth.shape
    assert system.spent_s > 0


def test_on_request_masks_are_put_right_but_never_under_a_stroke(patient):
    annotator = Annotator(patient)
    annotator.draw_three()
    raw, clean = (Classical(build_baseline("growcut"), patient.cine) for _ in range(2))
    clean.post_process(patient.cine)
    strokes = annotator.scribbles.copy()
    t, z = np.argwhere(strokes.any((2, 3)))[0]
    strokes[t, z, 2:6, 2:6] = RV  # an island far from the heart, drawn on one slice
    for system in (raw, clean):
        system.work(1.0, strokes)
    assert (raw.mask != clean.mask).any()
    assert (clean.mask[t, z, 2:6, 2:6] == RV).all()


def test_putting_a_mask_right_again_does_not_build_on_the_last_time(patient):
    annotator = Annotator(patient)
    annotator.draw_three()
    system, raw = (Classical(build_baseline("growcut"), patient.cine) for _ in range(2))
    system.post_process(patient.cine)
    strokes = annotator.scribbles
    for one in (system, raw):
        one.work(1.0, strokes)
    once = system.mask.copy()
    system.work(1.0, strokes)
    assert np.array_equal(system.mask, once), "the border would creep on with every look"
    assert np.array_equal(system._raw, raw.mask)
