"""What a person does is on the disk at once, and opening a session brings it back."""

from __future__ import annotations

import errno
import json

import numpy as np
import pytest

from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.labels import LV, MYO
from napari_scribbleseg.session import Autosaver, SessionFolder
from napari_scribbleseg.settings import TrainSettings
from tests.qt.stand_ins import StandInShelf, go_to, paint, paint_two_classes, shipped_entry, write_scan

WINDOW = False


def saved_strokes(path):
    from napari_scribbleseg.session.manifest import manifest_from_bytes
    from napari_scribbleseg.session.state import load_maps

    manifest = manifest_from_bytes((path / "session.json").read_bytes())
    maps = load_maps(path, manifest)
    return {case: labels for (kind, case), labels in maps.labels.items() if kind.value == "scribbles"}


def test_a_stroke_is_on_the_disk_without_anybody_saving(bench, qtbot):
    assert bench.session_path is not None
    paint(bench, LV)
    qtbot.waitUntil(lambda: LV in saved_strokes(bench.session_path)[bench.shown_case], timeout=3000)


def test_a_session_brings_back_strokes_masks_settings_weights_and_the_view(make_bench, runners, qtbot, scan_path):
    bench = make_bench()
    bench.open_scan(scan_path)
    bench.set_remember_paths(True)
    go_to(bench, 2, 1)
    paint_two_classes(bench)
    bench.train(TrainSettings(steps=77))
    runners[-1].predict(bench.current_key(), MYO)
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 1)
    bench.accept("slice")
    bench.set_mask_locked(True)
    bench.viewer.scene.camera.zoom = 3.5
    strokes, mask = (bench.layer(kind).data.copy() for kind in ("scribbles", "mask"))
    path, case = bench.session_path, bench.shown_case
    bench.close()

    again = make_bench()
    told = []
    again.session_changed.connect(lambda _path: told.append(again.settings.steps))
    assert again.reopen_last()
    assert told == [77]  # a form that is filled in when the session changes shows its settings
    assert again.session_path == path
    assert np.array_equal(again.layer("scribbles").data, strokes)
    assert np.array_equal(again.layer("mask").data, mask)
    assert again.current_key() == (case, 2, 1)
    assert again.settings.steps == 77
    assert again.mask_locked
    assert again.mask_state() == "accepted"
    assert again.viewer.scene.camera.zoom == pytest.approx(3.5, rel=0.01)
    paint(again, LV, y=40)
    again.flush()
    assert again._scans.revisions.last == 2 + bench._scans.revisions.last - 1


NO_RING = PostProcessing(ring=False, border=False)


def test_a_reopened_session_cleans_up_as_it_was_left_before_the_first_prediction_shows(make_bench, runners, scan_path):
    bench = make_bench()
    bench.open_scan(scan_path)
    bench.set_remember_paths(True)
    bench.set_post(NO_RING)
    path = bench.session_path
    bench.close()

    again = make_bench(shelf=StandInShelf(shipped_entry()), first_masks=True)
    heard = []
    again.session_changed.connect(lambda _path: heard.append(again.post))
    assert again.open_session(path)
    again._session.wait_for_weights()
    assert again.post == NO_RING
    assert heard == [NO_RING]
    assert [runner.request.post for runner in runners] == [NO_RING]


def test_what_was_chosen_before_there_was_a_scan_is_in_the_session_that_it_makes(make_bench, scan_path, tmp_path):
    bench = make_bench()
    bench.set_post(NO_RING)
    bench.open_scan(scan_path)
    assert bench.post == NO_RING
    assert bench.save_session_as(tmp_path / "copy")
    bench.close()
    for path in (tmp_path / "copy", next((tmp_path / "sessions").iterdir())):
        with SessionFolder.open(path) as folder:
            assert folder.load(tensors=False).post == NO_RING


