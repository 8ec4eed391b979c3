"""Where sessions live when the person does not choose a folder."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from pathlib import Path

import platformdirs

from napari_scribbleseg.atomic import write_atomically

HOME_VARIABLE = "SCRIBBLESEG_HOME"
"""Environment variable that replaces the user's data folder."""

MANIFEST_NAME = "session.json"
_LAST = "last_session"


def home() -> Path:
    """Return the folder of all our data: `SCRIBBLESEG_HOME`, else the system's folder for user data."""
    chosen = os.environ.get(HOME_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("napari-scribbleseg", appauthor=False))


def default_sessions_dir() -> Path:
    """Return the folder in which new sessions are made; it may not exist yet."""
    return home() / "sessions"


def new_session_path(root: Path | None = None, now: datetime | None = None) -> Path:
    """Return a folder name that is free, made of date and time alone ("2026-11-22_14-03-59")."""
    root = root or default_sessions_dir()
    name = (now or datetime.now()).strftime("%Y-%m-%d_%H-%M-%S")
    path, count = root / name, 1
    while path.exists():
        count += 1
        path = root / f"{name}_{count}"
    return path


def is_session(path: Path) -> bool:
    """Return whether a folder looks like a session."""
    return (path / MANIFEST_NAME).is_file() or (path / f"{MANIFEST_NAME}.bak").is_file()


def remember_session(path: Path) -> None:
    """Make `path` what :func:`latest_session` returns, wherever it lies; a failure is harmless and silent."""
    with contextlib.suppress(OSError):
        home().mkdir(parents=True, exist_ok=True)
        write_atomically(home() / _LAST, os.fsencode(path.absolute()))


def latest_session(root: Path | None = None) -> Path | None:
    """Return the session to reopen: the one remembered, else the one of `root` that was written last, else None."""
    if root is None and (remembered := _remembered()) is not None:
        return remembered
    root = root or default_sessions_dir()
    found = [path for path in root.iterdir() if is_session(path)] if root.is_dir() else []
    return max(found, key=_modified, default=None)


def _remembered() -> Path | None:
    try:
        path = Path(os.fsdecode((home() / _LAST).read_bytes()))
    except OSError:
        return None
    return path if is_session(path) else None


def _modified(path: Path) -> float:
    try:
        return (path / MANIFEST_NAME).stat().st_mtime
    except OSError:
        return 0.0
