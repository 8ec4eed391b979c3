"""DICOM files among others: found by what they are, not by their names, and read element by element."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.io.dicom.frames import HEADER_FIELDS, Frame, frames_of
from napari_scribbleseg.io.errors import ScanError, reading
from napari_scribbleseg.io.names import is_dicom_name, is_h5, is_nifti

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_FILES = 20_000
"""A folder with more files is not one examination, and looking through it would take minutes."""

_MAGIC_AT, _MAGIC = 128, b"DICM"
_SNIFFED = 40


def is_dicom_file(path: Path) -> bool:
    """Tell whether a file is DICOM: by the mark at its start, or where it has none, by a name in `.dcm` or `.ima`."""
    try:
        with path.open("rb") as file:
            file.seek(_MAGIC_AT)
            return file.read(len(_MAGIC)) == _MAGIC or is_dicom_name(path)
    except OSError:
        return False


def holds_dicom(folder: Path) -> bool:
    """Tell whether there are DICOM files among the first files of a folder, or of folders in it."""
    return any(map(is_dicom_file, itertools.islice(_candidates(folder), _SNIFFED)))


def dicom_folders(folder: Path) -> list[Path]:
    """Return the folders, this one or any below it, in which DICOM files lie, sorted."""
    seen: dict[Path, int] = {}
    found = set()
    for path in _candidates(folder):
        seen[path.parent] = seen.get(path.parent, 0) + 1
        if path.parent not in found and seen[path.parent] <= _SNIFFED and is_dicom_file(path):
            found.add(path.parent)
    return sorted(found)


def read_frames(folder: Path) -> tuple[list[Frame], list[str]]:
    """Read what all DICOM files at any depth of a folder say of their images.

    Returns
    -------
    The images, and a sentence for each thing that was left out.

    Raises
    ------
    ScanError
        When the folder cannot be read or holds far too many files.
    """
    frames: list[Frame] = []
    damaged = 0
    with reading(folder):
        for index, path in enumerate(_candidates(folder)):
            if index >= MOST_FILES:
                raise ScanError(f"{folder.name} holds over {MOST_FILES} files; choose the folder of one examination.")
            if not is_dicom_file(path):
                continue
            try:
                dataset = read_dataset(path, HEADER_FIELDS)
            except ScanError:
                damaged += 1
                continue
            # pydicom takes a file that is cut short for a short one.
            damaged += int("SOPInstanceUID" not in dataset)
            frames += frames_of(dataset, path)
    unique = {(frame.sop_uid, frame.number or 0): frame for frame in reversed(frames)}
    return list(reversed(unique.values())), _left_out(damaged, len(frames) - len(unique))


def _left_out(damaged: int, copies: int) -> list[str]:
    sentences = []
    if damaged:
        sentences.append(f"{_count(damaged, 'file')} could not be read and {_were(damaged)} left out; copy them again.")
    if copies:
        sentences.append(f"{_count(copies, 'image')} {_were(copies)} there twice, as copies; one of each was used.")
    return sentences


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"


def _were(n: int) -> str:
    return "was" if n == 1 else "were"


def read_dataset(path: Path, fields: Sequence[str] | None = None) -> Any:
    """Read a file without its pixels, or only some elements of it, pixels among them where they are named.

    Raises
    ------
    ScanError
        When it is missing, damaged or no DICOM file.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError

    with reading(path), quietly():
        try:
            return pydicom.dcmread(
                path,
                stop_before_pixels="PixelData" not in (fields or ()),
                specific_tags=None if fields is None else list(fields),
                force=is_dicom_name(path),
            )
        except (InvalidDicomError, NotImplementedError, KeyError, AttributeError, TypeError) as error:
            # What these say may hold values of the file, so it is not passed on.
            raise ScanError(f"{path.name} is not a DICOM file, or is damaged; copy it again.") from error


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep pydicom and highdicom from quoting values in warnings and logs, which may be a patient's name."""
    loggers = [logging.getLogger(name) for name in ("pydicom", "highdicom")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def _candidates(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            if not (name.startswith(".") or name.upper() == "DICOMDIR" or is_nifti(path) or is_h5(path)):
                yield path
