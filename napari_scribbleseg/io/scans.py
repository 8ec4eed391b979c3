"""Scans of every kind that can be read, by one call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribbleseg.io import dicom, h5, nifti
from napari_scribbleseg.io.alignment import load_aligned_mask
from napari_scribbleseg.io.dicom_seg import load_dicom_seg
from napari_scribbleseg.io.names import is_h5, is_nifti

if TYPE_CHECKING:
    import os

    from napari_scribbleseg.labels import LabelMap
    from napari_scribbleseg.types import Cine


def load_cine(path: str | os.PathLike[str], case: str | None = None) -> Cine:
    """Load a scan: NIfTI (`.nii`, `.nii.gz`, 3D or 4D), a DICOM series, or WSL4MIS-style HDF5 (`.h5`).

    Parameters
    ----------
    path : the file; for DICOM the folder of a series, `FOLDER#SERIES` for one series of several (by its number or UID),
        or any file of the series
    case : name of the scan in sessions; by default one made from its content, never from its file name

    Raises
    ------
    ScanError
        When the file cannot be read as a scan; one sentence says why and what to do.
    """
    path = Path(path)
    if is_h5(path):
        return h5.load_h5(path, case)
    if is_dicom_path(path):
        return dicom.load_path(path, case)
    return nifti.load_cine(path, case)


def load_mask(path: str | os.PathLike[str], cine: Cine, preset: str = "acdc") -> LabelMap:
    """Load a dense mask of a scan: NIfTI, or a DICOM SEG where the scan came from DICOM.

    On a scan from DICOM a NIfTI mask is placed by its affine, whatever the order of its axes; on one from NIfTI it has
    the axes of the scan's file.

    Parameters
    ----------
    path : `.nii`, `.nii.gz` or a DICOM SEG
    cine : the scan
    preset : a key of `labels.MASK_PRESETS`, the convention of a NIfTI file's codes

    Returns
    -------
    uint8 (t, z, y, x), training codes

    Raises
    ------
    ScanError
        For a file that cannot be read, does not lie on the scan, or holds an unknown code.
    """
    path = Path(path)
    if not is_nifti(path) and dicom.is_dicom_file(path):
        return load_dicom_seg(path, cine)
    if isinstance(cine.header, dicom.DicomSource):
        return load_aligned_mask(path, cine, preset)
    return nifti.load_mask(path, cine, preset)


def is_dicom_path(path: Path) -> bool:
    """Tell whether a path stands for DICOM: a folder, one series of it, or a file that is DICOM inside."""
    if is_nifti(path) or is_h5(path):
        return False
    return path.is_dir() or dicom.split_address(path)[1] is not None or dicom.is_dicom_file(path)
