"""What files hold."""

from __future__ import annotations

import shutil

from napari_scribbleseg.cli import output
from napari_scribbleseg.session import SessionFolder


def test_a_scan_is_described(run, files):
    said = run("info", files.b.scan, "--json")
    (entry,) = said.json["files"]
    assert said.code == 0
    assert (entry["kind"], entry["shape_tzyx"], entry["phases"]) == ("scan", [2, 2, 64, 64], 2)
    assert entry["spacing_mm_zyx"] == [8.0, 1.4, 1.4]
    assert entry["orientation"] == "LPS"
    assert entry["intensity_range"][0] < entry["intensity_range"][1]


def test_weights_are_described(run, weights):
    (entry,) = run("info", weights, "--json").json["files"]
    facts = {key: entry[key] for key in ("kind", "method", "resolution", "step", "version", "scans")}
    assert facts == {"kind": "weights", "method": "pce", "resolution": "roi", "step": 2, "version": 1, "scans": 1}


def test_a_checkpoint_is_described(run, train, tmp_path):
    train("--checkpoint", "--time-limit-s", "0.001")
    (entry,) = run("info", tmp_path / "w.checkpoint.safetensors", "--json").json["files"]
    assert (entry["kind"], entry["method"], entry["step"]) == ("checkpoint", "pce", 1)


def test_a_session_is_described_without_touching_it(run, tmp_path):
    SessionFolder.create(tmp_path / "session").close()
    before = sorted(path.name for path in (tmp_path / "session").iterdir())
    (entry,) = run("info", tmp_path / "session", "--json").json["files"]
    assert (entry["kind"], entry["scans"]) == ("session", [])
    assert sorted(path.name for path in (tmp_path / "session").iterdir()) == before


def test_words_say_what_is_not_stated(run, files):
    said = run("info", files.a.scan)
    assert said.code == 0
    assert "not stated" in said.out  # the frame time of a 3D scan
    assert "8.0, 1.4, 1.4" in said.out


def test_what_cannot_be_read_is_listed_and_the_rest_is_shown(run, files, tmp_path):
    damaged = tmp_path / "session"
    damaged.mkdir()
    (damaged / "session.json").write_text("{")
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "w.safetensors"
    shutil.copy(files.a.scan, broken)
    said = run("info", damaged, empty, broken, "nowhere.nii", files.a.scan, "--json")
    assert said.code == output.BAD_INPUT
    assert [entry["kind"] for entry in said.json["files"]] == ["scan"]
    assert len(said.json["failed"]) == 4
