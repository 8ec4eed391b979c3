"""Whether results can be written, asked before the work that they cost."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

ROOM_BYTES = 64 * 2**20
"""Less free space than this is called full: a run's weights and checkpoint need some tens of MB."""


class TargetError(ValueError):
    """Results cannot be written where they were asked for; the text is one sentence."""


def require_file_target(path: Path, *endings: str) -> None:
    """Check that a file can be written, without touching one that is there.

    Parameters
    ----------
    path : the file
    endings : what its name may end in; by default anything

    Raises
    ------
    TargetError
        Where it cannot; the sentence says what to do.
    """
    if path.is_dir():
        raise TargetError(f"{path} is a folder; name a file in it.")
    if endings and path.suffix.lower() not in endings:
        raise TargetError(f"{path.name} does not end in {' or '.join(endings)}; choose a name that does.")
    if not path.parent.is_dir():
        raise TargetError(f"The folder {path.parent} does not exist; create it first.")
    _require_writable(path.parent)


def require_folder_target(folder: Path) -> None:
    """Make a folder if it is not there, and check that files can be written into it.

    Raises
    ------
    TargetError
        Where they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(f"The folder {folder} cannot be made ({error.strerror}); choose another.") from error
    _require_writable(folder)


def _require_writable(folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        raise TargetError(f"The folder {folder} cannot be written ({error.strerror}); choose another.") from error
    if free < ROOM_BYTES:
        raise TargetError(f"The disk of {folder} is full; free some space or choose another folder.")
