"""Before the first stroke, engines that learn and engines that only predict look at the same place."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import Runner, build_engine, inference
from napari_scribbleseg.engine.predicting import Predicting
from napari_scribbleseg.types import Cine, FrameKey, Prediction
from tests.engine.engines import SMALL, losses, make_engine, make_store
from tests.synthetic import make_cine, make_edit

TUNING = dataclasses.replace(SMALL, method="pce", schedule="finetune", ema_decay=0.9)


@pytest.fixture(scope="module")
def weights():
    """Weights that know the made-up heart."""
    torch.set_num_threads(1)
    engine = make_engine(method="pce", steps=40, learning_rate=0.03)
    losses(engine, 40)
    return engine.weights()


def off_centre(n_t: int, case: str = "scan") -> Cine:
    """A heart 60 pixels above and left of the middle of a slice of 184 × 184."""
    cine = make_cine(case, n_t=n_t, n_z=4)
    data = np.pad(cine.data, ((0, 0), (0, 0), (0, 120), (0, 120)), constant_values=200)
    return dataclasses.replace(cine, data=data)


def store_of(*cines: Cine) -> SampleStore:
    store = SampleStore("roi")
    for cine in cines:
        store.add(cine)
    return store


def assert_same(ours: list[Prediction], theirs: list[Prediction]) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine.labels, other.labels)
        np.testing.assert_array_equal(mine.confidence, other.confidence)


@pytest.mark.parametrize("n_t", [1, 2, 8], ids=["one phase", "ED and ES", "cine"])
@pytest.mark.parametrize("schedule", ["finetune", "live", "protocol"])
def test_engines_answer_alike_on_a_scan_without_strokes_whose_heart_lies_off_centre(weights, n_t, schedule):
    settings, cine = dataclasses.replace(TUNING, schedule=schedule), off_centre(n_t)
    middle = store_of(cine).grid("scan").offset
    stores = [store_of(cine), store_of(cine)]
    predicting, learning = Predicting(settings, stores[0], weights), build_engine(settings, stores[1], weights)
    assert_same(predicting.predict(cine.keys()[:4]), learning.predict(cine.keys()[:4]))
    first, second = (store.grid("scan").offset for store in stores)
    assert first == second != middle


@pytest.mark.parametrize("n_t", [1, 2, 8], ids=["one phase", "ED and ES", "cine"])
def test_a_run_on_one_scan_finds_the_heart_of_another(weights, n_t):
    other = off_centre(n_t, "other")
    engine, events = build_engine(TUNING, make_store(TUNING, other), weights), []
    runner = Runner(lambda: engine, events.append)
    runner.focus(FrameKey("other", 0, 1))
    runner.run()
    shown = {e.key: e for e in events if isinstance(e, Prediction)}
    assert set(shown) == set(other.keys())
    assert engine.store.grid("other").holds(4, 4), "the heart reaches to the corner"


def test_a_scan_drawn_on_is_seen_around_its_strokes_and_as_far_as_the_window_goes(weights):
    cine = make_cine(spacing_mm=2.8)
    stores = [store_of(cine), store_of(cine)]
    for store in stores:
        store.apply(make_edit(FrameKey("scan", 0, 1)))
    assert stores[0].grid("scan").field is not None
    predicting, learning = Predicting(TUNING, stores[0], weights), build_engine(TUNING, stores[1], weights)
    assert_same(predicting.predict(cine.keys()), learning.predict(cine.keys()))
    assert stores[0].window("scan") == stores[1].window("scan")
    assert stores[0].grid("scan").field is None


def test_an_engine_and_a_run_of_no_steps_go_on_alike_from_a_checkpoint(weights):
    other, key = off_centre(2, "other"), FrameKey("other", 0, 1)
    before = build_engine(TUNING, make_store(TUNING, other), weights)
    losses(before, 1)
    shown, checkpoint = before.predict([key]), before.checkpoint()
    resumed = build_engine(TUNING, make_store(TUNING, other), checkpoint=checkpoint)
    predicting = Predicting(TUNING, make_store(TUNING, other), checkpoint.weights)
    assert_same(shown, resumed.predict([key]))
    assert_same(shown, predicting.predict([key]))


@pytest.mark.parametrize(("method", "schedule"), [("dmpls", "live"), ("pce", "finetune"), ("mean_teacher", "protocol")])
def test_looking_for_a_heart_does_not_disturb_training(method, schedule):
    settings = dataclasses.replace(SMALL, method=method, schedule=schedule)
    quiet, busy = (build_engine(settings, make_store(settings, off_centre(8, "other"))) for _ in range(2))
    busy.predict([FrameKey("other", 0, 1)])
    assert losses(busy, 2) == losses(quiet, 2)


def test_a_heart_is_looked_for_once_and_again_when_another_scan_takes_its_place(weights, monkeypatch):
    looked = []
    find = inference._find_by_network
    monkeypatch.setattr(inference, "_find_by_network", lambda *args: looked.append(args[2]) or find(*args))
    for build in (Predicting, build_engine):
        looked.clear()
        engine = build(TUNING, store_of(off_centre(1)), weights)
        for _ in range(2):
            engine.predict([FrameKey("scan", 0, 1)])
            engine.doubt([FrameKey("scan", 0, 1)])
        assert looked == ["scan"]
        engine.add(make_cine(side=160))
        engine.doubt([FrameKey("scan", 0, 1)])
        assert looked == ["scan", "scan"]


def test_held_out_accuracy_weighs_classes_alike(weights):
    engine = build_engine(TUNING, make_store(TUNING), weights)
    key = FrameKey("scan", 0, 2)
    truth = engine.predict([key])[0].labels
    strokes = np.full_like(truth, 255)
    ys, xs = np.nonzero(truth == 3)
    strokes[ys[:4], xs[:4]] = (3, 3, 3, 2)  # all of LV right, the one of Myo wrong
    found = engine._answering.accuracy(engine.predictor, {key: strokes}, engine.device)
    assert found == (0.5, 4)
