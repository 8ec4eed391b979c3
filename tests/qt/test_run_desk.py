"""From Train to Finished, and whatever happens in between."""

from __future__ import annotations

import dataclasses

import pytest

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, MYO
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FinishReason, PreparationReport, RunState
from tests.qt.stand_ins import go_to, paint, paint_two_classes, write_scan

WINDOW = False


@pytest.fixture
def states(bench):
    found = []
    bench.state_changed.connect(found.append)
    return found


def wait_for(qtbot, bench, state):
    qtbot.waitUntil(lambda: bench.state is state, timeout=3000)


def test_without_scan_strokes_or_a_second_class_train_says_what_is_missing(make_bench, scan_path, runners):
    bench = make_bench()
    assert not bench.train()
    assert "Open a scan first" in bench.said[-1].text
    bench.open_scan(scan_path)
    assert not bench.train()
    assert "no strokes yet" in bench.said[-1].text
    paint(bench, LV)
    assert not bench.train()
    assert "Only LV is drawn" in bench.said[-1].text
    assert "Background" in bench.said[-1].text
    assert bench.state is RunState.IDLE
    assert not runners


def test_a_run_gets_all_strokes_of_all_scans_and_the_shown_slice(bench, runners, tmp_path):
    first = bench.shown_case
    paint(bench, LV, at=(0, 1))
    paint(bench, MYO, at=(2, 3), x=30)
    second = bench.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    paint(bench, BACKGROUND_SCRIBBLE)
    started = []
    bench.run_started.connect(lambda: started.append(bench.continuing))

    assert bench.train(TrainSettings(steps=50))

    request = runners[-1].request
    assert [cine.case for cine in request.cines] == [first, second]
    assert {edit.key for edit in request.edits} == {(first, 0, 1), (first, 2, 3), (second, 0, 2)}
    assert [edit.revision for edit in request.edits] == [1, 2, 3]
    assert request.focus == (second, 0, 2)
    assert request.settings.steps == 50
    assert started == [False]
    assert "No strokes of RV yet" in bench.said.text


def test_edits_and_the_slice_on_screen_reach_the_run(bench, runners, qtbot):
    paint_two_classes(bench)
    bench.train()
    go_to(bench, 1, 3)
    paint(bench, LV)
    qtbot.waitUntil(lambda: len(runners[-1].edits) == 1)

    assert runners[-1].foci[-1] == (bench.shown_case, 1, 3)
    assert runners[-1].edits[0].key == (bench.shown_case, 1, 3)
    bench.layer("scribbles").undo()
    qtbot.waitUntil(lambda: len(runners[-1].edits) == 2)
    assert not runners[-1].edits[1].labels.any()


def test_a_scan_opened_during_a_run_joins_it(bench, runners, qtbot, tmp_path):
    paint_two_classes(bench)
    bench.train()
    second = bench.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    paint(bench, LV)
    bench.flush()

    assert [cine.case for cine in runners[-1].cines] == [second]
    assert runners[-1].edits[-1].key.case == second


def test_pause_resume_and_stop_answer_at_once(bench, runners, states, qtbot):
    paint_two_classes(bench)
    bench.train()
    assert bench.state is RunState.STARTING
    wait_for(qtbot, bench, RunState.RUNNING)
    bench.pause()
    assert bench.state is RunState.PAUSED
    bench.resume()
    assert bench.state is RunState.RUNNING
    bench.stop()
    assert bench.state is RunState.FINISHING
    wait_for(qtbot, bench, RunState.FINISHED)

    assert runners[-1].pauses == [True, False]
    assert states[-1].reason is FinishReason.CANCELLED
    assert [state.state for state in states].count(RunState.FINISHED) == 1


def test_the_second_train_continues_and_start_over_does_not(bench, runners, qtbot):
    paint_two_classes(bench)
    settings = TrainSettings(steps=100)
    bench.train(settings)
    assert not bench.can_continue
    runners[-1].checkpoint(step=7)
    qtbot.waitUntil(lambda: bench.can_continue)
    bench.stop()
    wait_for(qtbot, bench, RunState.FINISHED)

    for again, fresh, continues in (
        (dataclasses.replace(settings, learning_rate=0.1), False, True),
        (dataclasses.replace(settings, method="pce"), False, False),
        (settings, True, False),
    ):
        assert bench.train(again, fresh=fresh)
        assert (runners[-1].request.checkpoint is not None) == continues == bench.continuing
        bench.stop()
        wait_for(qtbot, bench, RunState.FINISHED)


