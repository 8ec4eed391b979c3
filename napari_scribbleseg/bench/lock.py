"""One process at a time works on a cell: a lock that the operating system drops when its holder ends in any way."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from napari_scribbleseg.bench.errors import BenchError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_POLL_S = 0.5


class CellBusyError(BenchError):
    """Another process works on the cell."""


@contextlib.contextmanager
def holding(path: Path, patience_s: float = 0.0) -> Iterator[None]:
    """Hold the lock of a file, which is made where it is missing.

    Parameters
    ----------
    patience_s : how long to wait for another holder. A network file system may take a minute to notice that a machine
        is gone.

    Raises
    ------
    CellBusyError
        When another process still holds it by then.
    BenchError
        When the file cannot be locked at all.
    """
    give_up = time.monotonic() + patience_s
    file = _open(path)
    try:
        while not _acquire(file, path):
            if time.monotonic() >= give_up:
                raise CellBusyError(f"{path.parent.name} is being worked on by another process.")
            time.sleep(_POLL_S)
        yield
    finally:
        os.close(file)


def is_held(path: Path) -> bool:
    """Tell whether a process holds the lock of a file."""
    try:
        with holding(path):
            return False
    except CellBusyError:
        return True


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise BenchError(f"{path.parent} cannot be written ({error.strerror}).") from error


def _acquire(file: int, path: Path) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise BenchError(
            f"{path.parent} cannot be locked ({error.strerror}); choose a folder whose file system knows locks."
        ) from error
    return True
