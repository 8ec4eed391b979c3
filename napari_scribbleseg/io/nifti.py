"""Scans, scribbles and masks from NIfTI files, turned to `(t, z, y, x)`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.io.contrast import require_contrast
from napari_scribbleseg.io.errors import ScanError
from napari_scribbleseg.io.export import save_mask, save_scribbles
from napari_scribbleseg.io.fingerprint import case_of
from napari_scribbleseg.io.geometry import file_shape
from napari_scribbleseg.io.header import frame_time_ms, stack_axes, zooms_mm
from napari_scribbleseg.io.lazy import LazyPhases
from napari_scribbleseg.io.names import file_stem
from napari_scribbleseg.io.source import (
    is_compressed,
    open_image,
    read_values,
    require_whole_file,
    squeezed_shape,
    uncompressed_bytes,
)
from napari_scribbleseg.labels import LabelCodeError, LabelMap, mask_from_file, scribbles_from_file
from napari_scribbleseg.types import ArrayLike4D, Cine

if TYPE_CHECKING:
    import os

__all__ = ["LAZY_ABOVE_BYTES", "load_cine", "load_labels", "load_mask", "save_mask", "save_scribbles"]

LAZY_ABOVE_BYTES = 512 * 2**20
"""Scans that take more than this in memory are read phase by phase."""


def load_cine(path: str | os.PathLike[str], case: str | None = None) -> Cine:
    """Load a 3D stack or a 4D cine of any orientation and real number type.

    Parameters
    ----------
    path : `.nii` or `.nii.gz`
    case : name of the scan in sessions; by default one made from its content, never from its file name

    Returns
    -------
    Cine; its data keep the file's own type, or are float32 where the header scales them, and stay on the disk when
    they are large.

    Raises
    ------
    ScanError
        When the file is missing, damaged, not a NIfTI file or not a scan; one sentence says which.
    """
    path = Path(path)
    image = open_image(path)
    shape = squeezed_shape(image, path.name)
    zooms = zooms_mm(image.header, path.name)
    axes = stack_axes(shape, zooms)
    data = _read_phases(image, path, shape, axes)
    require_contrast(data, path.name)
    cine = Cine(
        case=case or "",
        data=data,
        spacing_mm=(zooms[axes[0]], zooms[axes[1]], zooms[axes[2]]),
        frame_ms=frame_time_ms(image.header) if len(shape) == 4 else None,
        affine=np.array(image.affine, dtype=np.float64),
        axes=axes,
        ndim=len(shape),
        header=image.header.copy(),
        title=file_stem(path),
    )
    return cine if case else dataclasses.replace(cine, case=case_of(cine))


def load_labels(path: str | os.PathLike[str], cine: Cine, preset: str) -> LabelMap:
    """Load the scribbles of a scan.

    Parameters
    ----------
    path : `.nii` or `.nii.gz` with the shape of the scan's file
    cine : the scan
    preset : a key of `labels.SCRIBBLE_PRESETS`, the convention of the file's codes

    Returns
    -------
    uint8 (t, z, y, x), layer codes

    Raises
    ------
    ScanError
        For a file that cannot be read, has another shape, or does not follow the convention.
    """
    path = Path(path)
    return _translated(path, _read_like(path, cine), scribbles_from_file, preset)


def load_mask(path: str | os.PathLike[str], cine: Cine, preset: str = "acdc") -> LabelMap:
    """Load a dense mask of a scan.

    Parameters
    ----------
    path : `.nii` or `.nii.gz` with the shape of the scan's file
    cine : the scan
    preset : a key of `labels.MASK_PRESETS`

    Returns
    -------
    uint8 (t, z, y, x), training codes

    Raises
    ------
    ScanError
        For a file that cannot be read, has another shape, or holds an unknown code.
    """
    path = Path(path)
    return _translated(path, _read_like(path, cine), mask_from_file, preset)


def read_codes(image: Any, path: Path) -> npt.NDArray[Any]:
    """Read a label file in file order; codes that a scaling factor left a hair off are rounded."""
    values = read_values(image, path).reshape(squeezed_shape(image, path.name))
    if values.dtype.kind == "f":
        rounded = np.rint(values)
        close = np.abs(values - rounded) < 1e-3
        values = rounded if close.all() else np.where(close, rounded, values)
    return values


def _read_phases(image: Any, path: Path, shape: tuple[int, ...], axes: tuple[int, int, int]) -> ArrayLike4D:
    if uncompressed_bytes(image) > LAZY_ABOVE_BYTES:
        require_whole_file(image, path)
        return LazyPhases(open_image(path, keep_open=is_compressed(path)), path, axes)
    return _to_phases(read_values(image, path).reshape(shape), axes)


def _to_phases(values: npt.NDArray[Any], axes: tuple[int, int, int]) -> npt.NDArray[Any]:
    four = values if values.ndim == 4 else values[..., None]
    return np.ascontiguousarray(four.transpose(3, *axes))


def _read_like(path: Path, cine: Cine) -> npt.NDArray[Any]:
    image = open_image(path)
    found, wanted = squeezed_shape(image, path.name), file_shape(cine)
    if _without_trailing_ones(found) != _without_trailing_ones(wanted):
        raise ScanError(
            f"{path.name} has the shape {found}, but the scan has {wanted}; choose the file that belongs to this scan."
        )
    return _to_phases(read_codes(image, path).reshape(wanted), cine.axes)


def _without_trailing_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:-1] if len(shape) == 4 and shape[3] == 1 else shape


def _translated(path: Path, codes: npt.NDArray[Any], translate: Any, preset: str) -> LabelMap:
    try:
        labels: LabelMap = translate(codes, preset)
    except LabelCodeError as error:
        raise ScanError(f"{path.name}: {error}") from error
    return labels
