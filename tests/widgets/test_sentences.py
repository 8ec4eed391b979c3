from __future__ import annotations

import pytest

from napari_scribbleseg.types import FinishReason, RunState, StateChanged
from napari_scribbleseg.widgets.sentences import (
    age_sentence,
    brush_sentence,
    clock_text,
    coverage_sentence,
    duration_text,
    mask_sentence,
    preparation_sentence,
    progress_sentence,
    scan_details,
    state_sentence,
    strokes_sentence,
)


@pytest.mark.parametrize("state", [s for s in RunState if s is not RunState.FINISHED])
def test_each_state_has_words_of_its_own(state):
    others = {state_sentence(StateChanged(s)) for s in RunState if s is not state}
    assert state_sentence(StateChanged(state)) not in others


@pytest.mark.parametrize("reason", FinishReason)
def test_each_end_has_words_of_its_own(reason):
    others = {state_sentence(StateChanged(RunState.FINISHED, r)) for r in FinishReason if r is not reason}
    assert state_sentence(StateChanged(RunState.FINISHED, reason)) not in others


def test_time_is_told_as_a_clock():
    assert [clock_text(s) for s in (0, 9.9, 61, 3725)] == ["0:00", "0:09", "1:01", "1:02:05"]


def test_durations_take_the_unit_that_reads_best():
    assert [duration_text(s) for s in (0.2, 3.4, 240, 9000)] == ["now", "3 s", "4 min", "2 h"]


def test_progress_tells_step_total_speed_and_time():
    text = progress_sentence(312, 3000, 4.12, 83)
    assert [part.strip() for part in text.split("·")] == ["Step 312 of 3000", "4.1 steps/s", "1:23"]


def test_unknown_speed_is_left_out():
    assert "steps/s" not in progress_sentence(1, 10, 0.0, 2)


def test_strokes_are_counted_and_their_lack_is_said():
    assert strokes_sentence(14, 15) == "The model has seen 14 of 15 strokes"
    assert strokes_sentence(0, 1) == "The model has seen 0 of 1 stroke"
    assert "No strokes yet" in strokes_sentence(0, 0)


def test_age_tells_steps_and_seconds():
    assert age_sentence((12, 3.2)) == "This slice: 12 steps / 3 s old"
    assert age_sentence((1, 0.1)) == "This slice: 1 step old"
    assert age_sentence((0, 99.0)) == "This slice: predicted by the newest weights"
    assert age_sentence(None) == "This slice: no prediction yet"


def test_a_preview_has_no_age():
    assert age_sentence((300, 5.0), "GrowCut") == "This slice: instant preview (GrowCut)"


def test_preparation_counts_slices():
    assert preparation_sentence(12, 40) == "Preparing pseudo labels: 12 of 40 slices"
    assert preparation_sentence(0, 1) == "Preparing pseudo labels: 0 of 1 slice"


def test_coverage_tells_previews_from_predictions():
    assert coverage_sentence(10, 200, 10) == "10 of 200 slices previewed, not trained"
    assert coverage_sentence(84, 200, 6) == "84 of 200 slices predicted, 6 of them only previewed"


def test_coverage_counts_slices():
    assert coverage_sentence(84, 200) == "84 of 200 slices predicted"
    assert coverage_sentence(0, 0) == ""


def test_mask_sentence_tells_slice_progress_and_lock():
    assert mask_sentence("accepted", 3, 200, True) == "This slice: accepted  ·  3/200 accepted  ·  locked"
    assert mask_sentence("preview", 3, 200, False) == "This slice: preview only  ·  3/200 accepted"
    assert mask_sentence("", 0, 0, False) == "Open a scan first"


def test_a_volume_has_no_phases():
    assert "phases" in scan_details((20, 10, 5, 6), 1, 0)
    assert "phases" not in scan_details((1, 10, 5, 6), 1, 0)


def test_brush_is_given_in_mm_where_the_spacing_is_known():
    assert brush_sentence(4, 1.5) == "4 px · 6.0 mm"
    assert brush_sentence(4, None) == "4 px"
