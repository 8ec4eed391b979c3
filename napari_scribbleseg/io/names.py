"""What file names say: the endings of scans and the roles of masks and scribbles beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NIFTI_ENDINGS = (".nii.gz", ".nii")
H5_ENDINGS = (".h5", ".hdf5")
DICOM_ENDINGS = (".dcm", ".ima", ".dicom")
"""DICOM files often have none of these; `io.dicom.is_dicom_file` looks inside."""

MASK_ROLES = ("_seg", "_gt", "_mask")
"""What may trail the stem of a mask; pairs of masks are found by what is before it."""

LABEL_ROLES = (*MASK_ROLES, "_scribble", "_scribbles")
"""What marks a file as labels of a scan, not a scan."""


def is_nifti(path: Path) -> bool:
    """Tell whether the name ends like a NIfTI file, in any case of letters."""
    return path.name.lower().endswith(NIFTI_ENDINGS)


def is_h5(path: Path) -> bool:
    """Tell whether the name ends like an HDF5 file, in any case of letters."""
    return path.name.lower().endswith(H5_ENDINGS)


def is_dicom_name(path: Path) -> bool:
    """Tell whether the name ends like a DICOM file, in any case of letters."""
    return path.name.lower().endswith(DICOM_ENDINGS)


def file_stem(path: Path) -> str:
    """Return the file name without folder and without `.nii.gz`, `.nii`, `.h5` or `.dcm`.

    A folder's name, and that of a DICOM series in it (`FOLDER#SERIES`), has no ending to lose.
    """
    for ending in (*NIFTI_ENDINGS, *H5_ENDINGS, *DICOM_ENDINGS):
        if path.name.lower().endswith(ending):
            return path.name[: -len(ending)]
    if "#" in path.name or path.is_dir():
        return path.name.replace("#", "_").replace(":", "_")
    return path.stem


def has_role(path: Path, *roles: str) -> bool:
    """Tell whether the stem ends in one of `roles`, such as "_gt"."""
    return file_stem(path).lower().endswith(roles)


def case_stem(path: Path) -> str:
    """Return the stem less one trailing `_seg`, `_gt` or `_mask`: what a mask and its truth have in common."""
    stem = file_stem(path)
    for role in MASK_ROLES:
        if stem.lower().endswith(role):
            return stem[: -len(role)]
    return stem
