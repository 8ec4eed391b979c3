from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import Runner, build_engine
from napari_scribbleseg.engine.patience import Patience
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import (
    Checkpoint,
    FinishReason,
    FrameKey,
    HeldOutReport,
    Notice,
    Prediction,
    RunState,
    ScribbleEdit,
    StateChanged,
    StepReport,
)
from tests.synthetic import make_cine, make_edit, make_strokes

SETTINGS = TrainSettings(batch_size=2, threads=1, steps=1000, held_out=0.0)
KEY = FrameKey("scan", 0, 1)


class _Events(list):
    def of(self, kind):
        return [e for e in list(self) if isinstance(e, kind)]

    @property
    def states(self):
        return [e.state for e in self.of(StateChanged)]

    def await_(self, condition: Callable[[], object], timeout_s: float = 30.0) -> None:
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, f"waited in vain; saw {self.states}"
            time.sleep(0.005)


def _build(settings=SETTINGS, n_t=2, strokes=True, checkpoint=None):
    store = SampleStore(settings.resolution, settings.held_out, settings.seed)
    store.add(make_cine(n_t=n_t))
    if strokes:
        store.apply(make_edit(KEY))
    return build_engine(settings, store, checkpoint=checkpoint)


@contextmanager
def _running(build, **options) -> Iterator[tuple[Runner, _Events]]:
    events = _Events()
    runner = Runner(build, events.append, **options)
    runner.focus(KEY)
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield runner, events
    finally:
        runner.cancel()
        thread.join(30)
        assert not thread.is_alive()


def test_a_run_goes_through_its_states_and_ends_once_with_a_reason():
    events = _Events()
    runner = Runner(lambda: _build(dataclasses.replace(SETTINGS, steps=3)), events.append)
    runner.focus(KEY)
    runner.run()
    assert events.states == [RunState.STARTING, RunState.RUNNING, RunState.FINISHING, RunState.FINISHED]
    assert events[-1].reason is FinishReason.COMPLETED
    assert [e.step for e in events.of(StepReport)] == [1, 2, 3]


def test_a_completed_run_has_predicted_every_slice_of_every_phase_with_the_last_weights():
    events = _Events()
    runner = Runner(lambda: _build(dataclasses.replace(SETTINGS, steps=4)), events.append)
    runner.focus(KEY)
    runner.run()
    latest = {p.key: p.step for p in events.of(Prediction)}
    assert latest == {FrameKey("scan", t, z): 4 for t in range(2) for z in range(3)}
    assert events.of(Prediction)[0].key == KEY


def test_a_run_of_zero_steps_only_predicts():
    engine = _build(dataclasses.replace(SETTINGS, steps=0))
    events = _Events()
    runner = Runner(lambda: engine, events.append)
    runner.focus(KEY)
    runner.run()
    assert len(events.of(Prediction)) == 6
    assert not events.of(StepReport)


def test_a_pause_holds_training_and_an_edit_made_meanwhile_is_seen_afterwards():
    with _running(_build) as (runner, events):
        events.await_(lambda: len(events.of(StepReport)) >= 2)
        runner.set_paused(True)
        events.await_(lambda: runner.state is RunState.PAUSED)
        steps = len(events.of(StepReport))
        changed = make_strokes()
        changed[40:44, 40:44] = 1
        runner.edit(ScribbleEdit(KEY, changed, 2))
        time.sleep(0.3)
        assert len(events.of(StepReport)) == steps
        runner.set_paused(False)
        events.await_(
            lambda: events.of(StepReport)[-1].strokes_total == 2 and events.of(StepReport)[-1].strokes_seen == 2
        )


def test_while_paused_the_rest_of_the_cine_is_predicted():
    with _running(_build) as (runner, events):
        events.await_(lambda: len(events.of(StepReport)) >= 2)
        runner.set_paused(True)
        events.await_(lambda: runner.state is RunState.PAUSED)
        step = events.of(StepReport)[-1].step
        events.await_(lambda: sum(p.step == step for p in events.of(Prediction)) >= 6)


def test_a_cancel_ends_after_the_running_step():
    with _running(_build) as (runner, events):
        events.await_(lambda: len(events.of(StepReport)) >= 1)
        runner.cancel()
        steps = len(events.of(StepReport))
        events.await_(lambda: runner.state is RunState.FINISHED, timeout_s=5)
        assert len(events.of(StepReport)) <= steps + 1
        assert events[-1].reason is FinishReason.CANCELLED


def test_strokes_drawn_before_and_after_the_start_reach_the_engine_even_when_it_began_with_none():
    with _running(lambda: _build(strokes=False)) as (runner, events):
        events.await_(lambda: runner.state is RunState.RESTING)
        assert not events.of(StepReport)
        runner.edit(make_edit(KEY))
        events.await_(lambda: events.of(StepReport))


def test_a_scan_can_join_a_running_training():
    with _running(_build) as (runner, events):
        events.await_(lambda: len(events.of(StepReport)) >= 1)
        runner.add_cine(make_cine("second"))
        runner.edit(make_edit(FrameKey("second", 0, 0), 2))
        runner.focus(FrameKey("second", 0, 0))
        events.await_(lambda: any(p.key.case == "second" for p in events.of(Prediction)))


