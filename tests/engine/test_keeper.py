"""Fine-tuning goes back to better weights, and says so."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import Runner, build_engine
from napari_scribbleseg.engine.keeper import Keeper
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FrameKey, HeldOutReport, Prediction, RunState, ScribbleEdit, StateChanged
from tests.synthetic import make_cine, make_edit

SETTINGS = TrainSettings(
    method="pce", schedule="finetune", batch_size=2, threads=1, steps=1000, held_out=0.0, ema_decay=0.9
)


def report(step, accuracy):
    return HeldOutReport(step, accuracy, 100)


def test_the_best_weights_are_kept_when_the_last_are_clearly_worse():
    keeper = Keeper()
    for step, accuracy in ((0, 0.8), (25, 0.9), (50, 0.7)):
        keeper.observe(report(step, accuracy), lambda step=step: {"step": torch.tensor(step)})
    assert keeper.better() == {"step": 25}
    assert "70% were right after 50 steps and 90% before, so the weights of step 25" in keeper.explain()


@pytest.mark.parametrize("last", [0.89, 0.9, 0.95])
def test_nothing_is_kept_back_when_the_last_are_as_good(last):
    keeper = Keeper()
    keeper.observe(report(0, 0.9), dict)
    keeper.observe(report(25, last), dict)
    assert keeper.better() is None


def test_new_strokes_start_the_comparison_afresh():
    keeper = Keeper()
    keeper.observe(report(0, 0.9), dict)
    keeper.forget()
    keeper.observe(report(25, 0.5), dict)
    assert keeper.better() is None


def _engine(**changes):
    store = SampleStore("roi", held_out=0.3)
    store.add(make_cine(n_t=1))
    settings = dataclasses.replace(SETTINGS, held_out=0.3, **changes)
    start = build_engine(settings, SampleStore("roi")).weights()
    engine = build_engine(settings, store, start)
    for revision, z in enumerate((0, 1, 2), start=1):
        engine.apply([make_edit(FrameKey("scan", 0, z), revision)])
    # Myo has two strokes in a slice, so one of them may be held out once later strokes have come.
    for revision in range(4, 9):
        engine.apply([ScribbleEdit(FrameKey("scan", 0, 0), _more(revision), revision)])
    assert engine.store.held_out()
    return engine, start


def _more(revision):
    labels = make_edit(FrameKey("scan", 0, 0)).labels.copy()
    labels[6 + revision, 5:12] = 4
    return labels


def test_the_first_measurement_is_of_the_weights_it_started_from():
    engine, _ = _engine()
    engine.step()
    assert engine._adaptation.keeper.best.step == 0


def test_settling_puts_the_better_weights_back_and_says_so():
    engine, start = _engine()
    said = []
    engine.notify = said.append
    engine.step()
    best = engine._adaptation.keeper.best
    engine._adaptation.keeper.best = dataclasses.replace(
        best, accuracy=1.0
    )  # as if the start had been right everywhere
    assert engine.settle()
    assert all(torch.equal(start[name], tensor) for name, tensor in engine.weights().items())
    assert "the weights it started from are kept" in said[0].text
    assert not engine.settle()


def test_few_slices_lead_adapted_weights_less_far():
    engine, _ = _engine(learning_rate=0.8)
    assert engine.step().learning_rate == pytest.approx(0.8 * (3 / 8) ** 2)
    free, _ = _engine(learning_rate=0.8, schedule="live")
    assert free.step().learning_rate == pytest.approx(0.8)


def test_other_schedules_never_go_back():
    engine, _ = _engine(schedule="live")
    engine.step()
    assert not engine.settle()


def test_averaged_weights_remember_the_start_of_an_adaptation():
    engine, start = _engine(ema_decay=0.9, learning_rate=1.0)
    engine.step()
    name = next(name for name, tensor in start.items() if tensor.is_floating_point())
    trained, averaged = engine.method.state_dict()[name], engine.weights()[name]
    assert torch.allclose(averaged, start[name].lerp(trained, 0.1 * 0.5), atol=1e-6)
    assert not torch.equal(averaged, start[name])


def test_adapted_weights_stay_half_way_until_many_slices_are_drawn_on(monkeypatch):
    engine, start = _engine(ema_decay=0.01, learning_rate=1.0)
    name = next(name for name, tensor in start.items() if tensor.is_floating_point())
    for _ in range(4):
        engine.step()
    trained = engine.method.state_dict()[name]
    # Of earlier steps hardly anything is left in the average: a hundredth of the last but one.
    assert torch.allclose(engine.weights()[name], start[name].lerp(trained, 0.5), atol=0.02)
    monkeypatch.setattr("napari_scribbleseg.engine.adaptation.SLICES_TO_LET_GO", 3)
    for _ in range(4):
        engine.step()
    trained = engine.method.state_dict()[name]
    assert torch.allclose(engine.weights()[name], trained, atol=0.02)
    assert not torch.allclose(trained, start[name], atol=0.05)


def test_what_an_adaptation_began_with_survives_a_resume():
    engine, start = _engine(ema_decay=0.9, learning_rate=1.0)
    engine.step()
    resumed, _ = _engine(ema_decay=0.9, learning_rate=1.0)
    resumed.restore(engine.checkpoint())
    for one in (engine, resumed):
        one.step()
    for name, tensor in engine.weights().items():
        assert torch.equal(resumed.weights()[name], tensor)


def test_a_runner_that_comes_to_rest_predicts_again_with_what_was_kept():
    engine, _ = _engine()
    settled = []

    def settle():
        settled.append(engine.clock.step)
        return True

    engine.settle = settle
    events = []

    def hear(event):
        events.append(event)
        if isinstance(event, Prediction) and settled:
            runner.cancel()

    runner = Runner(lambda: engine, hear)
    runner._patience._blind_steps = runner._patience._stall_steps = 2
    runner.focus(FrameKey("scan", 0, 1))
    runner.run()
    assert settled == [engine.clock.step]
    at = next(i for i, e in enumerate(events) if isinstance(e, StateChanged) and e.state is RunState.RESTING)
    assert any(isinstance(e, Prediction) for e in events[at:])
