"""The folder layout of the ACDC challenge: patients, their labelled phases and what is known about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribbleseg.io.errors import ScanError, reading
from napari_scribbleseg.io.names import file_stem, is_nifti

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

_PATIENT = re.compile(r"patient(\d{3,})$")
_FRAME = re.compile(r"patient(\d{3,})_frame(\d{2,})$")
_RANGE = re.compile(r"(\d+)(?:\s*-\s*(\d+))?$")


@dataclass(frozen=True)
class AcdcInfo:
    """What Info.cfg says about a patient; None where it says nothing.

    Attributes
    ----------
    ed, es : int
        Phases of end-diastole and end-systole, counted from 1 as in the file names.
    group : str
        DCM, HCM, MINF, NOR or RV.
    height_cm, weight_kg : float
    n_frames : int
        Phases of the whole cine.
    """

    ed: int | None = None
    es: int | None = None
    group: str | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    n_frames: int | None = None


@dataclass(frozen=True)
class AcdcFrame:
    """One labelled phase of a patient.

    Attributes
    ----------
    patient, frame : int
        Numbers as in the file names, from 1.
    scan : Path
    scribbles, truth : Path or None
        The files beside the scan, where they exist.
    info : AcdcInfo
    """

    patient: int
    frame: int
    scan: Path
    scribbles: Path | None
    truth: Path | None
    info: AcdcInfo

    @property
    def case(self) -> str:
        """Return the stem of the scan, such as "patient001_frame01"; ACDC's numbers name nobody."""
        return file_stem(self.scan)


def parse_patients(text: str) -> tuple[int, ...]:
    """Read a list of patient numbers such as "1-5,8,10-12", sorted and each once.

    Raises
    ------
    ScanError
        For anything else.
    """
    numbers: set[int] = set()
    for part in text.split(","):
        match = _RANGE.match(part.strip())
        first = int(match[1]) if match else 0
        last = int(match[2] or match[1]) if match else 0
        if not 1 <= first <= last <= 99_999:
            raise ScanError(f"Patients {text!r} cannot be read at {part.strip()!r}; write them like 1-5,8,10-12.")
        numbers.update(range(first, last + 1))
    return tuple(sorted(numbers))


def list_frames(folder: str | os.PathLike[str], patients: Iterable[int] | None = None) -> list[AcdcFrame]:
    """List the labelled phases below a folder, by patient and phase; whole cines (`_4d`) are none.

    Parameters
    ----------
    folder : the one that holds `patientNNN` folders, at any depth
    patients : numbers to take; by default all that are there

    Raises
    ------
    ScanError
        When the folder is missing or holds no ACDC patient, or when a wanted patient is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ScanError(f"{folder.name} is not a folder; choose the one that holds patient001, patient002 and so on.")
    found = _patient_folders(folder)
    if not found:
        raise ScanError(f"{folder.name} holds no ACDC patient; choose the folder that holds patient001 and so on.")
    wanted = sorted(found) if patients is None else sorted(set(patients))
    missing = [number for number in wanted if number not in found]
    if missing:
        shown = ", ".join(map(str, missing[:8])) + (" …" if len(missing) > 8 else "")
        raise ScanError(f"{folder.name} holds no patient {shown}; leave the number out or choose another folder.")
    return [frame for number in wanted for frame in _frames_of(found[number])]


def read_info(path: Path) -> AcdcInfo:
    """Read an Info.cfg; a line that is missing or not a number leaves None.

    Raises
    ------
    ScanError
        When the file cannot be read.
    """
    with reading(path):
        lines = path.read_text(encoding="utf-8").splitlines()
    values = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return AcdcInfo(
        ed=_whole(values.get("ED")),
        es=_whole(values.get("ES")),
        group=values.get("Group") or None,
        height_cm=_number(values.get("Height")),
        weight_kg=_number(values.get("Weight")),
        n_frames=_whole(values.get("NbFrame")),
    )


def is_whole_cine_of_acdc(path: Path) -> bool:
    """Tell whether a file is the `_4d` cine beside the labelled phases of an ACDC patient, which it repeats."""
    if not _PATIENT.match(path.parent.name) or file_stem(path).lower() != f"{path.parent.name}_4d".lower():
        return False
    return any(_FRAME.match(file_stem(other)) for other in path.parent.iterdir())


def _patient_folders(folder: Path) -> dict[int, Path]:
    candidates = [folder, *sorted(folder.rglob("patient*"))]
    return {int(match[1]): path for path in candidates if (match := _PATIENT.match(path.name)) and path.is_dir()}


def _frames_of(folder: Path) -> list[AcdcFrame]:
    files = {file_stem(path): path for path in sorted(folder.iterdir()) if is_nifti(path)}
    info_path = folder / "Info.cfg"
    info = read_info(info_path) if info_path.exists() else AcdcInfo()
    frames = []
    for stem, scan in files.items():
        if match := _FRAME.match(stem):
            scribbles, truth = files.get(f"{stem}_scribble"), files.get(f"{stem}_gt")
            frames.append(AcdcFrame(int(match[1]), int(match[2]), scan, scribbles, truth, info))
    return frames


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _whole(text: str | None) -> int | None:
    number = _number(text)
    return int(number) if number is not None and number.is_integer() else None
