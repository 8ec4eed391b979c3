"""Scans of every kind that can be read, by one call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribbleseg.io import h5, nifti
from napari_scribbleseg.io.names import is_h5

if TYPE_CHECKING:
    import os

    from napari_scribbleseg.types import Cine


def load_cine(path: str | os.PathLike[str], case: str | None = None) -> Cine:
    """Load a scan: NIfTI (`.nii`, `.nii.gz`, 3D or 4D) or WSL4MIS-style HDF5 (`.h5`).

    Parameters
    ----------
    path : the file
    case : name of the scan in sessions; by default one made from its content, never from its file name

    Raises
    ------
    ScanError
        When the file cannot be read as a scan; one sentence says why and what to do.
    """
    load = h5.load_h5 if is_h5(Path(path)) else nifti.load_cine
    return load(path, case)
