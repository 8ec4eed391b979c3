from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_scribbleseg.session import (
    Autosaver,
    SessionError,
    SessionFolder,
    SliceState,
    View,
)
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Cine, FrameKey, ScribbleEdit


def _content(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def _filled(path: Path, cine: Cine) -> np.ndarray:
    strokes = np.zeros((20, 16), np.uint8)
    strokes[3:7, 4] = [1, 2, 3, 4]
    with SessionFolder.create(path) as folder, Autosaver(folder) as saver:
        saver.add_scan(cine)
        saver.put_slice(cine.case, 1, 2, strokes, revision=5)
    return strokes


def test_everything_comes_back(tmp_path, make_cine, rng):
    cines = [make_cine("scan-1"), make_cine("scan-2", (1, 5, 8, 9), ndim=3, seed=1)]
    settings, view = TrainSettings(steps=7, options={"lam": 0.25}), View("scan-2", 0, 3, 2.5, (4.0, 5.0))
    scribbles = {c.case: rng.integers(0, 5, c.shape, dtype=np.uint8) for c in cines}
    masks = {c.case: rng.integers(0, 4, c.shape, dtype=np.uint8) for c in cines}
    with SessionFolder.create(tmp_path / "s") as folder, Autosaver(folder) as saver:
        revision = 0
        for cine in cines:
            saver.add_scan(cine)
            for key in cine.keys():
                revision += 1
                saver.put_edit(ScribbleEdit(key, scribbles[key.case][key.t, key.z], revision, strokes=2))
            saver.put_mask(cine.case, {(0, z): masks[cine.case][0, z] for z in range(4)}, SliceState.ACCEPTED)
            saver.put_mask(cine.case, {(0, 1): masks[cine.case][0, 1]}, SliceState.EDITED)
            saver.put_mask(cine.case, {(0, 2): np.zeros_like(masks[cine.case][0, 2])}, SliceState.PREDICTED)
        saver.set_mask_locked("scan-2", True)
        saver.put_settings(settings)
        saver.put_view(view)
        saver.record("accept", case="scan-1", t=0)
    with SessionFolder.open(tmp_path / "s") as folder:
        state = folder.load()
    assert state.problems == ()
    assert folder.messages == ()
    assert state.settings == settings
    assert state.view == view
    assert state.next_revision == revision + 1
    assert [scan.case for scan in state.scans] == ["scan-1", "scan-2"]
    for cine, scan in zip(cines, state.scans, strict=True):
        assert scan.shape == cine.shape
        assert scan.spacing_mm == pytest.approx(cine.spacing_mm)
        np.testing.assert_array_equal(state.scribbles[cine.case], scribbles[cine.case])
        np.testing.assert_array_equal(state.masks[cine.case][0, [0, 1, 3]], masks[cine.case][0, [0, 1, 3]])
        assert not state.masks[cine.case][1:].any()
        assert state.mask_states[cine.case].slices == {
            (0, 0): SliceState.ACCEPTED,
            (0, 1): SliceState.EDITED,
            (0, 3): SliceState.ACCEPTED,
        }
        n_t, n_z = cine.shape[:2]
        assert scan.strokes == 2 * n_t * n_z
        assert scan.counts == {"scribbled": n_t * n_z, "accepted": 2, "edited": 1}
    assert [state.mask_states[cine.case].locked for cine in cines] == [False, True]
    assert state.history[-1]["kind"] == "accept"
    assert state.checkpoint is None


def test_an_erased_slice_stays_erased(tmp_path, cine):
    strokes = _filled(tmp_path / "s", cine)
    with SessionFolder.open(tmp_path / "s") as folder, Autosaver(folder) as saver:
        saver.put_slice(cine.case, 1, 2, np.zeros_like(strokes), revision=6)
    with SessionFolder.open(tmp_path / "s") as folder:
        assert not folder.load().scribbles[cine.case].any()


def test_loaded_arrays_cannot_be_written_by_accident(tmp_path, cine):
    _filled(tmp_path / "s", cine)
    with SessionFolder.open(tmp_path / "s") as folder:
        state = folder.load()
    assert not any(labels.flags.writeable for labels in (*state.scribbles.values(), *state.masks.values()))


def test_create_refuses_a_folder_that_holds_something(tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(SessionError, match="not empty"):
        SessionFolder.create(tmp_path)
    assert _content(tmp_path) == {"thesis.txt": b"three years of work"}


def test_create_below_a_file_says_one_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SessionError, match="No session can be made in session"):
        SessionFolder.create(tmp_path / "file" / "session")


def test_a_full_disk_on_create_says_one_sentence_and_unlocks(tmp_path, monkeypatch):
    def refuse(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("napari_scribbleseg.session.folder.write_atomically", refuse)
        with pytest.raises(SessionError, match="No space left"):
            SessionFolder.create(tmp_path / "s")
    (tmp_path / "s" / "lock").unlink()
    SessionFolder.create(tmp_path / "s").close()


@pytest.mark.parametrize("name", ["absent", "plain"])
def test_open_refuses_what_is_no_session_and_leaves_it_alone(tmp_path, name):
    (tmp_path / "plain").mkdir()
    with pytest.raises(SessionError, match=f"{name} is not a"):
        SessionFolder.open(tmp_path / name)
    assert _content(tmp_path) == {}


@pytest.mark.parametrize("damaged_first", [False, True])
def test_a_newer_version_is_named_and_left_untouched(tmp_path, cine, damaged_first):
    path = tmp_path / "s"
    _filled(path, cine)
    for name in ("session.json", "session.json.bak"):
        values = json.loads((path / name).read_bytes())
        (path / name).write_text(json.dumps({**values, "version": 99, "app_version": "7.3", "new": {"a": 1}}))
    if damaged_first:
        (path / "session.json").write_bytes(b"\0" * 100)
    before = _content(path)
    with pytest.raises(SessionError, match=r"version 99, written by napari-scribbleseg 7\.3"):
        SessionFolder.open(path)
    assert _content(path) == before


@pytest.mark.parametrize("content", [b"", b"\0" * 50, b'{"format": "napari-scr', b"[]", b'{"format":"x"}'])
def test_a_damaged_manifest_is_restored_from_its_copy(tmp_path, cine, content):
    strokes = _filled(tmp_path / "s", cine)
    (tmp_path / "s" / "session.json").write_bytes(content)
    with SessionFolder.open(tmp_path / "s") as folder, Autosaver(folder) as saver:
        assert "its copy was used" in folder.messages[0]
        np.testing.assert_array_equal(folder.load().scribbles[cine.case][1, 2], strokes)
        saver.put_view(View(cine.case))
    assert (tmp_path / "s" / "session.json.damaged").read_bytes() == content
    with SessionFolder.open(tmp_path / "s") as folder:
        assert folder.messages == ()


def test_two_damaged_manifests_are_one_sentence_that_says_where_the_strokes_are(tmp_path, cine):
    _filled(tmp_path / "s", cine)
    for name in ("session.json", "session.json.bak"):
        (tmp_path / "s" / name).write_bytes(b"{")
    before = _content(tmp_path)
    with pytest.raises(SessionError, match="strokes in its folder scribbles"):
        SessionFolder.open(tmp_path / "s")
    assert _content(tmp_path) == before


def test_unknown_settings_are_a_problem_not_a_failure(tmp_path, cine):
    strokes = _filled(tmp_path / "s", cine)
    for name in ("session.json", "session.json.bak"):
        text = (tmp_path / "s" / name).read_text()
        (tmp_path / "s" / name).write_text(text.replace('"steps"', '"stairs"'))
    with SessionFolder.open(tmp_path / "s") as folder:
        state = folder.load()
    assert "stairs" in state.problems[0]
    assert state.settings == TrainSettings()
    np.testing.assert_array_equal(state.scribbles[cine.case][1, 2], strokes)


def test_missing_scribbles_are_named_and_the_rest_is_given(tmp_path, cine):
    _filled(tmp_path / "s", cine)
    (tmp_path / "s" / "scribbles" / "scan-1.nii.gz").unlink()
    with SessionFolder.open(tmp_path / "s") as folder:
        state = folder.load()
    assert state.problems == ("scribbles/scan-1.nii.gz is missing.",)
    assert state.scribbles[cine.case].shape == cine.shape


def test_a_truncated_scribble_file_gives_what_it_still_holds_and_is_kept(tmp_path, cine, rng):
    path = tmp_path / "s" / "scribbles" / "scan-1.nii.gz"
    strokes = rng.integers(0, 5, cine.shape, dtype=np.uint8)
    with SessionFolder.create(tmp_path / "s") as folder, Autosaver(folder) as saver:
        saver.add_scan(cine)
        for t, z in np.ndindex(3, 4):
            saver.put_slice(cine.case, t, z, strokes[t, z])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with SessionFolder.open(tmp_path / "s") as folder:
        state = folder.load()
        assert state.problems[0].startswith("scribbles/scan-1.nii.gz is damaged; about ")
        np.testing.assert_array_equal(state.scribbles[cine.case][0], strokes[0])
        with Autosaver(folder, state) as saver:
            saver.put_slice(cine.case, 2, 3, strokes[2, 3])
    assert path.with_name("scan-1.nii.gz.damaged").read_bytes() == whole[: len(whole) * 2 // 3]
    with SessionFolder.open(tmp_path / "s") as folder:
        state = folder.load()
    assert state.problems == ()
    np.testing.assert_array_equal(state.scribbles[cine.case][2, 3], strokes[2, 3])


def test_damaged_mask_states_are_named_and_strokes_come_back(tmp_path, cine):
    strokes = _filled(tmp_path / "s", cine)
    (tmp_path / "s" / "masks").mkdir(exist_ok=True)
    (tmp_path / "s" / "masks" / "scan-1.json").write_text('{"slices": 3}')
    with SessionFolder.open(tmp_path / "s") as folder:
        state = folder.load()
    assert "masks/scan-1.json is damaged" in state.problems[0]
    np.testing.assert_array_equal(state.scribbles[cine.case][1, 2], strokes)


def test_leftovers_of_a_killed_process_are_cleared(tmp_path, cine):
    _filled(tmp_path / "s", cine)
    leftovers = [tmp_path / "s" / ".tmpAbC123", tmp_path / "s" / "scribbles" / ".scribbleseg-0f.nii.gz"]
    for leftover in leftovers:
        leftover.write_bytes(b"half")
    SessionFolder.open(tmp_path / "s").close()
    assert not any(leftover.exists() for leftover in leftovers)


def test_a_copy_opens_while_the_original_stays_locked(tmp_path, cine):
    strokes = _filled(tmp_path / "s", cine)
    with SessionFolder.open(tmp_path / "s") as folder:
        folder.copy_to(tmp_path / "copy")
        with SessionFolder.open(tmp_path / "copy") as copy:
            assert copy.messages == ()
            np.testing.assert_array_equal(copy.load().scribbles[cine.case][1, 2], strokes)
        with pytest.raises(SessionError, match="not empty"):
            folder.copy_to(tmp_path / "copy")
        (tmp_path / "file").touch()
        with pytest.raises(SessionError, match="could not be copied"):
            folder.copy_to(tmp_path / "file" / "copy")


def test_a_scan_is_recognised_by_its_content(tmp_path, make_cine):
    _filled(tmp_path / "s", make_cine())
    with SessionFolder.open(tmp_path / "s") as folder, Autosaver(folder) as saver:
        saver.add_scan(make_cine())
        assert len(saver.manifest.scans) == 1
        with pytest.raises(SessionError, match="is not the scan"):
            saver.add_scan(make_cine(seed=9))
        with pytest.raises(SessionError, match="too like the name"):
            saver.add_scan(make_cine("SCAN-1", seed=9))


def test_a_case_cannot_reach_outside_the_folder(tmp_path, make_cine):
    cine = make_cine("../../evil")
    with SessionFolder.create(tmp_path / "deep" / "s") as folder, Autosaver(folder) as saver:
        saver.add_scan(cine)
        saver.put_slice(cine.case, 0, 0, np.ones((20, 16), np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    with SessionFolder.open(tmp_path / "deep" / "s") as folder:
        assert folder.load().scribbles["../../evil"][0, 0].all()


def test_keys_of_the_state_match_frame_keys(tmp_path, cine):
    strokes = _filled(tmp_path / "s", cine)
    key = FrameKey(cine.case, 1, 2)
    with SessionFolder.open(tmp_path / "s") as folder:
        np.testing.assert_array_equal(folder.load().scribbles[key.case][key.t, key.z], strokes)
