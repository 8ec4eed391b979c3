"""What is known of a scan beyond its mask: phases, body size and heart rate, from files and from who asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribbleseg.cardiac.info_file import INFO_NAME, read_choices
from napari_scribbleseg.cardiac.measurement import Body, Choices

if TYPE_CHECKING:
    from napari_scribbleseg.types import Cine


def read_told(cine: Cine, info: Path | None) -> Choices:
    """Return what an Info.cfg says of phases and body, else what a DICOM header says of body and heart rate.

    Parameters
    ----------
    cine : the scan
    info : an Info.cfg, or None

    Raises
    ------
    ScanError
        When the file cannot be read.
    """
    if info is not None:
        return read_choices(info, cine.shape[0])
    header = cine.header
    body = Body(_positive(header, "height_cm"), _positive(header, "weight_kg"))
    return Choices(body=body, heart_rate_bpm=_positive(header, "heart_rate_bpm"))


def info_beside(scan: Path) -> Path | None:
    """Return the Info.cfg in the folder of a scan, where there is one."""
    info = scan.parent / INFO_NAME
    return info if info.is_file() else None


def choose(told: Choices, decided: Choices) -> Choices:
    """Return what files say with all that a person decided put over it."""
    phases = decided.ed is not None or decided.es is not None
    body = Body(
        told.body.height_cm if decided.body.height_cm is None else decided.body.height_cm,
        told.body.weight_kg if decided.body.weight_kg is None else decided.body.weight_kg,
    )
    return replace(
        told,
        ed=told.ed if decided.ed is None else decided.ed,
        es=told.es if decided.es is None else decided.es,
        source=decided.source if phases else told.source,
        excluded=told.excluded | decided.excluded,
        body=body,
        heart_rate_bpm=decided.heart_rate_bpm or told.heart_rate_bpm,
    )


def _positive(header: object, name: str) -> float | None:
    value = getattr(header, name, None)
    return float(value) if isinstance(value, int | float) and value > 0 else None
