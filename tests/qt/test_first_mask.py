"""Open a scan, and there is a mask before any stroke, without anybody waiting for it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.labels import LV, MYO
from napari_scribbleseg.qt.values import WeightsOrigin
from napari_scribbleseg.types import FinishReason, FrameKey, RunState, StateChanged
from tests.qt.stand_ins import StandInShelf, go_to, paint, shipped_entry, write_scan

WINDOW = False


@pytest.fixture
def bench(make_bench):
    """A workbench with weights on its shelf whose licence was accepted, and no scan yet."""
    return make_bench(shelf=StandInShelf(shipped_entry()), first_masks=True)


def predict_all(qtbot, bench, runner, label=LV) -> None:
    record = bench._scans.record
    for key in record.cine.keys():
        runner.predict(key, label, step=0)
    qtbot.waitUntil(lambda: not bench.first_mask.missing, timeout=3000)


def finish(qtbot, bench, runner) -> None:
    runner.complete()
    qtbot.waitUntil(lambda: not bench.first_mask.training.active, timeout=3000)


def test_a_scan_is_segmented_as_soon_as_it_is_shown_and_its_slice_first(bench, runners, scan_path, qtbot):
    case = bench.open_scan(scan_path)
    (runner,) = runners
    request = runner.request
    assert bench.layer("image") is not None  # on screen before anything is predicted
    assert (request.settings.steps, request.settings.schedule) == (0, "finetune")
    assert (request.source, request.checkpoint, request.weights) == ("/shelf/acdc_roi.safetensors", None, None)
    assert request.focus == (case, 0, 2)
    assert not request.edits
    assert bench.first_mask.running

    predict_all(qtbot, bench, runner)
    assert not bench.first_mask.running
    assert bench.predicted_counts() == (12, 12)
    assert (bench.layer("prediction").data[1, 3] == LV).any()
    assert bench.state is RunState.IDLE  # nobody trains
    finish(qtbot, bench, runner)
    assert len(runners) == 1


def test_what_the_weights_made_carries_their_name_through_accept_session_and_back(
    make_bench, bench, runners, scan_path, qtbot
):
    bench.open_scan(scan_path)
    bench.set_remember_paths(True)
    predict_all(qtbot, bench, runners[-1])
    origin = WeightsOrigin("acdc_roi", "0123456789ab")
    assert bench.first_mask.shown == origin
    bench.accept("frame")
    bench.layer("mask").paint((0, 1, 5, 5), MYO)
    path = bench.session_path
    bench.close()

    again = make_bench()
    assert again.open_session(path)
    makers = again._scans.record.mask_makers
    assert {index: makers[index] for index in makers} == {(0, z): origin for z in range(4)}
    assert again.mask_state(FrameKey(again.shown_case, 0, 1)) == "edited"


def test_slices_of_a_fine_tuned_network_say_that_strokes_had_a_part(bench, runners, scan_path, qtbot):
    bench.open_scan(scan_path)
    predict_all(qtbot, bench, runners[-1])
    paint(bench, LV)
    assert bench.train()
    runners[-1].predict(bench.current_key(), MYO, step=5)
    qtbot.waitUntil(lambda: bench.first_mask.shown is None)
    record = bench._scans.record
    assert record.weights[0, 2] == WeightsOrigin("acdc_roi", "0123456789ab", tuned=True)
    assert record.weights[0, 1] == WeightsOrigin("acdc_roi", "0123456789ab")


def test_training_does_not_wait_for_the_first_mask_and_late_slices_of_it_are_dropped(bench, runners, scan_path, qtbot):
    bench.open_scan(scan_path)
    first = runners[-1]
    first.predict(bench.current_key(), LV, step=0)
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 1)
    first.ignores_cancel = True
    paint(bench, MYO)
    assert bench.train()
    assert bench.state is RunState.STARTING
    assert first.cancelled.is_set()
    assert not bench.first_mask.running
    first.emit(_prediction(bench, (1, 1)))
    qtbot.waitUntil(lambda: bench.state is RunState.RUNNING)
    qtbot.wait(120)
    assert bench.predicted_counts()[0] == 1  # the slice that was there stays until training has a newer one
    assert len(runners) == 2


def _prediction(bench, index):
    from napari_scribbleseg.types import Prediction

    _, _, height, width = bench._scans.record.cine.shape
    labels = np.full((height, width), LV, np.uint8)
    return Prediction(FrameKey(bench.shown_case, *index), labels, labels, 0, 0)


def test_a_scan_opened_meanwhile_joins_and_the_first_is_taken_up_when_it_is_shown_again(
    bench, runners, scan_path, tmp_path, qtbot
):
    first = bench.open_scan(scan_path)
    second = bench.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    (runner,) = runners
    assert [cine.case for cine in runner.cines] == [second]
    assert runner.foci[-1] == (second, 0, 2)
    predict_all(qtbot, bench, runner)
    finish(qtbot, bench, runner)
    assert len(runners) == 1
    bench.show_scan(first)
    assert len(runners) == 2
    assert [cine.case for cine in runners[-1].request.cines] == [first]


def test_a_scan_opened_while_training_is_left_to_the_network_that_trains(bench, runners, scan_path, tmp_path, qtbot):
    bench.open_scan(scan_path)
    predict_all(qtbot, bench, runners[-1])
    finish(qtbot, bench, runners[-1])
    paint(bench, LV)
    bench.train()
    second = bench.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    assert len(runners) == 2
    assert [cine.case for cine in runners[-1].cines] == [second]
    bench.stop()
    qtbot.waitUntil(lambda: len(runners) == 3, timeout=3000)  # training ended before it came to this scan
    assert [cine.case for cine in runners[-1].request.cines] == [second]


def test_strokes_of_a_scan_say_where_its_heart_is(bench, runners, scan_path, tmp_path, qtbot):
    first = bench.open_scan(scan_path)
    paint(bench, LV)
    bench.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    paint(bench, MYO)
    bench.show_scan(first)
    assert [edit.key for edit in runners[-1].edits] == [(first, 0, 2)]  # the run under way is told
    runners[-1].predict(bench.current_key(), step=0)
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 1)
    runners[-1].complete()
    qtbot.waitUntil(lambda: len(runners) == 2)
    assert [edit.key for edit in runners[-1].request.edits] == [(first, 0, 2)]


def test_without_an_accepted_licence_it_asks_once_and_begins_when_it_is_accepted(
    make_bench, runners, scan_path, tmp_path
):
    bench = make_bench(shelf=StandInShelf(shipped_entry(), accepted=False), first_masks=True)
    asked = []
    bench.first_mask.licence_asked.connect(lambda: asked.append(1))
    bench.open_scan(scan_path)
    bench.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    assert asked == [1]
    assert not runners
    assert not bench.starts.tunes
    bench.starts.accept_licence()
    assert len(runners) == 1
    assert bench.starts.tunes


@pytest.mark.parametrize("how", ["nothing on the shelf", "damaged"])
def test_without_usable_weights_everything_is_as_before(make_bench, runners, scan_path, how):
    problems = ["acdc_roi.safetensors is damaged; reinstall."] if how == "damaged" else []
    bench = make_bench(shelf=StandInShelf(problems=problems), first_masks=True)
    bench.open_scan(scan_path)
    assert not runners
    assert [notice.text for notice in bench.said] == problems
    assert not bench.needs_predictions()


def test_weights_that_fail_are_a_sentence_once_and_not_tried_again(bench, runners, scan_path, tmp_path, qtbot):
    runners.fails_with = ValueError("acdc_roi.safetensors is damaged.\nMissing keys: a, b, c")
    bench.open_scan(scan_path)
    qtbot.waitUntil(lambda: not bench.first_mask.training.active)
    bench.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    qtbot.wait(50)
    assert len(runners) == 1
    assert bench.said.text.count("There is no mask before your strokes") == 1
    assert "damaged" in bench.said.text
    assert "Missing keys" not in bench.said.text
    assert bench.said[-1].level == "warning"


def test_stopping_it_leaves_the_scan_alone(bench, runners, scan_path, qtbot):
    case = bench.open_scan(scan_path)
    bench.first_mask.stop()
    qtbot.waitUntil(lambda: not bench.first_mask.training.active)
    assert not bench.first_mask.running
    bench._scans.scan_shown.emit(case)
    assert len(runners) == 1


def test_a_run_that_predicts_nothing_is_not_repeated_for_ever(bench, runners, scan_path, qtbot):
    bench.open_scan(scan_path)
    qtbot.waitUntil(lambda: runners[-1].state is RunState.RUNNING)
    finish(qtbot, bench, runners[-1])
    qtbot.wait(50)
    assert len(runners) == 1


def test_the_slice_on_screen_leads(bench, runners, scan_path):
    case = bench.open_scan(scan_path)
    go_to(bench, 2, 1)
    assert runners[-1].foci[-1] == (case, 2, 1)


def test_other_weights_segment_what_was_segmented_before_any_stroke_anew(make_bench, runners, scan_path, qtbot):
    other = shipped_entry("other", "ffff00000000")
    bench = make_bench(shelf=StandInShelf(shipped_entry(), other), first_masks=True)
    bench.open_scan(scan_path)
    predict_all(qtbot, bench, runners[-1])
    finish(qtbot, bench, runners[-1])
    choice = next(c for c in bench.starts.choices() if c.entry is other)
    assert bench.starts.choose(choice)
    assert len(runners) == 2
    assert runners[-1].request.source == str(other.path)
    assert bench.first_mask.running
    assert (bench.layer("prediction").data == LV).any()  # what was there stays until it is replaced
    predict_all(qtbot, bench, runners[-1], MYO)
    assert bench.first_mask.shown.name == "other"


def test_another_clean_up_predicts_anew_or_is_told_to_the_training_under_way(bench, runners, scan_path, qtbot):
    bench.open_scan(scan_path)
    assert runners[-1].request.post == PostProcessing()
    predict_all(qtbot, bench, runners[-1])
    finish(qtbot, bench, runners[-1])
    bench.set_post(PostProcessing.none())
    assert len(runners) == 2
    assert runners[-1].request.post == PostProcessing.none()
    predict_all(qtbot, bench, runners[-1])
    finish(qtbot, bench, runners[-1])
    paint(bench, LV)
    bench.train()
    bench.set_post(PostProcessing())
    assert runners[-1].posts == [PostProcessing()]
    assert len(runners) == 3


def test_a_reopened_session_is_predicted_by_its_own_weights(make_bench, bench, runners, scan_path, qtbot):
    bench.open_scan(scan_path)
    bench.set_remember_paths(True)
    paint(bench, LV)
    bench.train()
    runners[-1].checkpoint(step=7)
    qtbot.waitUntil(lambda: bench.can_continue)
    path = bench.session_path
    bench.close()

    again = make_bench(shelf=StandInShelf(shipped_entry()), first_masks=True)
    n_before = len(runners)
    assert again.open_session(path)
    qtbot.waitUntil(lambda: len(runners) > n_before, timeout=5000)
    request = runners[-1].request
    assert (request.checkpoint is not None, request.source) == (True, "")
    assert len(request.edits) == 1
    runners[-1].predict(again.current_key(), LV, step=7)
    qtbot.waitUntil(lambda: again.predicted_counts()[0] == 1)
    assert again._scans.record.weights[0, 2] == WeightsOrigin("acdc_roi", "0123456789ab", tuned=True)
    assert again.starts.tunes
    assert len(runners) == n_before + 1


def test_closing_the_workbench_ends_the_thread(bench, runners, scan_path):
    bench.open_scan(scan_path)
    bench.close()
    assert runners[-1].cancelled.is_set()
    assert runners[-1].state is RunState.FINISHED


def test_export_before_it_is_through_offers_to_wait(bench, runners, scan_path, qtbot):
    done = []
    bench.open_scan(scan_path)
    assert bench.needs_predictions()
    assert bench.complete_predictions(lambda: done.append(1))
    qtbot.waitUntil(lambda: bench.state is RunState.RUNNING)
    request = runners[-1].request
    assert (request.settings.steps, request.source) == (0, "/shelf/acdc_roi.safetensors")
    for key in bench._scans.record.cine.keys():
        runners[-1].predict(key, step=0)
    runners[-1].do(lambda r: r._enter(StateChanged(RunState.FINISHED, FinishReason.COMPLETED, "Finished.")))
    qtbot.waitUntil(lambda: done == [1])
    assert not bench.needs_predictions()
    assert bench.first_mask.shown == WeightsOrigin("acdc_roi", "0123456789ab")
