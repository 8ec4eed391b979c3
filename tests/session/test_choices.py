"""What a person decided about measuring survives in `session.json`, and damage to it harms nothing else."""

from __future__ import annotations

import json

import pytest

from napari_scribbleseg.cardiac.measurement import Body, Choices
from napari_scribbleseg.session import Autosaver, SessionFolder
from napari_scribbleseg.session.choices import ChoicesError, choices_from_json, choices_to_json
from napari_scribbleseg.session.manifest import manifest_from_bytes

SHAPE = (3, 4, 20, 16)
MADE = Choices(ed=0, es=2, excluded=frozenset({(0, 3), (2, 0)}), body=Body(181.0, 77.5), heart_rate_bpm=64.0)


def test_choices_come_back_as_they_were():
    assert choices_from_json(json.loads(json.dumps(choices_to_json(MADE))), SHAPE) == MADE
    assert choices_from_json(choices_to_json(Choices()), SHAPE) == Choices()


@pytest.mark.parametrize(
    "wrong",
    [
        {"ed": 3},
        {"es": -1},
        {"ed": "0"},
        {"excluded": [[0, 4]]},
        {"height_cm": -1},
        {"weight_kg": float("nan")},
        {"version": 2},
    ],
)
def test_what_fits_no_scan_is_refused(wrong):
    with pytest.raises(ChoicesError):
        choices_from_json(wrong, SHAPE)


def manifest_of(folder):
    return json.loads((folder.path / "session.json").read_bytes())


def test_choices_are_on_the_disk_with_their_scan_and_come_back(folder, saver, cine):
    saver.add_scan(cine)
    saver.put_choices("scan-1", MADE)
    assert saver.flush()
    assert manifest_of(folder)["scans"][0]["choices"] == {
        "version": 1,
        "ed": 0,
        "es": 2,
        "excluded": [[0, 3], [2, 0]],
        "height_cm": 181.0,
        "weight_kg": 77.5,
        "heart_rate_bpm": 64.0,
    }
    assert folder.load(tensors=False).scans[0].choices == MADE


def test_a_session_without_choices_is_as_it_was_before_there_were_any(folder, saver, cine):
    saver.add_scan(cine)
    saver.put_choices("nobody", MADE)
    assert saver.flush()
    assert "choices" not in manifest_of(folder)["scans"][0]
    assert folder.load(tensors=False).scans[0].choices == Choices()


def test_choices_outlive_strokes_that_are_folded_later(folder, saver, cine):
    saver.add_scan(cine)
    saver.put_choices("scan-1", MADE)
    saver.put_slice("scan-1", 0, 0, cine.data[0, 0].astype("uint8") % 4, revision=1)
    assert saver.flush()
    assert folder.load(tensors=False).scans[0].choices == MADE


def test_damaged_choices_are_told_and_everything_else_is_whole(folder, saver, cine):
    saver.add_scan(cine)
    saver.put_choices("scan-1", MADE)
    assert saver.flush()
    values = manifest_of(folder)
    values["scans"][0]["choices"]["ed"] = 99
    manifest = manifest_from_bytes(json.dumps(values).encode())
    assert manifest.scans[0].choices == Choices()
    assert manifest.scans[0].shape == SHAPE
    assert manifest.problems == (
        "What was chosen for the results of scan-1 could not be read; choose ED and ES again.",
    )


def test_the_problem_is_said_when_the_session_is_opened(tmp_path, cine):
    with SessionFolder.create(tmp_path / "made") as folder, Autosaver(folder) as saver:
        saver.add_scan(cine)
        saver.put_choices("scan-1", MADE)
        assert saver.flush()
    for name in ("session.json", "session.json.bak"):
        path = tmp_path / "made" / name
        if path.exists():
            path.write_bytes(path.read_bytes().replace(b'"es": 2', b'"es": 20'))
    with SessionFolder.open(tmp_path / "made") as again:
        assert any("choose ED and ES again" in problem for problem in again.load(tensors=False).problems)
