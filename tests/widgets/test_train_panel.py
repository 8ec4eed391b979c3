from __future__ import annotations

import pytest

from napari_scribbleseg.qt.values import WeightsOrigin
from napari_scribbleseg.types import FinishReason, PreparationReport, RunState, StepReport

BUTTONS = {
    RunState.IDLE: (True, False, False),
    RunState.STARTING: (False, False, True),
    RunState.RUNNING: (False, True, True),
    RunState.RESTING: (False, True, True),
    RunState.PAUSED: (False, True, True),
    RunState.FINISHING: (False, False, True),
    RunState.FINISHED: (True, False, False),
}


@pytest.fixture
def panel(dock):
    return dock.train_panel


def report(step: int, total: int = 3000) -> StepReport:
    return StepReport(step, {"partial_ce": 0.5}, 0.01, 0.1, 1, 2, total, "cpu")


@pytest.mark.parametrize("state", RunState)
def test_only_what_makes_sense_in_a_state_can_be_pressed(panel, workbench, state):
    workbench.enter(state)
    buttons = (panel.train_button, panel.pause_button, panel.stop_button)
    assert tuple(b.isEnabled() for b in buttons) == BUTTONS[state]


def test_train_starts_with_the_settings_of_the_form(panel, workbench, dock):
    dock.advanced_panel.form.steps.value = 77
    panel.train_button.click()
    name, settings, fresh = workbench.calls[-1]
    assert (name, settings.steps, fresh) == ("train", 77, False)
    assert panel.state_label.text() == "Starting…"


def test_stop_answers_in_the_same_turn_and_cannot_be_pressed_twice(panel, workbench):
    workbench.enter(RunState.RUNNING)
    panel.stop_button.click()
    assert panel.state_label.text() == "Stopping…"
    assert not panel.stop_button.isEnabled()
    assert workbench.calls[-1] == ("stop",)


def test_the_last_predictions_of_a_run_can_be_cut_short(panel, workbench):
    workbench.enter(RunState.FINISHING)
    assert "predicting" in panel.state_label.text()
    panel.stop_button.click()
    assert panel.state_label.text() == "Stopping…"


def test_a_new_run_forgets_that_the_last_was_stopped(panel, workbench):
    workbench.enter(RunState.RUNNING)
    panel.stop_button.click()
    workbench.enter(RunState.FINISHED, reason=FinishReason.CANCELLED)
    panel.train_button.click()
    workbench.enter(RunState.FINISHING)
    assert panel.state_label.text() != "Stopping…"


def test_pause_answers_at_once_and_becomes_resume(panel, workbench):
    workbench.enter(RunState.RUNNING)
    panel.pause_button.click()
    assert panel.state_label.text() == "Pausing…"
    workbench.enter(RunState.PAUSED)
    assert panel.pause_button.text() == "Resume"
    panel.pause_button.click()
    assert workbench.calls[-1] == ("resume",)
    assert panel.pause_button.text() == "Pause"


def test_a_report_shows_device_step_and_progress(panel, workbench):
    workbench.enter(RunState.RUNNING)
    workbench.step_reported.emit(report(750))
    panel._tick()
    assert panel.device_label.text() == "cpu"
    assert panel.progress.value() / panel.progress.maximum() == 0.25
    assert panel.progress_label.text().startswith("Step 750 of 3000")


def test_preparing_pseudo_labels_takes_the_place_of_the_step_line_until_the_next_step(panel, workbench):
    workbench.enter(RunState.RUNNING)
    workbench.preparation_reported.emit(PreparationReport(12, 40))
    assert panel.progress_label.text() == "Preparing pseudo labels: 12 of 40 slices"
    panel._tick()
    assert panel.progress_label.text() == "Preparing pseudo labels: 12 of 40 slices"
    workbench.step_reported.emit(report(1))
    panel._tick()
    assert panel.progress_label.text().startswith("Step 1 of 3000")
    workbench.preparation_reported.emit(PreparationReport(40, 40))
    assert panel.progress_label.text().startswith("Step 1 of 3000")


@pytest.mark.parametrize("reason", [FinishReason.CANCELLED, FinishReason.FAILED])
def test_a_run_that_ends_while_preparing_prepares_no_longer(panel, workbench, reason):
    workbench.enter(RunState.RUNNING)
    workbench.preparation_reported.emit(PreparationReport(3, 40))
    workbench.enter(RunState.FINISHED, reason=reason)
    assert panel.progress_label.text() == "No steps yet"


def test_a_preview_on_screen_is_never_told_as_a_prediction(panel, workbench):
    workbench.age, workbench.counts = (300, 3.0), (10, 200)
    workbench.preview.shown, workbench.preview.count = "Random Walker", 10
    panel._tick()
    assert panel.age_label.text() == "This slice: instant preview (Random Walker)"
    assert panel.coverage_label.text() == "10 of 200 slices previewed, not trained"


def test_strokes_and_age_are_shown(panel, workbench):
    workbench.strokes_changed.emit(14, 15)
    assert panel.strokes_label.text() == "The model has seen 14 of 15 strokes"
    workbench.age, workbench.counts = (12, 3.0), (84, 200)
    panel._tick()
    assert panel.age_label.text() == "This slice: 12 steps / 3 s old"
    assert panel.coverage_label.text() == "84 of 200 slices predicted"


def test_speed_is_not_shown_after_the_end(panel, workbench):
    workbench.enter(RunState.RUNNING)
    for step in (1, 50):
        workbench.step_reported.emit(report(step))
    workbench.enter(RunState.FINISHED, reason=FinishReason.COMPLETED)
    assert "steps/s" not in panel.progress_label.text()
    assert panel.state_label.text() == "Done: all steps trained"


def test_a_mask_before_any_stroke_is_told_while_it_comes_and_when_it_is_there(panel, workbench):
    workbench.counts = (50, 200)
    workbench.first_mask.put(150)
    assert panel.state_label.text() == "Segmenting before any stroke…"
    assert panel.progress.value() / panel.progress.maximum() == 0.25
    assert panel.progress_label.text() == "By acdc_roi; you can draw meanwhile"
    assert panel.train_button.isEnabled()
    assert panel.stop_button.isEnabled()
    workbench.age, workbench.counts = (0, 1.0), (200, 200)
    workbench.first_mask.put(0, running=False, shown=WeightsOrigin("acdc_roi"))
    panel._tick()
    assert panel.state_label.text() == "Ready: draw where it is wrong"
    assert panel.age_label.text() == "This slice: by acdc_roi, before any stroke"
    assert panel.progress_label.text() == "No steps yet"
    assert not panel.stop_button.isEnabled()


def test_stop_ends_the_first_mask_and_not_a_training_that_is_none(panel, workbench):
    workbench.first_mask.put(150)
    panel.stop_button.click()
    assert workbench.calls[-1] == ("stop_first_mask",)
    assert panel.state_label.text() == "Not training yet"


def test_training_takes_the_words_back_from_the_first_mask(panel, workbench):
    workbench.first_mask.put(0, running=False, shown=WeightsOrigin("acdc_roi"))
    workbench.enter(RunState.RUNNING)
    assert panel.state_label.text() == "Training"
    workbench.first_mask.changed.emit()
    assert panel.state_label.text() == "Training"


def test_a_run_without_a_planned_end_shows_its_strokes_and_not_a_share_of_a_million(panel, workbench):
    workbench.enter(RunState.RUNNING)
    workbench.step_reported.emit(report(12, total=10**6))
    panel._tick()
    assert panel.progress.value() / panel.progress.maximum() == 0.5
    assert panel.progress_label.text().startswith("Step 12  ·")