def test_a_fresh_run_forgets_the_old_predictions(bench, runners, qtbot):
    paint_two_classes(bench)
    bench.train()
    runners[-1].predict(bench.current_key())
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 1)
    bench.stop()
    wait_for(qtbot, bench, RunState.FINISHED)
    bench.train(fresh=True)

    assert bench.predicted_counts() == (0, 12)
    assert not bench.layer("prediction").data.any()


def test_a_trainer_that_raises_ends_in_a_sentence_and_train_works_again(bench, runners, states, qtbot):
    paint_two_classes(bench)
    runners.fails_with = RuntimeError("the moon is full")
    bench.train()
    wait_for(qtbot, bench, RunState.FINISHED)
    assert states[-1].reason is FinishReason.FAILED
    assert "the moon is full" in states[-1].message

    runners.fails_with = None
    assert bench.train()
    wait_for(qtbot, bench, RunState.RUNNING)


def test_reports_count_what_the_model_has_seen(bench, runners, qtbot):
    told = []
    bench.strokes_changed.connect(lambda seen, total: told.append((seen, total)))
    paint_two_classes(bench)
    assert bench.strokes() == (0, 2)
    bench.train()
    runners[-1].report(step=5, seen=1, total=2)
    qtbot.waitUntil(lambda: bench.strokes() == (1, 2))
    paint(bench, MYO, y=30)
    bench.flush()
    assert bench.strokes() == (1, 3)
    runners[-1].report(step=6, seen=3, total=3)
    qtbot.waitUntil(lambda: told[-1] == (3, 3))


def test_the_preparation_of_a_method_is_told_while_it_lasts(bench, runners, qtbot):
    told = []
    bench.preparation_reported.connect(told.append)
    paint_two_classes(bench)
    bench.train()
    runners[-1].do(lambda runner: runner.emit(PreparationReport(12, 40)))
    qtbot.waitUntil(lambda: told == [PreparationReport(12, 40)])


def test_removing_the_image_stops_training_and_keeps_the_strokes(bench, runners, qtbot):
    case = bench.shown_case
    paint_two_classes(bench)
    bench.train()
    bench.viewer.layers.clear()
    wait_for(qtbot, bench, RunState.FINISHED)

    assert bench.shown_case == ""
    assert not bench.viewer.layers
    assert "Its strokes and masks are kept" in bench.said.text
    assert bench.scans()[0].n_strokes == 2
    bench.show_scan(case)
    assert (bench.layer("scribbles").data[0, 2] == LV).any()


def test_replacing_the_image_data_stops_training_and_leaves_the_new_image(bench, runners, qtbot):
    paint_two_classes(bench)
    bench.train()
    image = bench.layer("image")
    image.data = image.data[:, :, :20, :20] * 1
    wait_for(qtbot, bench, RunState.FINISHED)

    assert list(bench.viewer.layers) == [image]
    assert bench.use_layer(image)
    assert bench.layer("scribbles").data.shape == (3, 4, 20, 20)
    assert len(bench.scans()) == 2


def test_missing_predictions_are_completed_with_the_last_weights(bench, runners, qtbot):
    done = []
    paint_two_classes(bench)
    assert not bench.complete_predictions(lambda: done.append(1))
    assert "Nothing was trained yet" in bench.said[-1].text
    bench.train()
    runners[-1].predict(bench.current_key(), step=7)
    runners[-1].checkpoint(step=7)
    qtbot.waitUntil(lambda: bench.can_continue)
    assert not bench.complete_predictions(lambda: done.append(1))
    bench.stop()
    wait_for(qtbot, bench, RunState.FINISHED)
    assert bench.needs_predictions()

    assert bench.complete_predictions(lambda: done.append(1))
    request = runners[-1].request
    assert request.settings.steps == 0
    assert request.checkpoint is not None
    for key in bench._scans.record.cine.keys():
        runners[-1].predict(key, step=7)
    runners[-1].complete()
    qtbot.waitUntil(lambda: done == [1])
    assert bench.predicted_counts() == (12, 12)
    assert not bench.needs_predictions()
