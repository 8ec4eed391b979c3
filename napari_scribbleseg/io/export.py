"""Masks, scribbles and intensities as NIfTI files that lie exactly on their scan.

The source's header goes out as it came in: affine, qform, sform, their codes, zooms and units. What changes is the
data type, and the fields that scale or window the scan's intensities. A scan that was no NIfTI file (DICOM, HDF5, an
array) gets a header made of its affine, spacing and time between phases, and no text at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.io.dicom.source import DicomSource
from napari_scribbleseg.io.errors import ScanError, writing
from napari_scribbleseg.io.geometry import file_shape, to_file_order
from napari_scribbleseg.io.names import is_nifti
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, LabelMap, scribbles_to_file

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from napari_scribbleseg.types import Cine

STORED_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
"""What NIfTI readers agree on."""

_FREE_TEXT = ("descrip", "aux_file", "db_name", "intent_name", "data_type")


def save_mask(path: str | os.PathLike[str], mask: LabelMap, cine: Cine, frames: Sequence[int] | None = None) -> None:
    """Write a mask that any viewer puts exactly on the scan.

    Parameters
    ----------
    path : `.nii` or `.nii.gz`, replaced if it exists
    mask : (t, z, y, x), training codes 0 BG, 1 RV, 2 Myo, 3 LV, on the scan's grid
    cine : the scan; one without a header (made in memory, or from HDF5) gets an affine from its spacing
    frames : phases to write, counted from 0: one makes a 3D file, several a 4D one; by default all of them in the
        shape of the source

    Raises
    ------
    ScanError
        For a mask of another shape or with other codes, phases that do not exist, or a target that cannot be
        written; what was there before is left as it was.
    """
    _require_grid(mask, cine, "A mask", LV)
    _write(Path(path), mask, cine, frames, _header_of(cine))


def save_scribbles(path: str | os.PathLike[str], labels: LabelMap, cine: Cine, preset: str = "layer") -> None:
    """Write strokes on the scan's grid, with a header freed of all text that could name a patient.

    Parameters
    ----------
    path : `.nii` or `.nii.gz`, replaced if it exists
    labels : (t, z, y, x), layer codes
    cine : the scan
    preset : a key of `labels.SCRIBBLE_PRESETS`, the convention of the file's codes

    Raises
    ------
    ScanError
        For strokes of another shape or with other codes, or a target that cannot be written.
    """
    _require_grid(labels, cine, "Scribbles", BACKGROUND_SCRIBBLE)
    codes = labels if preset == "layer" else scribbles_to_file(labels, preset)
    _write(Path(path), codes, cine, None, _without_text(_header_of(cine)))


def save_cine(path: str | os.PathLike[str], cine: Cine) -> None:
    """Write the intensities of a scan, such as one that was read from DICOM.

    Parameters
    ----------
    path : `.nii` or `.nii.gz`, replaced if it exists
    cine : the scan; types that NIfTI readers do not agree on (64-bit integers, float16) go out as float32

    Raises
    ------
    ScanError
        When the target cannot be written; what was there before is left as it was.
    """
    path = Path(path)
    _require_nifti(path)
    values = np.asarray(cine.data)
    stored = values if values.dtype.newbyteorder("=").name in STORED_TYPES else values.astype(np.float32)
    ordered = to_file_order(stored, cine.axes)
    image = _image(ordered.reshape(file_shape(cine)), _header_of(cine), stored.dtype)
    with writing(path):
        write_atomically(path, image.to_filename)


def _require_nifti(path: Path) -> None:
    if not is_nifti(path):
        raise ScanError(f"{path.name} does not end in .nii or .nii.gz; choose a name that does.")


def _require_grid(labels: LabelMap, cine: Cine, what: str, highest: int) -> None:
    if labels.shape != cine.shape:
        raise ScanError(
            f"{what} of shape {labels.shape} cannot be written for a scan of {cine.shape} (t, z, y, x); "
            f"choose the scan that was segmented."
        )
    if labels.dtype.kind not in "iub" or int(labels.min()) < 0 or int(labels.max()) > highest:
        raise ScanError(f"{what} must hold whole numbers from 0 to {highest} only, so nothing was written.")


def _write(path: Path, labels: LabelMap, cine: Cine, frames: Sequence[int] | None, header: Any) -> None:
    _require_nifti(path)
    phases = labels if frames is None else labels[_checked(frames, cine)]
    values = to_file_order(phases.astype(np.uint8, copy=False), cine.axes)
    if frames is None:
        values = values.reshape(header.get_data_shape())
    elif len(frames) == 1:
        values = values[..., 0]
    image = _image(values, header)
    with writing(path):
        write_atomically(path, image.to_filename)


def _checked(frames: Sequence[int], cine: Cine) -> list[int]:
    n_t = cine.shape[0]
    if not frames or not all(0 <= t < n_t for t in frames):
        raise ScanError(f"The phases {list(frames)} are not all in the scan; choose some from 0 to {n_t - 1}.")
    return list(frames)


def _image(values: npt.NDArray[Any], header: Any, dtype: npt.DTypeLike = np.uint8) -> Any:
    header.set_data_dtype(dtype)
    header.set_data_shape(values.shape)
    header.set_slope_inter(1, 0)
    header["cal_max"] = header["cal_min"] = 0
    header["vox_offset"] = 0  # nibabel finds the place behind the extensions
    image_class = nib.Nifti2Image if isinstance(header, nib.Nifti2Header) else nib.Nifti1Image
    # With affine=None nibabel leaves the geometry in the header alone.
    return image_class(values, None, header)


def _header_of(cine: Cine) -> Any:
    return cine.header.copy() if isinstance(cine.header, nib.Nifti1Header) else _new_header(cine)


def _new_header(cine: Cine) -> Any:
    shape = file_shape(cine)
    zooms = np.empty(3)
    zooms[list(cine.axes)] = cine.spacing_mm
    header = nib.Nifti1Header()
    header.set_data_shape(shape)
    # What DICOM says of a place is exact, even of slices that are shifted sideways.
    affine = cine.affine if isinstance(cine.header, DicomSource) else _with_spacing(cine.affine, zooms)
    header.set_sform(affine, code="scanner")
    if np.allclose(affine[:3, :3].T @ affine[:3, :3], np.diag(zooms**2), atol=1e-4):
        header.set_qform(affine, code="scanner")  # a qform cannot hold shears
    timed = cine.frame_ms is not None
    header.set_zooms((*zooms, cine.frame_ms if timed else 1.0)[: len(shape)])
    header.set_xyzt_units("mm", "msec" if timed else "unknown")
    return header


def _with_spacing(affine: npt.NDArray[np.float64], zooms: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    scaled = np.eye(4) if not np.isfinite(affine).all() or not lengths.all() else affine.copy()
    scaled[:3, :3] *= zooms / np.linalg.norm(scaled[:3, :3], axis=0)
    return scaled


def _without_text(header: Any) -> Any:
    for name in _FREE_TEXT:
        if name in header.keys():
            header[name] = b""
    header.extensions.clear()
    return header