def test_another_session_brings_its_own_choice_not_that_of_the_one_before(make_bench, scan_path, tmp_path):
    bench = make_bench()
    bench.open_scan(scan_path)
    first = bench.session_path
    assert bench.save_session_as(tmp_path / "other")
    bench.set_post(NO_RING)
    assert bench.open_session(first)
    assert bench.post == PostProcessing()
    assert bench.open_session(tmp_path / "other")
    assert bench.post == NO_RING


def test_without_consent_no_path_is_kept_and_opening_the_file_brings_the_strokes_back(make_bench, scan_path):
    bench = make_bench()
    case = bench.open_scan(scan_path)
    paint(bench, LV)
    bench.flush()
    path = bench.session_path
    bench.close()
    for file in path.rglob("*"):
        if file.is_file():
            assert scan_path.name.encode() not in file.read_bytes()

    again = make_bench()
    assert again.open_session(path)
    assert again.shown_case == ""
    assert f"Open the file of {case}" in again.said.text
    assert [(scan.case, scan.state) for scan in again.scans()] == [(case, "file not found")]
    again.show_scan(case)
    assert "was not found" in again.said[-1].text
    assert again.open_scan(scan_path) == case
    assert LV in again.layer("scribbles").data
    assert [scan.n_strokes for scan in again.scans()] == [1]


def test_a_session_that_cannot_be_opened_leaves_the_present_one(bench, tmp_path):
    paint(bench, LV)
    before = bench.session_path
    (tmp_path / "empty").mkdir()
    assert not bench.open_session(tmp_path / "empty")
    assert "is not a session" in bench.said.text

    newer = tmp_path / "newer"
    with SessionFolder.create(newer):
        pass
    for name in ("session.json", "session.json.bak"):
        values = json.loads((newer / name).read_text())
        (newer / name).write_text(json.dumps({**values, "version": 99}))
    assert not bench.open_session(newer)
    assert "version 99" in bench.said.text
    assert not bench.open_session(before)
    assert "open already" in bench.said.text

    assert bench.session_path == before
    assert LV in bench.layer("scribbles").data


def test_opening_another_session_replaces_scans_and_stops_training(bench, runners, tmp_path):
    paint_two_classes(bench)
    first = bench.session_path
    assert bench.save_session_as(tmp_path / "kept")
    assert bench.session_path == tmp_path / "kept"
    bench.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    bench.train()
    assert bench.open_session(first)

    assert runners[-1].cancelled.is_set()
    assert len(bench.scans()) == 1
    assert not bench._runs.training.active
    paint_again = saved_strokes(first)
    assert set(np.unique(next(iter(paint_again.values())))) == {0, LV, 4}


def test_save_as_refuses_a_folder_that_holds_something(bench, tmp_path, scan_path):
    before = bench.session_path
    assert not bench.save_session_as(tmp_path)
    assert "is not empty" in bench.said.text
    assert bench.session_path == before


def test_an_unwritable_home_is_said_once_and_work_goes_on(make_bench, scan_path, tmp_path):
    (tmp_path / "file").write_text("in the way")
    bench = make_bench()
    bench._saving._root = tmp_path / "file" / "sessions"
    bench.open_scan(scan_path)
    paint(bench, LV)
    bench.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))

    assert bench.session_path is None
    assert bench.said.text.count("kept in memory only") == 1
    assert bench.save_session_as(tmp_path / "elsewhere")
    bench.flush()
    assert LV in next(iter(saved_strokes(tmp_path / "elsewhere").values()))


def test_a_disk_that_refuses_is_a_sentence_and_the_stroke_is_written_later(bench, qtbot, monkeypatch):
    real = Autosaver._write_journal

    def refuse(self):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Autosaver, "_write_journal", refuse)
    paint(bench, LV)
    qtbot.waitUntil(lambda: "the disk is full" in bench.said.text, timeout=8000)
    assert LV in bench.layer("scribbles").data
    monkeypatch.setattr(Autosaver, "_write_journal", real)
    paint(bench, MYO, y=30)
    qtbot.waitUntil(lambda: MYO in saved_strokes(bench.session_path)[bench.shown_case], timeout=8000)