def test_an_edit_that_fits_nothing_is_reported_and_training_goes_on():
    with _running(_build) as (runner, events):
        runner.edit(make_edit(FrameKey("nowhere", 0, 0), 2))
        events.await_(lambda: events.of(Notice))
        steps = len(events.of(StepReport))
        events.await_(lambda: len(events.of(StepReport)) > steps + 1)


def test_good_edits_that_come_along_with_one_that_fits_nothing_are_kept():
    engine, events = _build(strokes=False), _Events()
    engine.notify = events.append
    assert engine.apply([make_edit(FrameKey("nowhere", 0, 0), 1), make_edit(KEY, 2)])
    assert engine.store.scribbled() == [KEY]
    assert len(events.of(Notice)) == 1


def test_a_resume_said_just_before_the_runner_waits_is_heard():
    with _running(_build) as (runner, events):
        events.await_(lambda: len(events.of(StepReport)) >= 1)
        sleep, held = runner._wait, threading.Event()

        def resume_first(heard: int) -> None:
            if not held.is_set():
                held.set()
                runner.set_paused(False)
            sleep(heard)

        runner._wait = resume_first
        runner.set_paused(True)
        assert held.wait(30)
        steps = len(events.of(StepReport))
        events.await_(lambda: len(events.of(StepReport)) > steps)


def test_a_pause_and_an_end_leave_a_checkpoint_that_resumes():
    with _running(_build) as (runner, events):
        events.await_(lambda: len(events.of(StepReport)) >= 2)
        runner.set_paused(True)
        events.await_(lambda: events.of(Checkpoint))
    checkpoint = events.of(Checkpoint)[-1]
    assert checkpoint.meta["step"] == events.of(StepReport)[-1].step
    with _running(lambda: _build(checkpoint=checkpoint)) as (_, later):
        later.await_(lambda: later.of(StepReport))
        assert later.of(StepReport)[0].step == checkpoint.meta["step"] + 1


def test_checkpoints_come_regularly_and_on_request():
    with _running(_build, checkpoint_every_s=0.01) as (runner, events):
        events.await_(lambda: len(events.of(Checkpoint)) >= 2)
    with _running(_build) as (runner, events):
        events.await_(lambda: len(events.of(StepReport)) >= 1)
        runner.request_checkpoint()
        events.await_(lambda: events.of(Checkpoint))


def test_a_time_limit_ends_the_run():
    events = _Events()
    runner = Runner(lambda: _build(dataclasses.replace(SETTINGS, time_limit_s=0.2)), events.append)
    runner.run()
    assert events[-1].reason is FinishReason.TIME_LIMIT


@pytest.mark.parametrize("error", [ValueError("No such device."), MemoryError("all gone"), ImportError("torch")])
def test_a_failure_to_start_ends_with_a_sentence_not_an_exception(error):
    def build():
        raise error

    events = _Events()
    Runner(build, events.append).run()
    assert events[-1].state is RunState.FINISHED
    assert events[-1].reason is FinishReason.FAILED
    assert str(error) in events[-1].message


def test_a_failing_step_ends_the_run_as_failed():
    engine = _build()

    def fail():
        raise RuntimeError("the disk of the GPU is on fire")

    engine.step = fail
    events = _Events()
    Runner(lambda: engine, events.append).run()
    assert events[-1].reason is FinishReason.FAILED
    assert "on fire" in events[-1].message


def test_a_live_run_rests_when_nothing_is_left_to_gain_and_the_next_stroke_wakes_it():
    with _running(_build) as (runner, events):
        runner._patience._blind_steps = 2
        events.await_(lambda: runner.state is RunState.RESTING)
        steps = len(events.of(StepReport))
        time.sleep(0.2)
        assert len(events.of(StepReport)) == steps
        changed = make_strokes()
        changed[50:53, 50:53] = 1
        runner.edit(ScribbleEdit(KEY, changed, 2))
        events.await_(lambda: len(events.of(StepReport)) > steps)


def test_patience_waits_for_the_accuracy_to_stall():
    patience = Patience(stall_steps=100, blind_steps=50)
    patience.observe(HeldOutReport(10, 0.5, 9))
    patience.observe(HeldOutReport(60, 0.7, 9))
    patience.observe(HeldOutReport(110, 0.7, 9))
    assert not patience.is_over(159)
    assert patience.is_over(160)
    patience.restart(160)
    assert not patience.is_over(209)
    assert patience.is_over(210)


def test_the_window_waits_for_nothing():
    with _running(_build) as (runner, events):
        events.await_(lambda: len(events.of(StepReport)) >= 1)
        start = time.perf_counter()
        for i in range(50):
            runner.edit(ScribbleEdit(KEY, np.full((64, 64), i % 4, np.uint8), i + 2))
            runner.focus(KEY)
            runner.set_paused(i % 2 == 0)
        assert time.perf_counter() - start < 0.5
