"""Slices and volumes as WSL4MIS stores ACDC: HDF5 files with `image`, `label` and `scribble`.

They carry no geometry: a voxel counts as 1 mm, and masks go out with an identity affine.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.io.contrast import require_contrast
from napari_scribbleseg.io.errors import ScanError, reading
from napari_scribbleseg.io.fingerprint import case_of
from napari_scribbleseg.io.names import file_stem
from napari_scribbleseg.labels import LabelCodeError, LabelMap, mask_from_file, scribbles_from_file
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    import os


def load_h5(path: str | os.PathLike[str], case: str | None = None) -> Cine:
    """Load the `image` of a slice (y, x) or a volume (z, y, x) as a scan of one phase.

    Parameters
    ----------
    path : such as `patient001_frame01_slice_1.h5` or `patient001_frame01.h5`
    case : name of the scan in sessions; by default one made from its content

    Raises
    ------
    ScanError
        When the file is missing, damaged, or holds no image.
    """
    path = Path(path)
    data = _read(path, "image")
    if data.dtype.kind not in "iuf":
        raise ScanError(f"{path.name} holds no grey values under 'image'; write it again with numbers.")
    require_contrast(data, path.name)
    cine = Cine(case=case or "", data=data, spacing_mm=(1.0, 1.0, 1.0), ndim=3, title=file_stem(path))
    return cine if case else dataclasses.replace(cine, case=case_of(cine))


def load_h5_scribbles(path: str | os.PathLike[str], preset: str = "acdc") -> LabelMap:
    """Load the `scribble` of a slice or volume.

    Returns
    -------
    uint8 (1, z, y, x), layer codes

    Raises
    ------
    ScanError
        When there are none, or their codes do not follow the convention `preset`.
    """
    path = Path(path)
    try:
        return scribbles_from_file(_read(path, "scribble"), preset)
    except LabelCodeError as error:
        raise ScanError(f"{path.name}: {error}") from error


def load_h5_mask(path: str | os.PathLike[str], preset: str = "acdc") -> LabelMap:
    """Load the `label`, the dense mask, of a slice or volume.

    Returns
    -------
    uint8 (1, z, y, x), training codes

    Raises
    ------
    ScanError
        When there is none, or a code is unknown.
    """
    path = Path(path)
    try:
        return mask_from_file(_read(path, "label"), preset)
    except LabelCodeError as error:
        raise ScanError(f"{path.name}: {error}") from error


def _read(path: Path, key: str) -> npt.NDArray[Any]:
    try:
        import h5py
    except ImportError as error:
        raise ScanError(f"{path.name} is an HDF5 file; install h5py to read it (pip install h5py).") from error
    with reading(path):
        path.open("rb").close()  # h5py reports a missing or forbidden file in its own words
        if not h5py.is_hdf5(path):
            raise ScanError(f"{path.name} is not an HDF5 file, or is cut short; copy or download it again.")
        with h5py.File(path, "r") as file:
            if not isinstance(file.get(key), h5py.Dataset):
                raise ScanError(f"{path.name} holds no '{key}', only {sorted(file)}; choose a file made by WSL4MIS.")
            values = np.asarray(file[key][()])
    if values.ndim not in (2, 3) or not values.size:
        raise ScanError(f"{path.name} holds '{key}' of shape {values.shape}; a (y, x) or (z, y, x) array is needed.")
    return values.reshape(1, *(1,) * (3 - values.ndim), *values.shape)
