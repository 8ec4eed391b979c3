"""The one error of this floor, and how the system's errors become sentences."""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import zlib
from typing import TYPE_CHECKING

from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError, HeaderTypeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class ScanError(ValueError):
    """A file cannot be read or written; the message is one sentence for a person, with what to do about it."""


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into a :class:`ScanError` that names the file, not its folder."""
    name = path.name
    try:
        yield
    except ScanError:
        raise
    except FileNotFoundError as error:
        raise ScanError(f"{name} does not exist; check the name and the folder.") from error
    except IsADirectoryError as error:
        raise ScanError(f"{name} is a folder; choose a file in it.") from error
    except PermissionError as error:
        raise ScanError(f"{name} may not be read; ask for permission or copy it to a folder of yours.") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ScanError(f"{name} is cut short or damaged; copy or download it again.") from error
    except (ImageFileError, HeaderDataError, HeaderTypeError) as error:
        sentence = f"{name} has a damaged NIfTI header ({_one_line(error)}); export it from its source again."
        raise ScanError(sentence) from error
    except MemoryError as error:
        raise ScanError(f"{name} does not fit into memory; close other programs or use a smaller scan.") from error
    except (OSError, ValueError, OverflowError) as error:
        raise ScanError(f"{name} cannot be read ({_one_line(error)}); it may be damaged, so copy it again.") from error


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a file is written into a :class:`ScanError` that says what to do."""
    name = path.name
    try:
        yield
    except FileNotFoundError as error:
        raise ScanError(f"{name} was not written because its folder does not exist; create it first.") from error
    except OSError as error:
        if error.errno in _FULL:
            sentence = f"{name} was not written because the disk is full; free some space or choose another folder."
        else:
            reason = os.strerror(error.errno) if error.errno else str(error)
            sentence = f"{name} was not written ({reason}); choose a folder that you may write to."
        raise ScanError(sentence) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
