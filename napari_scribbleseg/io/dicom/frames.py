"""One image of a DICOM series as plain numbers: where it lies, when it was taken, how its pixels are scaled.

Classic files hold one such image, Enhanced multi-frame files many; behind this module they are the same. Only the
technical elements are ever parsed: no name, date or identifier of a patient is read for a scan to be shown.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEADER_FIELDS = (
    "AcquisitionNumber AcquisitionTime BurnedInAnnotation Columns EchoTime EchoNumbers FrameOfReferenceUID HeartRate "
    "ImageOrientationPatient ImagePositionPatient ImageType InstanceNumber Modality NominalInterval NumberOfFrames "
    "PatientSize PatientWeight PerFrameFunctionalGroupsSequence PixelSpacing RescaleIntercept RescaleSlope Rows "
    "SOPClassUID SOPInstanceUID SamplesPerPixel SequenceName SeriesDescription SeriesInstanceUID SeriesNumber "
    "SharedFunctionalGroupsSequence SliceThickness SpacingBetweenSlices StudyInstanceUID TemporalPositionIdentifier "
    "TriggerTime"
).split()
"""What is parsed of a file to know its place in a scan."""

_NOT_IMAGES = {"SEG", "RTDOSE", "RTSTRUCT", "SR", "PR", "KO", "REG", "DOC", "OT"}


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of a series, without its pixels.

    Attributes
    ----------
    path : Path
    sop_uid, sop_class : str
    number : int or None
        Frame of a multi-frame file, counted from 1 as DICOM does; None in a classic file.
    study_uid, series_uid, reference_uid : str
        Study, series and frame of reference.
    position_mm : (x, y, z) of the centre of the first pixel, LPS
    orientation : direction cosines of a row, then of a column, LPS
    spacing_mm : between rows, between columns
    thickness_mm : float or None
        SpacingBetweenSlices, else SliceThickness.
    rows, columns : int
    trigger_ms : float or None
        Time after the R wave.
    temporal, instance, acquisition : int or None
        TemporalPositionIdentifier (or index), InstanceNumber (or frame number), AcquisitionNumber.
    acquired_ms : float or None
        AcquisitionTime, after midnight.
    interval_ms, heart_rate_bpm : float or None
        Between two R waves, as the scanner says.
    slope, intercept : float
        Stored value · slope + intercept is the intensity.
    kind : str
        Third value of ImageType, which tells magnitude from phase.
    echo_ms : float or None
    series_number : int or None
    description : str
        Shown to a person, never written anywhere.
    colours : int
        Samples per pixel.
    size_m, weight_kg : float or None
        Of the patient, for the body surface area.
    """

    path: Path
    sop_uid: str
    sop_class: str
    number: int | None
    study_uid: str
    series_uid: str
    reference_uid: str
    position_mm: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing_mm: tuple[float, ...]
    thickness_mm: float | None
    rows: int
    columns: int
    trigger_ms: float | None
    temporal: int | None
    instance: int | None
    acquisition: int | None
    acquired_ms: float | None
    interval_ms: float | None
    heart_rate_bpm: float | None
    slope: float
    intercept: float
    kind: str
    echo_ms: float | None
    series_number: int | None
    description: str = field(repr=False)
    colours: int
    size_m: float | None = field(repr=False)
    weight_kg: float | None = field(repr=False)


def frames_of(dataset: Any, path: Path) -> Iterator[Frame]:
    """Yield the images of a file that have a place in space; a file of another kind yields none.

    Parameters
    ----------
    dataset : pydicom Dataset with at least `HEADER_FIELDS`
    path : its file
    """
    if _text(dataset, "Modality") in _NOT_IMAGES or not _whole(dataset, "Rows") or not _whole(dataset, "Columns"):
        return
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence")
    if not per_frame:
        if frame := _frame(dataset, path, (dataset,), None):
            yield frame
        return
    shared = _groups(dataset.get("SharedFunctionalGroupsSequence") or ())
    for number, item in enumerate(per_frame, start=1):
        # What a frame says of itself comes first, then what all frames share, then the file.
        if frame := _frame(dataset, path, (*_groups([item]), *shared, dataset), number):
            yield frame


