"""The runner looks for doubt in its spare time, never in front of a prediction, and never at the cost of one."""

from __future__ import annotations

import dataclasses

from napari_scribbleseg.engine import Runner
from napari_scribbleseg.types import DoubtReport, FrameKey, Prediction, RunState, StepReport
from tests.engine.test_runner import KEY, SETTINGS, _build, _Events, _running

ALL = {(t, z) for t in range(2) for z in range(3)}


def rated(events, step=None):
    reports = [r for r in events.of(DoubtReport) if step is None or r.step == step]
    return {index for report in reports for index in report.slices}


def test_a_run_that_is_through_rates_every_slice_after_all_are_predicted():
    events = _Events()
    runner = Runner(lambda: _build(dataclasses.replace(SETTINGS, steps=0)), events.append, doubt_at_end_s=60)
    runner.focus(KEY)
    runner.run()
    kinds = [type(e) for e in events if isinstance(e, Prediction | DoubtReport)]
    assert kinds.index(DoubtReport) > max(i for i, kind in enumerate(kinds) if kind is Prediction)
    assert rated(events) == ALL
    assert events[-1].state is RunState.FINISHED


def test_somebody_who_waits_for_predictions_alone_does_not_wait_for_doubt():
    events = _Events()
    runner = Runner(lambda: _build(dataclasses.replace(SETTINGS, steps=0)), events.append, doubt_at_end_s=0)
    runner.focus(KEY)
    runner.run()
    assert not events.of(DoubtReport)


def test_while_paused_every_slice_is_rated_by_the_newest_weights():
    with _running(_build) as (runner, events):
        events.await_(lambda: len(events.of(StepReport)) >= 3)
        runner.set_paused(True)
        events.await_(lambda: runner.state is RunState.PAUSED)
        step = events.of(StepReport)[-1].step
        events.await_(lambda: rated(events, step) == ALL)


def test_ratings_come_while_training_goes_on_too():
    with _running(_build) as (_, events):
        events.await_(lambda: rated(events) == ALL)
        assert len(events.of(StepReport)) > 1
        report = events.of(DoubtReport)[-1]
        assert report.case == "scan"
        assert report.scores == {index: doubt.score for index, doubt in report.slices.items()}


def test_without_a_scan_on_screen_nothing_is_rated():
    events = _Events()
    Runner(lambda: _build(dataclasses.replace(SETTINGS, steps=4)), events.append).run()
    assert not events.of(DoubtReport)


def test_what_was_predicted_at_rest_costs_the_training_that_follows_nothing():
    with _running(_build) as (runner, events):
        events.await_(lambda: len(events.of(StepReport)) >= 3)
        runner.set_paused(True)
        events.await_(lambda: runner.state is RunState.PAUSED)
        events.await_(lambda: rated(events, events.of(StepReport)[-1].step) == ALL)
        credit_s = runner._sweep._credit_s
        assert credit_s > -1.0
        later = FrameKey("scan", 1, 0)
        runner.focus(later)
        assert runner._sweep._credit_s == credit_s
