"""What a training begins with: chosen by a person, or sensibly by itself."""

from __future__ import annotations

import dataclasses

import pytest

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, MYO
from napari_scribbleseg.qt.start_desk import SCRATCH, SESSION, StartKind
from napari_scribbleseg.qt.values import WeightsOrigin
from napari_scribbleseg.session.manifest import manifest_from_bytes
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import RunState
from tests.qt.stand_ins import StandInShelf, paint, paint_two_classes, shipped_entry, write_scan

WINDOW = False
TUNED = WeightsOrigin("acdc_roi", "0123456789ab", tuned=True)


@pytest.fixture
def shelf():
    return StandInShelf(shipped_entry())


@pytest.fixture
def bench(make_bench, shelf, scan_path):
    """A workbench with a scan and accepted weights, which makes no masks by itself."""
    bench = make_bench(shelf=shelf)
    bench.open_scan(scan_path)
    return bench


def end_with_weights(qtbot, bench, runner) -> None:
    qtbot.waitUntil(lambda: bench.state is RunState.RUNNING)
    runner.checkpoint()
    qtbot.waitUntil(lambda: bench.can_continue)
    bench.stop()
    qtbot.waitUntil(lambda: bench.state is RunState.FINISHED)


def test_one_stroke_of_one_class_is_enough_to_fine_tune(bench, runners):
    paint(bench, LV)
    assert bench.starts.tunes
    assert bench.train()
    request = runners[-1].request
    assert request.settings.schedule == "finetune"
    assert request.source == "/shelf/acdc_roi.safetensors"
    assert not bench.continuing  # a new curve begins
    assert "No strokes of" not in bench.said.text


def test_without_any_stroke_fine_tuning_says_where_to_draw(bench, runners):
    assert not bench.train()
    assert "draw one where the mask is wrong" in bench.said.text
    assert not runners


def test_until_somebody_chooses_it_is_the_shipped_weights_then_those_of_the_session(bench, runners, qtbot):
    assert bench.starts.chosen.entry.name == "acdc_roi"
    assert [choice.kind for choice in bench.starts.choices()] == [StartKind.WEIGHTS, StartKind.SCRATCH]
    paint(bench, LV)
    bench.train()
    end_with_weights(qtbot, bench, runners[-1])
    assert bench.starts.chosen == SESSION
    assert bench.starts.choices()[0] == SESSION
    assert bench.starts.tunes
    assert not bench.starts.replaces_own
    bench.train()
    assert runners[-1].request.checkpoint is not None
    assert bench.continuing


def test_from_scratch_is_as_before(bench, runners, qtbot):
    bench.starts.choose(SCRATCH)
    assert not bench.starts.tunes
    assert bench.settings == TrainSettings()
    paint(bench, LV)
    assert not bench.train()
    assert "Only LV is drawn" in bench.said.text
    paint(bench, BACKGROUND_SCRIBBLE, y=35, x=30)
    assert bench.train()
    request = runners[-1].request
    assert (request.source, request.settings.schedule) == ("", "live")
    runners[-1].predict(bench.current_key(), step=3)
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 1)
    assert not bench._scans.record.weights


def test_choosing_weights_over_the_sessions_own_begins_anew_and_says_that_it_replaces_them(bench, runners, qtbot):
    paint(bench, LV)
    bench.train()
    end_with_weights(qtbot, bench, runners[-1])
    bench.starts.choose(bench.starts.choices()[1])
    assert bench.starts.replaces_own
    bench.train()
    assert (runners[-1].request.checkpoint, runners[-1].request.source) == (None, "/shelf/acdc_roi.safetensors")
    assert bench.starts.chosen.kind is StartKind.WEIGHTS  # until there are newer ones
    end_with_weights(qtbot, bench, runners[-1])
    assert bench.starts.chosen == SESSION


