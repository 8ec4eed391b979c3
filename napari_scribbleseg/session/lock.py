"""A lock so that two windows never write into one session folder.

The operating system holds the lock and drops it when the process ends in any way, so nobody ever has to delete a
stale one. The file also holds the number of the process: for a sentence, never for a decision.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from napari_scribbleseg.session.errors import SessionError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# Windows hides locked bytes from other processes: lock one far behind the text that they want to read.
_WINDOWS_BYTE = 1 << 30
_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class FolderLock:
    """The lock of one folder, held from construction to :meth:`release`.

    Attributes
    ----------
    message : str
        A sentence where the last owner ended without releasing, else "".

    Raises
    ------
    SessionError
        When another window, of this process or of another, holds it, or the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._file = _open_locked(path)
        owner = _read(self._file)
        self.message = (
            f"The session was not closed properly last time (process {owner} has ended); its lock was taken over."
            if owner
            else ""
        )
        _write(self._file, str(os.getpid()))

    def release(self) -> None:
        """Let go of the folder; safe to call twice."""
        if self._file < 0:
            return
        with contextlib.suppress(OSError):
            _write(self._file, "")
        os.close(self._file)
        self._file = -1


def _open_locked(path: Path) -> int:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise SessionError(f"The session folder cannot be written ({error.strerror}).") from error
    try:
        _acquire(file)
    except OSError as error:
        owner = _read(file)
        os.close(file)
        if error.errno in _BUSY:
            who = f" (process {owner})" if owner else ""
            raise SessionError(f"This session is open in another window{who}; close it there first.") from error
        raise SessionError(f"The session folder cannot be locked ({error.strerror}); use a local disk.") from error
    return file


def _acquire(file: int) -> None:
    if sys.platform == "win32":
        os.lseek(file, _WINDOWS_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    text = os.read(file, 20).decode("ascii", "replace").strip()
    return text if text.isdigit() else ""


def _write(file: int, text: str) -> None:
    os.lseek(file, 0, os.SEEK_SET)
    os.ftruncate(file, 0)
    os.write(file, text.encode("ascii"))
