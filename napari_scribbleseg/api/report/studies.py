"""What to report on: the scans among files and folders, and the masks that belong to them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_scribbleseg.io import ScanError, dicom, find_scans, load_cine, load_mask
from napari_scribbleseg.io.acdc import AcdcFrame, list_frames
from napari_scribbleseg.io.fingerprint import case_of
from napari_scribbleseg.io.names import MASK_ROLES, case_stem, file_stem, has_role, is_dicom_name, is_nifti
from napari_scribbleseg.io.scans import is_dicom_path

if TYPE_CHECKING:
    from napari_scribbleseg.labels import LabelMap
    from napari_scribbleseg.types import Cine


@dataclass(frozen=True)
class Study:
    """One heart to report on.

    Attributes
    ----------
    name : str
        Of the folder that its report gets among others; the stem of its file.
    scans : tuple of Path
        What `load_cine` takes; several are phases of one heart, in their order.
    """

    name: str
    scans: tuple[Path, ...]

    def load(self) -> Cine:
        """Load the scan, its phases joined.

        Raises
        ------
        ScanError
            When a file cannot be read, or its phases do not lie on the same grid.
        """
        if len(self.scans) == 1:
            return load_cine(self.scans[0])
        return _join([load_cine(path) for path in self.scans], self.name)

    def load_mask(self, masks: Sequence[Path], cine: Cine, codes: str) -> LabelMap:
        """Load its mask, uint8 (t, z, y, x) in training codes.

        Parameters
        ----------
        masks : from `find_masks`
        cine : the scan
        codes : a key of `labels.MASK_PRESETS`

        Raises
        ------
        ScanError
            When a file cannot be read or does not fit.
        """
        if len(masks) == 1:
            return _load_one(masks[0], cine, codes)
        phases = [replace(cine, data=np.asarray(cine.data[t])[None], ndim=3) for t in range(cine.shape[0])]
        return np.concatenate([_load_one(path, phase, codes) for path, phase in zip(masks, phases, strict=True)])


def find_studies(paths: Iterable[str | os.PathLike[str]], *, whole_cines: bool = True) -> tuple[list[Study], bool]:
    """List the hearts among files and folders, and tell whether that is one heart that was named as such.

    A file is a heart, and so is a folder that holds nothing but one DICOM cine or one ACDC patient. ACDC's labelled
    phases are joined to a scan of two phases, unless the whole cine lies beside them.

    Parameters
    ----------
    paths : files, folders, or series of a DICOM folder (`FOLDER#SERIES`)
    whole_cines : whether an ACDC patient's whole cine comes before its labelled phases

    Raises
    ------
    ScanError
        When a path does not exist or holds no scan, or two hearts would get reports of the same name.
    """
    given = [Path(path) for path in paths]
    studies = list(dict.fromkeys(study for path in given for study in _studies_of(path, whole_cines)))
    _require_names(studies)
    alone = len(given) == len(studies) == 1 and _is_one_heart(given[0])
    return studies, alone


def find_masks(study: Study, where: Path) -> tuple[Path, ...]:
    """Return the mask of a study: the file that was named, or those of a folder that are called like its scans.

    Parameters
    ----------
    study : Study
    where : a mask, or a folder with masks `NAME_seg`, `NAME_gt` or `NAME_mask`

    Raises
    ------
    ScanError
        Where there is none, or more than one could be meant.
    """
    if not where.is_dir():
        if not where.exists():
            raise ScanError(f"{where.name} does not exist; check the name and the folder of the mask.")
        return (where,)
    by_name = defaultdict(list)
    for path in sorted(where.rglob("*")):
        if has_role(path, *MASK_ROLES) and (is_nifti(path) or is_dicom_name(path)):
            by_name[case_stem(path)].append(path)
    whole = by_name.get(study.name)
    found = [whole] if whole else [by_name.get(file_stem(scan), []) for scan in study.scans]
    for paths, scan in zip(found, study.scans, strict=False):
        if len(paths) != 1:
            count = "no mask" if not paths else f"{len(paths)} masks"
            raise ScanError(f"{where.name} holds {count} for {scan.name}; one is needed, named like it with _seg.")
    return tuple(paths[0] for paths in found)


def _is_one_heart(path: Path) -> bool:
    return not path.is_dir() or bool(_patients(path)) or dicom.holds_dicom(path)


def _studies_of(path: Path, whole_cines: bool) -> list[Study]:
    if not path.is_dir():
        if not is_dicom_path(path):
            find_scans([path])  # says what is wrong with it
        return [Study(file_stem(path), (path,))]
    frames = _patients(path)
    studies = [study for phases in frames.values() for study in _patient_studies(phases, whole_cines)]
    taken = {frame.scan for phases in frames.values() for frame in phases}
    series = _dicom_studies(path) if dicom.holds_dicom(path) else []
    try:
        scans = [scan for scan in find_scans([path]) if scan not in taken]
    except ScanError:
        if not studies and not series:
            raise
        scans = []
    others = [Study(file_stem(scan), (scan,)) for scan in scans if is_nifti(scan) or not is_dicom_path(scan)]
    return [*studies, *others, *series]


def _patients(folder: Path) -> dict[int, list[AcdcFrame]]:
    try:
        frames = list_frames(folder)
    except ScanError:
        return {}
    by_patient = defaultdict(list)
    for frame in frames:
        by_patient[frame.patient].append(frame)
    return dict(by_patient)


def _patient_studies(frames: list[AcdcFrame], whole_cines: bool) -> list[Study]:
    folder = frames[0].scan.parent
    whole = [path for path in sorted(folder.glob(f"{folder.name}_4d.nii*")) if is_nifti(path)]
    if whole and whole_cines:
        return [Study(folder.name, (whole[0],))]
    phases = sorted(frames, key=lambda frame: frame.frame)
    return [Study(folder.name, tuple(frame.scan for frame in phases))]


def _dicom_studies(folder: Path) -> list[Study]:
    readable = [series for series in dicom.list_series(folder) if not series.problem and series.n_slices > 1]
    cines = [series for series in readable if series.is_cine] or readable
    if len(cines) == 1:
        return [Study(file_stem(folder), (cines[0].path,))]
    return [Study(file_stem(series.path), (series.path,)) for series in cines]


def _join(phases: list[Cine], name: str) -> Cine:
    first = phases[0]
    if any(p.shape != first.shape or not np.allclose(p.spacing_mm, first.spacing_mm) for p in phases):
        raise ScanError(f"The phases of {name} differ in shape or spacing, so they are no scan together.")
    data = np.concatenate([np.asarray(phase.data) for phase in phases])
    # The header is of one phase; without it an export makes a new one from affine and spacing.
    joined = replace(first, case="", data=data, ndim=4, header=None, frame_ms=None, title=name)
    return replace(joined, case=case_of(joined))


def _load_one(path: Path, cine: Cine, codes: str) -> LabelMap:
    if is_nifti(path):
        return load_mask(path, cine, codes)
    from napari_scribbleseg.io.dicom_seg import load_dicom_seg

    return load_dicom_seg(path, cine)


def _require_names(studies: list[Study]) -> None:
    by_name = defaultdict(list)
    for study in studies:
        by_name[study.name.lower()].append(study)
    for same in by_name.values():
        if len(same) > 1:
            shown = " and ".join(str(study.scans[0]) for study in same[:2])
            raise ScanError(f"{shown} would get reports of the same name; rename one or report them one by one.")
