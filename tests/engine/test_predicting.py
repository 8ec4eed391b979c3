"""A run of no steps: weights answer for every slice, and nothing is learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import Runner, build_engine
from napari_scribbleseg.engine.predicting import Predicting
from napari_scribbleseg.engine.weights import WeightsError
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import DoubtReport, FinishReason, FrameKey, Prediction, RunState, StateChanged
from tests.synthetic import make_cine, make_edit

SETTINGS = TrainSettings(steps=0, threads=1)


def store_of(cine) -> SampleStore:
    store = SampleStore("roi")
    store.add(cine)
    return store


@pytest.fixture(scope="module")
def weights():
    torch.set_num_threads(1)
    return build_engine(SETTINGS, SampleStore("roi")).weights()


def test_a_runner_predicts_every_slice_with_them_the_one_on_screen_first(weights):
    cine, events = make_cine(n_t=2, n_z=3), []
    runner = Runner(lambda: Predicting(SETTINGS, store_of(cine), weights, step=7), events.append)
    runner.focus(FrameKey("scan", 1, 2))
    runner.run()
    made = [event for event in events if isinstance(event, Prediction)]
    assert [p.key for p in made][0] == ("scan", 1, 2)
    assert {p.key for p in made} == set(cine.keys())
    assert {p.step for p in made} == {7}
    assert {index for e in events if isinstance(e, DoubtReport) for index in e.scores} == {k[1:] for k in cine.keys()}
    end = events[-1]
    assert isinstance(end, StateChanged)
    assert (end.state, end.reason) == (RunState.FINISHED, FinishReason.COMPLETED)


def test_it_answers_as_an_engine_with_these_weights_does(weights):
    keys = make_cine().keys()
    edit = make_edit(keys[1])
    stores = [store_of(make_cine()), store_of(make_cine())]
    for store in stores:
        store.apply(edit)
    ours = Predicting(SETTINGS, stores[0], weights).predict(keys)
    engine = build_engine(SETTINGS, stores[1], weights=weights)
    for mine, other in zip(ours, engine.predict(keys), strict=True):
        np.testing.assert_array_equal(mine.labels, other.labels)
        np.testing.assert_array_equal(mine.confidence, other.confidence)


def test_strokes_that_come_late_move_the_window_and_ask_for_no_checkpoint(weights):
    store = store_of(make_cine(side=200))
    predicting = Predicting(SETTINGS, store, weights)
    before = store.grid("scan").offset
    labels = np.zeros((200, 200), np.uint8)
    labels[180:190, 180:190] = 3
    from napari_scribbleseg.types import ScribbleEdit

    assert predicting.apply([ScribbleEdit(FrameKey("scan", 0, 1), labels, 1)]) is False
    assert store.grid("scan").offset != before


def test_an_edit_that_fits_nothing_is_told(weights):
    predicting, told = Predicting(SETTINGS, store_of(make_cine()), weights), []
    predicting.notify = told.append
    predicting.apply([make_edit(FrameKey("another", 0, 0))])
    assert "another" in told[0].text


def test_weights_of_another_network_are_refused(weights):
    with pytest.raises(WeightsError):
        Predicting(TrainSettings(method="pce", steps=0, threads=1), store_of(make_cine()), weights)