def test_a_licence_that_was_not_accepted_keeps_weights_from_being_chosen(make_bench, scan_path):
    bench = make_bench(shelf=StandInShelf(shipped_entry(), accepted=False))
    bench.open_scan(scan_path)
    assert bench.starts.chosen == SCRATCH
    assert not bench.starts.choose(bench.starts.choices()[0])
    assert bench.starts.chosen == SCRATCH
    bench.starts.accept_licence()
    assert bench.starts.chosen.entry.name == "acdc_roi"


def test_an_acceptance_that_cannot_be_saved_counts_for_this_window(make_bench):
    shelf = StandInShelf(shipped_entry(), accepted=False)
    shelf.can_write = False
    bench = make_bench(shelf=shelf)
    bench.starts.accept_licence()
    assert bench.starts.tunes
    assert "could not be saved" in bench.said.text


def test_weights_of_another_method_are_refused_in_a_sentence(bench, runners):
    paint_two_classes(bench)
    assert not bench.train(dataclasses.replace(bench.settings, method="pce"))
    assert "were trained with dmpls" in bench.said.text
    assert "From scratch" in bench.said.text
    assert not runners


def test_a_file_that_is_no_weights_file_is_a_sentence_and_changes_nothing(bench, tmp_path):
    before = bench.starts.chosen
    (tmp_path / "notes.safetensors").write_text("hello")
    assert not bench.starts.choose_file(tmp_path / "notes.safetensors")
    assert not bench.starts.choose_file(tmp_path / "missing.safetensors")
    assert "notes.safetensors is damaged or holds no weights" in bench.said.text
    assert "no weights file missing.safetensors" in bench.said.text
    assert bench.starts.chosen == before


def test_settings_follow_the_start_and_keep_what_belongs_to_the_machine(bench):
    bench._runs.settings = TrainSettings(threads=2, seed=9, learning_rate=0.2)
    tuning = bench.settings
    assert (tuning.schedule, tuning.threads, tuning.seed) == ("finetune", 2, 9)
    assert tuning.learning_rate != 0.2
    bench.starts.choose(SCRATCH)
    assert bench.settings.learning_rate == 0.2
    assert bench.starts.defaults == TrainSettings()


def test_strokes_of_the_scan_on_screen_alone_can_be_learned_from(bench, runners, tmp_path, qtbot):
    paint(bench, LV)
    second = bench.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    assert not bench.train(only_shown=True)
    assert "no strokes yet" in bench.said.text
    paint(bench, MYO)
    assert bench.train(only_shown=True)
    request = runners[-1].request
    assert [cine.case for cine in request.cines] == [second]
    assert {edit.key.case for edit in request.edits} == {second}
    assert bench.strokes() == (0, 1)
    bench.show_scan(bench.scans()[0].case)
    paint(bench, LV, y=30)
    bench.flush()
    assert not runners[-1].edits  # shown and predicted, not learned from
    assert runners[-1].foci[-1].case == bench.shown_case


def test_the_session_remembers_what_training_began_with_and_for_how_long(make_bench, bench, runners, qtbot, shelf):
    paint(bench, LV)
    bench.set_remember_paths(True)
    bench.train()
    end_with_weights(qtbot, bench, runners[-1])
    seconds = bench._runs.trained_s
    path = bench.session_path
    bench.close()
    manifest = manifest_from_bytes((path / "session.json").read_bytes())
    assert manifest.started_from == TUNED.key
    assert 0 < manifest.trained_s <= seconds

    again = make_bench(shelf=shelf)
    again.open_session(path)
    again._session.wait_for_weights()
    assert again._runs.started_from == TUNED
    assert again._runs.trained_s == pytest.approx(manifest.trained_s)
    assert again.starts.tunes
    again.starts.choose(SCRATCH)
    paint_two_classes(again)
    again.train()
    assert again._runs.started_from is None
    again.close()
    assert manifest_from_bytes((path / "session.json").read_bytes()).started_from == ""


def test_another_session_forgets_the_choice(bench, tmp_path, scan_path):
    first = bench.session_path
    assert bench.save_session_as(tmp_path / "kept")
    bench.starts.choose(SCRATCH)
    assert bench.open_session(first)
    assert bench.starts.chosen.kind is StartKind.WEIGHTS
