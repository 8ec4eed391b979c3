from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FrameKey
from tests.engine.methods_for_tests import Counting
from tests.synthetic import make_cine, make_edit, make_strokes

SETTINGS = TrainSettings(
    method="counting", batch_size=2, threads=1, steps=8, held_out=0.0, schedule="protocol", ema_decay=0.0
)


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    from napari_scribbleseg import methods

    monkeypatch.setattr(methods, "METHODS", {"counting": Counting})


def _engine(n_slices=3, checkpoint=None, side=64, **changes):
    settings = TrainSettings.from_json({**SETTINGS.to_json(), **changes})
    store = SampleStore(settings.resolution)
    store.add(make_cine(n_t=4, side=side))
    for i in range(n_slices):
        store.apply(make_edit(FrameKey("scan", i % 4, i // 4), i + 1, side))
    return build_engine(settings, store, checkpoint=checkpoint)


def _prepare(engine):
    return list(iter(engine.prepare_some, None))


def test_nothing_is_made_before_the_method_wants_it():
    engine = _engine()
    assert _prepare(engine) == []
    engine.step()
    assert engine.method.seen == [{}]


@pytest.mark.parametrize("acceleration", ["off", "on"])
def test_a_step_makes_all_that_is_due_and_the_loss_sees_it(acceleration):
    engine = _engine(acceleration=acceleration)
    for _ in range(3):
        engine.step()
    assert engine.method.asked == [3]
    last = engine.method.seen[-1]
    assert last["pseudo"].dtype == torch.int64
    assert set(last["pseudo"].unique().tolist()) <= {0, 1, 2, 3, IGNORE}
    assert last["count"].max() == pytest.approx(1, abs=1e-3)


def test_many_slices_come_a_few_at_a_time_with_their_number():
    engine = _engine(n_slices=11)
    for _ in range(2):
        engine.step()
    assert _prepare(engine) == [(8, 11), (11, 11)]
    assert _prepare(engine) == []


def test_a_new_round_sees_the_maps_of_the_round_before():
    engine = _engine()
    for _ in range(5):
        engine.step()
    assert engine.store.sample(FrameKey("scan", 0, 0)).aux["count"].max() == 2


def test_only_changed_slices_are_made_anew_within_a_round():
    engine = _engine()
    for _ in range(3):
        engine.step()
    key = FrameKey("scan", 1, 0)
    changed = make_strokes()
    changed[30:34, 28:36] = 3
    engine.apply([make_edit(key, 9).__class__(key, changed, 9)])
    engine.method.asked.clear()
    _prepare(engine)
    assert engine.method.asked == [1]


def test_erasing_all_strokes_of_a_slice_forgets_its_maps():
    engine = _engine()
    for _ in range(3):
        engine.step()
    key = FrameKey("scan", 1, 0)
    engine.apply([make_edit(key, 9).__class__(key, np.zeros((64, 64), np.uint8), 9)])
    assert engine.store.sample(key).aux == {}


def test_maps_stay_with_the_heart_when_the_window_moves():
    engine = _engine(side=300)
    for _ in range(3):
        engine.step()
    store, key = engine.store, FrameKey("scan", 0, 0)
    before = store.sample(key)
    moved = store.sample(key, (5, -7))
    assert np.array_equal(moved.aux["pseudo"][:120, 20:100], before.aux["pseudo"][5:125, 13:93])
    assert (moved.aux["pseudo"][-5:] == IGNORE).all()
    assert (moved.aux["count"][:, -5:] == 0).all()


@pytest.mark.parametrize("acceleration", ["off", "on"])
def test_a_resumed_run_has_its_maps_and_makes_no_round_twice(acceleration):
    whole = _engine(acceleration=acceleration)
    for _ in range(5):
        whole.step()
    resumed = _engine(checkpoint=whole.checkpoint(), acceleration=acceleration)
    for key in whole.store.scribbled():
        for name, values in whole.store.sample(key).aux.items():
            assert np.array_equal(values, resumed.store.sample(key).aux[name])
    assert whole.step().terms == resumed.step().terms
    assert resumed.method.asked == []


def test_the_runner_reports_preparation_and_can_stop_in_it():
    from napari_scribbleseg.engine import Runner
    from napari_scribbleseg.types import FinishReason, PreparationReport

    heard = []

    def listen(event):
        heard.append(event)
        if isinstance(event, PreparationReport):
            runner.cancel()

    engine = _engine(n_slices=11)
    runner = Runner(lambda: engine, listen)
    runner.run()
    assert [e for e in heard if isinstance(e, PreparationReport)] == [PreparationReport(8, 11)]
    assert runner.snapshot().reason is FinishReason.CANCELLED
    assert engine.clock.step == 2
