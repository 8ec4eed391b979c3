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
    from collections.abc import Callable, Iterator, Sequence

MOST_FILES = 20_000
"""A folder with more files is not one examination, and looking through it would take minutes."""

_MAGIC_AT, _MAGIC = 128, b"DICM"
_SNIFFED = 40


def is_dicom_file(path: Path) -> bool:
    """Tell whether a file is DICOM: by the mark at its start, or where it has none, by a name in `.dcm` or `.ima`."""
    try:
        return _is_marked(path)
    except OSError:
        return False


def is_dicom_directory(path: Path) -> bool:
    """Tell whether a file is the table of contents that lies beside the files on a CD; it holds no image itself."""
    return path.name.upper() == "DICOMDIR"


def _is_marked(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(_MAGIC_AT)
        return file.read(len(_MAGIC)) == _MAGIC or is_dicom_name(path)


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
    closed: list[OSError] = []
    damaged = placeless = 0
    with reading(folder), os.scandir(folder):
        for index, path in enumerate(_candidates(folder, closed.append)):
            if index >= MOST_FILES:
                raise ScanError(f"{folder.name} holds over {MOST_FILES} files; choose the folder of one examination.")
            try:
                if not _is_marked(path):
                    continue
                dataset = read_dataset(path, HEADER_FIELDS)
                found = _frames_in(dataset, path)
            except (OSError, ScanError):
                damaged += 1
                continue
            frames += found
            placeless += int(not found and "Rows" in dataset)
            # pydicom takes a file that is cut short for a short one.
            damaged += int("SOPInstanceUID" not in dataset)
    unique = {_identity(frame): frame for frame in reversed(frames)}
    told = _left_out(damaged, len(frames) - len(unique), len(closed), 0 if frames else placeless)
    return list(reversed(unique.values())), told


def _frames_in(dataset: Any, path: Path) -> list[Frame]:
    # Values are parsed when they are asked for, and a wrong one would be quoted in a warning.
    with quietly():
        try:
            return list(frames_of(dataset, path))
        except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
            raise _damaged(path) from error


def _identity(frame: Frame) -> tuple[Any, ...]:
    """Return what copies of an image have in common; some tools make the identifiers of all images alike."""
    return frame.sop_uid, frame.number, frame.position_mm, frame.trigger_ms, frame.instance


def _left_out(damaged: int, copies: int, closed: int, placeless: int) -> list[str]:
    sentences = []
    if damaged:
        again = "it" if damaged == 1 else "them"
        sentences.append(
            f"{_count(damaged, 'file')} could not be read and {_were(damaged)} left out; copy {again} again."
        )
    if closed:
        sentences.append(
            f"{_count(closed, 'folder')} in it may not be opened and {_were(closed)} left out; ask for permission."
        )
    if copies:
        sentences.append(f"{_count(copies, 'image')} {_were(copies)} there twice, as copies; one of each was used.")
    if placeless:
        sentences.append(
            f"{_count(placeless, 'picture')} in it {'does' if placeless == 1 else 'do'} not say where in the body "
            f"{'it lies' if placeless == 1 else 'they lie'}, as screenshots do not; export the scanner's own images."
        )
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
            raise _damaged(path) from error


def _damaged(path: Path) -> ScanError:
    return ScanError(f"{path.name} is not a DICOM file, or is damaged; copy it again.")


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


def _candidates(folder: Path, on_error: Callable[[OSError], None] | None = None) -> Iterator[Path]:
    for where, folders, names in os.walk(folder, onerror=on_error):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            if not (name.startswith(".") or is_dicom_directory(path) or is_nifti(path) or is_h5(path)):
                yield path
