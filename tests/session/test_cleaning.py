"""What a person chose to be cleaned up survives in `session.json`; sessions from before open with everything on."""

from __future__ import annotations

import json

import pytest

from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.session import Autosaver, SessionFolder
from napari_scribbleseg.session.cleaning import CleaningError, cleaning_from_json, cleaning_to_json
from napari_scribbleseg.session.manifest import manifest_from_bytes

MADE = PostProcessing(largest=True, holes=False, ring=True, border=False)


@pytest.mark.parametrize("post", [MADE, PostProcessing(), PostProcessing.none()])
def test_a_choice_comes_back_as_it_was(post):
    assert cleaning_from_json(json.loads(json.dumps(cleaning_to_json(post)))) == post


def test_a_part_that_an_older_version_did_not_know_is_as_by_default():
    assert cleaning_from_json({"version": 1, "holes": False}) == PostProcessing(holes=False)
    assert cleaning_from_json({}) == PostProcessing()


@pytest.mark.parametrize("wrong", [{"version": 2}, {"ring": 0}, {"border": "no"}, {"largest": None}])
def test_what_is_neither_on_nor_off_is_refused(wrong):
    with pytest.raises(CleaningError):
        cleaning_from_json(wrong)


def test_it_is_on_the_disk_and_comes_back(folder, saver):
    saver.put_post(MADE)
    assert saver.flush()
    written = json.loads((folder.path / "session.json").read_bytes())["cleaning"]
    assert written == {"version": 1, "largest": True, "holes": False, "ring": True, "border": False}
    assert folder.load(tensors=False).post == MADE


def test_a_session_from_before_opens_with_everything_on_and_no_word(folder, saver):
    assert saver.flush()
    values = json.loads((folder.path / "session.json").read_bytes())
    values.pop("cleaning", None)
    manifest = manifest_from_bytes(json.dumps(values).encode())
    assert manifest.post == PostProcessing()
    assert manifest.problems == ()


@pytest.mark.parametrize("wrong", [{"ring": "perhaps"}, {"version": "x"}, [], None, 7])
def test_a_damaged_choice_is_told_and_everything_else_is_whole(tmp_path, cine, wrong):
    with SessionFolder.create(tmp_path / "made") as folder, Autosaver(folder) as saver:
        saver.add_scan(cine)
        saver.put_post(MADE)
        assert saver.flush()
    for name in ("session.json", "session.json.bak"):
        path = tmp_path / "made" / name
        path.write_text(json.dumps({**json.loads(path.read_text()), "cleaning": wrong}))
    with SessionFolder.open(tmp_path / "made") as again:
        state = again.load(tensors=False)
    assert state.post == PostProcessing()
    assert [scan.case for scan in state.scans] == ["scan-1"]
    assert any("choose it again under Advanced" in problem for problem in state.problems)
