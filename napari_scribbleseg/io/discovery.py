"""The scans among a person's files and folders."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribbleseg.io.acdc import is_whole_cine_of_acdc
from napari_scribbleseg.io.dicom import dicom_folders, is_dicom_file, split_address
from napari_scribbleseg.io.errors import ScanError, reading
from napari_scribbleseg.io.names import LABEL_ROLES, file_stem, has_role, is_h5, is_nifti

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable


def find_scans(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """List the scans to segment, each once.

    A file that is named is taken whatever its name, and so is one DICOM series of a folder, `FOLDER#SERIES`. A folder
    is searched to any depth for `.nii`, `.nii.gz` and `.h5`; masks and scribbles (`_gt`, `_scribble`, `_seg`, `_mask`)
    and hidden files are passed over, and so is the `_4d` cine beside the labelled phases of an ACDC patient. Each
    folder with DICOM files is a scan.

    Raises
    ------
    ScanError
        When a path does not exist, a folder holds no scan, a file is of another kind, or two scans share a stem, so
        that one's mask would replace the other's.
    """
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        for scan in _scans_below(path) if path.is_dir() else [_require_scan(path)]:
            found.setdefault(scan.resolve(), scan)
    scans = list(found.values())
    _require_distinct_stems(scans)
    return scans


def _scans_below(folder: Path) -> list[Path]:
    with reading(folder):
        scans = [path for path in sorted(folder.rglob("*")) if _is_scan(path.relative_to(folder), path)]
    scans += dicom_folders(folder)
    if not scans:
        raise ScanError(f"{folder.name} holds no scan; choose a folder with .nii, .nii.gz, .h5 or DICOM files.")
    return scans


def _is_scan(inside: Path, path: Path) -> bool:
    hidden = any(part.startswith(".") for part in inside.parts)
    if hidden or not (is_nifti(path) or is_h5(path)) or has_role(path, *LABEL_ROLES):
        return False
    return path.is_file() and not is_whole_cine_of_acdc(path)


def _require_scan(path: Path) -> Path:
    if split_address(path)[1] is not None:
        return path
    if not path.exists():
        raise ScanError(f"{path.name} does not exist; check the name and the folder.")
    if not (is_nifti(path) or is_h5(path) or is_dicom_file(path)):
        raise ScanError(
            f"{path.name} is no scan that can be read; choose a .nii, .nii.gz, .h5 or DICOM file, or a folder."
        )
    return path


def _require_distinct_stems(scans: list[Path]) -> None:
    by_stem = defaultdict(list)
    for scan in scans:
        by_stem[file_stem(scan).lower()].append(scan)
    for same in by_stem.values():
        if len(same) > 1:
            shown = " and ".join(str(scan) for scan in same[:2])
            raise ScanError(f"{shown} would get masks of the same name; rename one or segment them one after another.")
