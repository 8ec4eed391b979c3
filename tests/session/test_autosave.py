from __future__ import annotations

import errno
import json
import shutil
import threading
import time

import numpy as np
import pytest

from napari_scribbleseg.session import Autosaver, MapKind, SessionError, SessionFolder, SliceState
from napari_scribbleseg.session.journal import read_journal
from napari_scribbleseg.session.maps import read_map
from napari_scribbleseg.types import Checkpoint

STROKES = np.zeros((20, 16), np.uint8)
STROKES[4:9, 3] = 3


def _saved(folder: SessionFolder, case: str = "scan-1") -> np.ndarray:
    path = folder.path / "scribbles" / f"{case}.nii.gz"
    labels, problem = read_map(path, MapKind.SCRIBBLES, folder.manifest.scan(case))
    assert problem == ""
    return labels


def _wait_for(condition, timeout_s: float = 5.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


def _refuse(*args: object, **kwargs: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def slow(folder, notices, cine):
    """An autosaver that folds its journal only when told."""
    with Autosaver(folder, notify=notices.append, fold_after_s=3600, retry_s=0.05) as saver:
        saver.add_scan(cine)
        assert saver.flush()
        yield saver


def test_a_slice_is_in_the_journal_long_before_the_map_is_written(slow, folder):
    slow.put_slice("scan-1", 2, 1, STROKES, revision=4)
    _wait_for(lambda: read_journal(folder.path / "journal")[0])
    assert not _saved(folder).any()
    np.testing.assert_array_equal(folder.load(tensors=False).scribbles["scan-1"][2, 1], STROKES)


def test_folding_empties_the_journal_into_the_map(slow, folder):
    slow.put_slice("scan-1", 2, 1, STROKES, revision=4)
    assert slow.flush()
    assert read_journal(folder.path / "journal")[0] == []
    np.testing.assert_array_equal(_saved(folder)[2, 1], STROKES)
    assert folder.manifest.next_revision == 5
    assert folder.manifest.scans[0].counts["scribbled"] == 1


def test_maps_are_folded_by_themselves(folder, cine):
    with Autosaver(folder, fold_after_s=0.05) as saver:
        saver.add_scan(cine)
        saver.put_slice("scan-1", 0, 0, STROKES)
        _wait_for(lambda: folder.manifest.scans and folder.manifest.scans[0].counts.get("scribbled") == 1)


def test_a_crash_between_map_and_journal_does_no_harm(slow, folder, monkeypatch):
    slow.put_slice("scan-1", 0, 0, STROKES, revision=1)
    slow._quick.flush(5)
    with monkeypatch.context() as patch:
        patch.setattr(slow._journal, "drop", lambda *args, **kwargs: None)
        slow.flush()
    slow.put_slice("scan-1", 0, 0, 0 * STROKES, revision=2)
    slow._quick.flush(5)
    assert len(read_journal(folder.path / "journal")[0]) == 2
    state = folder.load(tensors=False)
    assert not state.scribbles["scan-1"].any()
    assert state.next_revision == 3


def test_what_the_journal_replays_is_folded_when_the_session_is_opened_again(tmp_path, slow, folder):
    slow.put_slice("scan-1", 1, 1, STROKES, revision=8, strokes=3)
    slow.put_mask("scan-1", {(1, 1): STROKES}, SliceState.ACCEPTED)
    slow._quick.flush(5)
    shutil.copytree(folder.path, tmp_path / "after-crash")
    with SessionFolder.open(tmp_path / "after-crash") as again:
        with Autosaver(again) as saver:
            assert saver.flush()
            assert not list((again.path / "journal").iterdir())
        np.testing.assert_array_equal(_saved(again)[1, 1], STROKES)
        scan = again.manifest.scans[0]
        assert (scan.strokes, scan.counts) == (3, {"scribbled": 1, "accepted": 1, "edited": 0})


def test_origins_of_mask_slices_survive_a_crash_and_later_sessions(tmp_path, slow, folder):
    for z, origin in enumerate(("random_walker", "growcut", "of a later version", "")):
        slow.put_mask("scan-1", {(0, z): STROKES}, SliceState.ACCEPTED, origin)
    slow._quick.flush(5)
    assert not (folder.path / "masks" / "scan-1.json").exists()
    shutil.copytree(folder.path, tmp_path / "after-crash")
    origins = {(0, 0): "random_walker", (0, 1): "growcut", (0, 2): "of a later version"}
    for _ in range(2):  # from the journal alone, then from the file that it was folded into
        with SessionFolder.open(tmp_path / "after-crash") as again, Autosaver(again) as saver:
            state = again.load(tensors=False)
            assert saver.flush()
        assert state.problems == ()
        assert state.mask_states["scan-1"].origins == origins
        assert len(state.mask_states["scan-1"].slices) == 4


def test_an_origin_goes_when_its_slice_is_made_by_training_or_leaves_the_mask(slow, folder):
    slow.put_mask("scan-1", {(0, 0): STROKES, (0, 1): STROKES, (0, 2): STROKES}, SliceState.ACCEPTED, "growcut")
    assert slow.flush()
    slow.put_mask("scan-1", {(0, 0): STROKES}, SliceState.ACCEPTED)
    slow.put_mask("scan-1", {(0, 1): 0 * STROKES}, SliceState.PREDICTED, "growcut")
    slow.put_mask("scan-1", {(0, 2): STROKES}, SliceState.EDITED, "growcut")
    for flush in (slow._quick.flush, slow.flush):
        assert flush(5)
        states = folder.load(tensors=False).mask_states["scan-1"]
        assert states.slices == {(0, 0): SliceState.ACCEPTED, (0, 2): SliceState.EDITED}
        assert states.origins == {(0, 2): "growcut"}


def test_an_older_session_opens_and_takes_origins_from_then_on(slow, folder):
    slow.put_mask("scan-1", {(0, 0): STROKES}, SliceState.ACCEPTED)
    assert slow.flush()
    file = folder.path / "masks" / "scan-1.json"
    assert json.loads(file.read_bytes()) == {"locked": False, "slices": [{"t": 0, "z": 0, "state": "accepted"}]}
    state = folder.load(tensors=False)
    assert (state.problems, state.mask_states["scan-1"].origins) == ((), {})
    with Autosaver(folder, state) as saver:
        saver.put_mask("scan-1", {(0, 1): STROKES}, SliceState.ACCEPTED, "growcut")
    assert folder.load(tensors=False).mask_states["scan-1"].origins == {(0, 1): "growcut"}


def test_edits_of_a_scan_that_is_not_listed_are_told_and_kept(tmp_path, slow, folder, make_cine):
    slow.add_scan(make_cine("scan-2"))
    slow.flush()
    slow.put_slice("scan-2", 0, 0, STROKES)
    slow._quick.flush(5)
    shutil.copytree(folder.path, tmp_path / "s")
    manifest = (tmp_path / "s" / "session.json").read_text().replace("scan-2", "scan-3")
    (tmp_path / "s" / "session.json").write_text(manifest)
    with SessionFolder.open(tmp_path / "s") as again:
        assert any("fit no scan" in problem for problem in again.load(tensors=False).problems)
        with Autosaver(again) as saver:
            saver.put_slice("scan-1", 0, 0, STROKES)
        kept = [record.key.case for record in read_journal(tmp_path / "s" / "journal")[0]]
    assert kept == ["scan-2"]


def test_the_callers_array_may_change_after_the_call(slow, folder):
    mine = STROKES.copy()
    slow.put_slice("scan-1", 0, 0, mine)
    mine[:] = 1
    slow.flush()
    np.testing.assert_array_equal(_saved(folder)[0, 0], STROKES)


@pytest.mark.parametrize(
    ("case", "t", "z", "labels"),
    [("other", 0, 0, STROKES), ("scan-1", 3, 0, STROKES), ("scan-1", 0, -1, STROKES), ("scan-1", 0, 0, STROKES.T)],
)
def test_a_slice_of_no_scan_is_refused_and_changes_nothing(slow, folder, case, t, z, labels):
    with pytest.raises(SessionError):
        slow.put_slice(case, t, z, labels)
    with pytest.raises(SessionError):
        slow.put_mask(case, {(t, z): labels}, SliceState.EDITED)
    assert slow.flush()
    assert not _saved(folder).any()


def test_locking_a_mask_of_no_scan_is_refused(slow):
    with pytest.raises(SessionError, match="not a scan"):
        slow.set_mask_locked("other", True)


def test_a_full_disk_is_told_nothing_raises_and_all_is_written_later(slow, folder, notices, monkeypatch):
    with monkeypatch.context() as patch:
        for name in ("os.fsync", "os.replace"):
            patch.setattr(name, _refuse)
        patch.setattr("napari_scribbleseg.session.autosave.append_history", _refuse)
        slow.put_slice("scan-1", 0, 0, STROKES, revision=1)
        slow.set_mask_locked("scan-1", True)
        slow.record("hello")
        assert not slow.flush(5)
        slow.put_slice("scan-1", 0, 1, STROKES, revision=2)
    warned = {notice.text for notice in notices if notice.level == "warning"}
    assert "Could not save the strokes: the disk is full. It is kept in memory and tried again." in warned
    assert slow.flush(5)
    state = folder.load(tensors=False)
    np.testing.assert_array_equal(state.scribbles["scan-1"][0, :2], [STROKES, STROKES])
    assert state.mask_states["scan-1"].locked
    assert state.history[-1]["kind"] == "hello"
    assert state.problems == ()


def test_one_map_that_cannot_be_written_does_not_hold_up_the_others(slow, folder, make_cine, notices):
    slow.add_scan(make_cine("scan-2"))
    slow.flush()
    blocked = folder.path / "scribbles" / "scan-2.nii.gz"
    blocked.unlink()
    blocked.mkdir()
    for case in ("scan-1", "scan-2"):
        slow.put_slice(case, 0, 0, STROKES)
    assert not slow.flush()
    assert len(notices) == 1
    np.testing.assert_array_equal(_saved(folder)[0, 0], STROKES)
    np.testing.assert_array_equal(folder.load(tensors=False).scribbles["scan-2"][0, 0], STROKES)
    blocked.rmdir()
    assert slow.flush()
    np.testing.assert_array_equal(_saved(folder, "scan-2")[0, 0], STROKES)


def test_a_folder_that_vanished_is_told_and_written_when_it_is_back(slow, folder, notices):
    away = folder.path.with_name("away")
    folder.path.rename(away)
    slow.put_slice("scan-1", 0, 0, STROKES)
    assert not slow.flush()
    assert "the folder is gone" in notices[0].text
    assert not folder.path.exists()
    away.rename(folder.path)
    assert slow.flush()
    np.testing.assert_array_equal(_saved(folder)[0, 0], STROKES)


def test_of_checkpoints_that_wait_only_the_latest_is_written(saver, folder, monkeypatch):
    begun, go_on, written = threading.Event(), threading.Event(), []

    def write(path: object, checkpoint: Checkpoint) -> None:
        begun.set()
        go_on.wait(5)
        written.append(checkpoint.meta["step"])

    monkeypatch.setattr("napari_scribbleseg.session.autosave.write_checkpoint", write)
    monkeypatch.setattr("napari_scribbleseg.session.autosave.write_weights", lambda path, checkpoint: None)
    saver.put_checkpoint(Checkpoint({}, {"step": 0}, {}))
    begun.wait(5)
    for step in range(1, 10):
        saver.put_checkpoint(Checkpoint({}, {"step": step}, {}))
    go_on.set()
    assert saver.flush()
    assert written == [0, 9]


def test_strokes_reach_the_disk_while_a_checkpoint_is_being_written(saver, folder, cine, monkeypatch):
    saver.add_scan(cine)
    saver.flush()
    go_on = threading.Event()
    monkeypatch.setattr("napari_scribbleseg.session.autosave.write_checkpoint", lambda path, checkpoint: go_on.wait(5))
    monkeypatch.setattr("napari_scribbleseg.session.autosave.write_weights", lambda path, checkpoint: None)
    saver.put_checkpoint(Checkpoint({}, {}, {}))
    saver.put_slice("scan-1", 0, 0, STROKES)
    _wait_for(lambda: read_journal(folder.path / "journal")[0])
    go_on.set()


def test_drawing_is_light_on_a_large_cine(folder, make_cine):
    cine = make_cine(shape=(30, 12, 256, 216))
    labels = np.zeros(cine.shape[2:], np.uint8)
    labels[100:110, 100:110] = 2
    with Autosaver(folder, fold_after_s=3600) as saver:
        saver.add_scan(cine)
        saver.flush()
        taken_s = []
        for revision in range(100):
            start = time.perf_counter()
            saver.put_slice("scan-1", revision % 30, 3, labels, revision)
            taken_s.append(time.perf_counter() - start)
        saver._quick.flush(5)
        size = sum(path.stat().st_size for path in (folder.path / "journal").iterdir())
    assert np.median(taken_s) < 0.005
    assert size < 100 * 2000


def test_a_clean_end_leaves_no_journal(folder, cine):
    with Autosaver(folder) as saver:
        saver.add_scan(cine)
        for revision in range(20):
            saver.put_slice("scan-1", 0, revision % 4, STROKES, revision)
    assert not list((folder.path / "journal").iterdir())


def test_closing_twice_is_safe_and_says_that_all_is_written(folder, cine):
    saver = Autosaver(folder)
    saver.add_scan(cine)
    assert saver.close()
    assert saver.close()
