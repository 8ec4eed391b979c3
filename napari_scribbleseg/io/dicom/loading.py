"""A DICOM series as a scan."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribbleseg.io.contrast import require_contrast
from napari_scribbleseg.io.dicom.address import split_address
from napari_scribbleseg.io.dicom.files import is_dicom_directory, is_dicom_file
from napari_scribbleseg.io.dicom.pixels import read_pixels
from napari_scribbleseg.io.dicom.series import Candidate, SeriesSummary, find_series
from napari_scribbleseg.io.dicom.source import DicomSource, FrameRef
from napari_scribbleseg.io.errors import ScanError
from napari_scribbleseg.io.fingerprint import case_of
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    import os

    from napari_scribbleseg.io.dicom.frames import Frame
    from napari_scribbleseg.io.dicom.stack import Stack

_PLAUSIBLE_CM, _PLAUSIBLE_KG = (20.0, 250.0), (0.5, 400.0)


def list_series(folder: str | os.PathLike[str]) -> list[SeriesSummary]:
    """List the series of a folder, at any depth: cines first, the largest first.

    A series whose images do not all fit together counts as several. Cines of one slice each that differ in nothing but
    their place are joined, as some scanners make a series of every slice.

    Raises
    ------
    ScanError
        When the folder is missing or holds no DICOM images.
    """
    return [candidate.summary for candidate in find_series(Path(folder))[0]]


def load_series(folder: str | os.PathLike[str], uid: str | None = None, case: str | None = None) -> Cine:
    """Load a series of a folder as a 4D cine, or as a 3D volume where there is one phase.

    Parameters
    ----------
    folder : searched to any depth
    uid : of a summary of :func:`list_series`, or its series number; by default the only scan there is, or the only
        cine of several slices
    case : name of the scan in sessions; by default one made from its content

    Returns
    -------
    Cine; file axes are (x, y, z), its affine leads to RAS, and its `header` is a :class:`DicomSource`, whose
    `warnings` tell what was odd.

    Raises
    ------
    ScanError
        When no series can be read, or several could be meant; one sentence says which there are.
    """
    folder = Path(folder)
    found, warnings = find_series(folder)
    chosen = _choose(found, uid, folder.name)
    passed_over = len(found) - 1 if uid is None else 0
    if passed_over:
        series = "1 other series" if passed_over == 1 else f"{passed_over} other series"
        warnings.append(f"The folder holds {series} besides this one, the only cine of several slices.")
    return _cine(chosen, warnings, case)


def load_path(path: str | os.PathLike[str], case: str | None = None) -> Cine:
    """Load what a path stands for: a folder, one series of it (`FOLDER#SERIES`), or the series that a file belongs to.

    A DICOMDIR stands for its folder.

    Raises
    ------
    ScanError
        As :func:`load_series`.
    """
    path = Path(path)
    folder, series = split_address(path)
    if folder.is_dir():
        return load_series(folder, series, case)
    if not is_dicom_file(path):
        raise ScanError(f"{path.name} is not a DICOM file, whatever its name says; export the scan again.")
    if is_dicom_directory(path):
        return load_series(path.parent, None, case)
    found, warnings = find_series(path.parent)
    for candidate in found:
        if any(frame.path == path for frame in candidate.frames):
            return _cine(candidate, warnings, case)
    raise ScanError(f"{path.name} holds no image that has a place in a scan; choose another file of its series.")


def _choose(found: list[Candidate], uid: str | None, name: str) -> Candidate:
    if uid is not None:
        by_uid = [c for c in found if c.summary.uid == uid]
        by_number = [c for c in found if str(c.summary.number) == uid]
        if len(by_uid) == 1 or len(by_number) == 1:
            return (by_uid or by_number)[0]
        raise ScanError(f"{name} holds no single series {uid}; it holds {_names(found)}.")
    readable = [c for c in found if not c.summary.problem]
    cines = [c for c in readable if c.summary.is_cine and c.summary.n_slices > 1]
    if len(found) == 1 or len(cines) == 1:
        return cines[0] if cines else found[0]
    raise ScanError(
        f"{name} holds {len(found)} series: {_names(found)}. Choose one: in the window by Open DICOM, or as "
        f"{name}#NUMBER in a command."
    )


def _names(found: list[Candidate]) -> str:
    shown = ", ".join(candidate.summary.name for candidate in found[:8])
    return shown + (f" and {len(found) - 8} more" if len(found) > 8 else "")


def _cine(chosen: Candidate, warnings: list[str], case: str | None) -> Cine:
    summary, stack = chosen.summary, chosen.stack
    if stack is None:
        raise ScanError(f"The {summary.name} cannot be opened. {summary.problem}")
    data = read_pixels(stack)
    require_contrast(data, f"The {summary.name}")
    cine = Cine(
        case=case or "",
        data=data,
        spacing_mm=stack.spacing_mm,
        frame_ms=stack.frame_ms,
        affine=stack.affine,
        axes=(2, 1, 0),
        ndim=4 if len(stack.grid) > 1 else 3,
        header=_source(stack, summary, warnings),
        title=summary.description or f"series {summary.number}",
    )
    return cine if case else dataclasses.replace(cine, case=case_of(cine))


def _source(stack: Stack, summary: SeriesSummary, warnings: list[str]) -> DicomSource:
    first = stack.frames[0]
    size_cm = None if first.size_m is None else 100 * first.size_m
    return DicomSource(
        frames=tuple(tuple(_ref(frame) for frame in phase) for phase in stack.grid),
        study_uid=first.study_uid,
        series_uid=first.series_uid,
        reference_uid=first.reference_uid,
        orientation=first.orientation,
        spacing_mm=first.spacing_mm,
        thickness_mm=stack.spacing_mm[0],
        series_number=summary.number,
        heart_rate_bpm=stack.heart_rate_bpm,
        height_cm=_within(size_cm, _PLAUSIBLE_CM),
        weight_kg=_within(first.weight_kg, _PLAUSIBLE_KG),
        warnings=(*warnings, *stack.warnings),
    )


def _ref(frame: Frame | None) -> FrameRef | None:
    if frame is None:
        return None
    return FrameRef(frame.path, frame.sop_uid, frame.sop_class, frame.series_uid, frame.number, frame.position_mm)


def _within(value: float | None, limits: tuple[float, float]) -> float | None:
    return value if value is not None and limits[0] <= value <= limits[1] else None