def _groups(items: Sequence[Any]) -> tuple[Any, ...]:
    """Return the items of all functional groups, flat: their elements have distinct names."""
    return tuple(inner for item in items for element in item if element.VR == "SQ" for inner in element.value)


def _frame(dataset: Any, path: Path, where: tuple[Any, ...], number: int | None) -> Frame | None:
    position = _numbers(where, "ImagePositionPatient", 3)
    orientation = _numbers(where, "ImageOrientationPatient", 6)
    spacing = _numbers(where, "PixelSpacing", 2)
    if position is None or orientation is None or spacing is None or min(spacing) <= 0 or not any(orientation):
        return None
    kinds: Any = _first(where, "FrameType") or _first(where, "ImageType") or ()
    kind = str(kinds[2]) if not isinstance(kinds, str) and len(kinds) > 2 else ""
    trigger_ms = _number(where, "NominalCardiacTriggerDelayTime")
    gap_mm, slope = _number(where, "SpacingBetweenSlices"), _number(where, "RescaleSlope")
    return Frame(
        path=path,
        sop_uid=_text(dataset, "SOPInstanceUID"),
        sop_class=_text(dataset, "SOPClassUID"),
        number=number,
        study_uid=_text(dataset, "StudyInstanceUID"),
        series_uid=_text(dataset, "SeriesInstanceUID"),
        reference_uid=_text(dataset, "FrameOfReferenceUID"),
        position_mm=position,
        orientation=orientation,
        spacing_mm=spacing,
        thickness_mm=abs(gap_mm) if gap_mm else _number(where, "SliceThickness"),
        rows=_whole(dataset, "Rows") or 0,
        columns=_whole(dataset, "Columns") or 0,
        trigger_ms=_number(where, "TriggerTime") if trigger_ms is None else trigger_ms,
        temporal=_whole_of(where, "TemporalPositionIndex", "TemporalPositionIdentifier"),
        instance=number if number is not None else _whole(dataset, "InstanceNumber"),
        acquisition=_whole_of(where, "FrameAcquisitionNumber", "AcquisitionNumber"),
        acquired_ms=_time_of_day_ms(where, "AcquisitionTime"),
        interval_ms=_number(where, "RRIntervalTimeNominal") or _number(where, "NominalInterval"),
        heart_rate_bpm=_number(where, "HeartRate"),
        slope=slope or 1.0,
        intercept=_number(where, "RescaleIntercept") or 0.0,
        kind=kind,
        echo_ms=_number(where, "EffectiveEchoTime") or _number(where, "EchoTime"),
        series_number=_whole(dataset, "SeriesNumber"),
        description=_text(dataset, "SeriesDescription"),
        colours=_whole(dataset, "SamplesPerPixel") or 1,
        size_m=_number((dataset,), "PatientSize"),
        weight_kg=_number((dataset,), "PatientWeight"),
    )


def _first(where: Sequence[Any], name: str) -> Any:
    return next((value for item in where if (value := item.get(name)) not in (None, "")), None)


def _numbers(where: Sequence[Any], name: str, count: int) -> tuple[float, ...] | None:
    value = _first(where, name)
    try:
        numbers = tuple(float(part) for part in value)
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def _number(where: Sequence[Any], name: str) -> float | None:
    try:
        number = float(_first(where, name))
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _time_of_day_ms(where: Sequence[Any], name: str) -> float | None:
    """Return a time such as "101530.250" in ms after midnight; what it leaves out counts as 0."""
    text = str(_first(where, name) or "").replace(":", "").strip()
    whole, _, fraction = text.partition(".")
    if not whole.isdigit() or len(whole) > 6 or (fraction and not fraction.isdigit()):
        return None
    hours, minutes, seconds = (int(part) for part in re.findall("..", whole.ljust(6, "0")))
    return ((hours * 60 + minutes) * 60 + seconds + float(f"0.{fraction or 0}")) * 1000


def _whole_of(where: Sequence[Any], *names: str) -> int | None:
    return next((int(number) for name in names if (number := _number(where, name)) is not None), None)


def _whole(dataset: Any, name: str) -> int | None:
    return _whole_of((dataset,), name)


def _text(dataset: Any, name: str) -> str:
    return " ".join(str(dataset.get(name) or "").split())
