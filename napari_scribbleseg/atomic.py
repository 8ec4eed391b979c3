"""Files that are either whole or not there: a crash, a full disk or a power cut never leaves half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TEMPORARY_PREFIX = ".scribbleseg-"
"""What the name of every unfinished file starts with; one that is left after a power cut may be deleted."""


def write_atomically(path: str | os.PathLike[str], writer: bytes | Callable[[Path], object]) -> None:
    """Write a file so that readers see the old content or the new one, never a part.

    The content goes into a temporary file in the same folder, reaches the disk, and then takes the name of the target.

    Parameters
    ----------
    path : target; its folder must exist
    writer : the content itself, or a function that writes it to the path it is given. That path ends like the target
        (`.nii.gz`), for libraries that choose the format by it.

    Raises
    ------
    OSError
        When the folder is missing, unwritable or full; the target is then as it was and nothing else is left behind.
        Whatever `writer` raises passes through likewise.
    """
    target = Path(os.path.realpath(path))  # through a link, so that the link survives
    temporary = target.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(6)}{_ending(target)}")
    try:
        if isinstance(writer, bytes):
            temporary.write_bytes(writer)
        else:
            writer(temporary)
        _sync_file(temporary)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _ending(path: Path) -> str:
    return ".nii.gz" if path.name.lower().endswith(".nii.gz") else path.suffix


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder, and some network drives refuse to sync one: the rename itself is atomic there too.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
