"""The patients of the benchmark, from the challenge's folder or from a pack."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    from napari_scribbleseg.io.acdc import AcdcFrame

FOLDS = (1, 2, 3, 4, 5)
PATIENTS_PER_FOLD = 20
N_PATIENTS = PATIENTS_PER_FOLD * len(FOLDS)
PHASES = ("ED", "ES")
PACK_SUFFIX = ".h5"


@dataclass(frozen=True, eq=False)
class Patient:
    """One patient: the scan at end-diastole and end-systole, the strokes, and the masks where they are known.

    Attributes
    ----------
    number : int
        ACDC's, from 1.
    group : str
        DCM, HCM, MINF, NOR or RV.
    cine : Cine
        `data` (2, z, y, x) at ED and ES, true spacing; its case is "patient001".
    scribbles : uint8 (2, z, y, x), layer codes
    truth : uint8 (2, z, y, x), training codes, or None
    phases : tuple of str
        What the first axis holds.
    centre : (y, x) or None
        Where a pack says that the heart lies, in native pixels, found without labels; None to look for it.
    roi_only : bool
        Whether the intensities are kept around the heart alone, in a pack for `roi`.
    """

    number: int
    group: str
    cine: Cine
    scribbles: LabelMap
    truth: LabelMap | None
    phases: tuple[str, str] = PHASES
    centre: tuple[float, float] | None = None
    roi_only: bool = False

    @property
    def case(self) -> str:
        """Name of the scan."""
        return self.cine.case

    @property
    def fold(self) -> int:
        """The fold that tests this patient, 1 to 5."""
        return fold_of(self.number)


def case_name(number: int) -> str:
    """Return the name of a patient's scan, such as "patient001"."""
    return f"patient{number:03d}"


def fold_of(number: int) -> int:
    """Return the fold, 1 to 5, that tests a patient: blocks of 20 by number, as in the paper.

    Raises
    ------
    BenchError
        For a number outside 1 to 100.
    """
    if not 1 <= number <= N_PATIENTS:
        raise BenchError(f"Patient {number} belongs to no fold; the folds hold patients 1 to {N_PATIENTS}.")
    return 1 + (number - 1) // PATIENTS_PER_FOLD


def read_patients(source: Path, numbers: Iterable[int] | None = None) -> list[Patient]:
    """Read patients 1 to 100 from ACDC's folder, from a pack, or from a folder of packs.

    Parameters
    ----------
    source : a folder that holds `patient001` and so on, a file that `bench pack` wrote, or a folder of such files
    numbers : patients to take; by default all that are there

    Returns
    -------
    Patients by number.

    Raises
    ------
    BenchError
        When something is missing, damaged or does not fit together; one sentence says what.
    """
    return list(iterate_patients(source, numbers))


def iterate_patients(source: Path, numbers: Iterable[int] | None = None) -> Iterator[Patient]:
    """Yield what :func:`read_patients` returns, one at a time."""
    from napari_scribbleseg.bench.pack import read_packs

    source = Path(source)
    wanted = None if numbers is None else sorted(set(numbers))
    for number in wanted or ():
        fold_of(number)
    packs = find_packs(source)
    return read_packs(packs, wanted) if packs else _read_folder(source, wanted)


def find_packs(source: Path) -> list[Path]:
    """Return the pack files that a source names; none for a folder of patients."""
    if source.is_file():
        return [source]
    return sorted(source.glob(f"*{PACK_SUFFIX}")) if source.is_dir() else []


def require_whole_slices(patients: Iterable[Patient], what: str) -> None:
    """Refuse patients of whom a pack kept the heart's surroundings alone.

    Parameters
    ----------
    what : who needs more than that, to begin a sentence with

    Raises
    ------
    BenchError
        For such a patient.
    """
    if any(patient.roi_only for patient in patients):
        raise BenchError(f"{what} needs whole slices; bring the ACDC folder or a pack made for protocol.")


def _read_folder(folder: Path, numbers: list[int] | None) -> Iterator[Patient]:
    try:
        from napari_scribbleseg.io import ScanError
        from napari_scribbleseg.io.acdc import list_frames
    except ModuleNotFoundError as error:
        raise BenchError(
            f"{folder.name} holds NIfTI files, which need nibabel: install it (pip install nibabel) or bring a pack."
        ) from error
    try:
        frames = [frame for frame in list_frames(folder, numbers) if 1 <= frame.patient <= N_PATIENTS]
        for number, own in groupby(frames, lambda frame: frame.patient):
            yield _patient(number, list(own))
    except ScanError as error:
        raise BenchError(str(error)) from error


def _patient(number: int, frames: list[AcdcFrame]) -> Patient:
    from napari_scribbleseg.io import load_cine, load_labels, load_mask

    chosen = _ed_and_es(number, frames)
    cines = [load_cine(frame.scan, case_name(number)) for frame in chosen]
    _require_one_grid(number, *cines)
    strokes = [load_labels(f.scribbles, c, "acdc") for f, c in zip(chosen, cines, strict=True) if f.scribbles]
    masks = [load_mask(f.truth, c) for f, c in zip(chosen, cines, strict=True) if f.truth]
    data = np.concatenate([np.asarray(c.data[:]) for c in cines])
    return Patient(
        number=number,
        group=chosen[0].info.group or "",
        cine=dataclasses.replace(cines[0], data=data, ndim=4, title=case_name(number)),
        scribbles=np.concatenate(strokes),
        truth=np.concatenate(masks) if len(masks) == len(chosen) else None,
    )


def _ed_and_es(number: int, frames: list[AcdcFrame]) -> list[AcdcFrame]:
    info, by_frame = frames[0].info, {frame.frame: frame for frame in frames}
    if info.ed is None or info.es is None:
        raise BenchError(f"{case_name(number)}/Info.cfg does not say which frames are ED and ES; copy it again.")
    for phase, at in zip(PHASES, (info.ed, info.es), strict=True):
        if at not in by_frame:
            raise BenchError(f"{case_name(number)} has no frame {at}, which its Info.cfg calls {phase}; copy it again.")
        if by_frame[at].scribbles is None:
            raise BenchError(f"{case_name(number)} has no scribbles at {phase}; add the scribble files of ACDC.")
    return [by_frame[info.ed], by_frame[info.es]]


def _require_one_grid(number: int, ed: Cine, es: Cine) -> None:
    if ed.shape != es.shape or not np.allclose(ed.spacing_mm, es.spacing_mm, atol=1e-3):
        raise BenchError(
            f"{case_name(number)} has another grid at ED {ed.shape[1:]} than at ES {es.shape[1:]}; copy it again."
        )
