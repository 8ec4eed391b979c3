from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from napari_scribbleseg.session import (
    SessionFolder,
    default_sessions_dir,
    latest_session,
    new_session_path,
    remember_session,
)


def test_the_variable_decides_where_sessions_live(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRIBBLESEG_HOME", str(tmp_path))
    assert default_sessions_dir() == tmp_path / "sessions"


def test_without_the_variable_the_systems_user_data_folder_is_used(monkeypatch):
    monkeypatch.delenv("SCRIBBLESEG_HOME")
    assert default_sessions_dir().parent.name == "napari-scribbleseg"


def test_new_paths_are_free_and_made_of_the_time_alone():
    now = datetime(2026, 11, 22, 14, 3, 59)
    first = new_session_path(now=now)
    assert first.name == "2026-11-22_14-03-59"
    SessionFolder.create(first).close()
    assert new_session_path(now=now).name == "2026-11-22_14-03-59_2"


def test_the_session_written_last_is_reopened():
    assert latest_session() is None
    root = default_sessions_dir()
    for name, age_s in (("a", 30), ("b", 10), ("c", 20)):
        SessionFolder.create(root / name).close()
        os.utime(root / name / "session.json", (1e9 - age_s, 1e9 - age_s))
    (root / "no session").mkdir()
    assert latest_session() == root / "b"
    assert latest_session(root) == root / "b"


def test_a_remembered_session_wins_wherever_it_lies_until_it_is_gone(tmp_path):
    inside, elsewhere = default_sessions_dir() / "a", tmp_path / "élsewhere"
    SessionFolder.create(inside).close()
    SessionFolder.create(elsewhere).close()
    remember_session(elsewhere)
    assert latest_session() == elsewhere
    for name in ("session.json", "session.json.bak"):
        (elsewhere / name).unlink()
    assert latest_session() == inside


def test_a_session_whose_manifest_is_lost_but_not_its_copy_is_found():
    path = default_sessions_dir() / "a"
    SessionFolder.create(path).close()
    (path / "session.json").unlink()
    assert latest_session() == path


def test_remembering_where_nothing_can_be_written_is_silent(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SCRIBBLESEG_HOME", str(tmp_path / "file"))
    remember_session(Path("x"))
    assert latest_session() is None
