"""Files of every geometry that the tests of this floor read and write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest


def rotation(degrees: tuple[float, float, float]) -> np.ndarray:
    a, b, c = np.radians(degrees)
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return rx @ ry @ rz


def write_scan(
    path: Path,
    shape: tuple[int, ...] = (12, 10, 4),
    zooms: tuple[float, float, float] = (1.5, 1.5, 8.0),
    flips: tuple[int, int, int] = (1, 1, 1),
    degrees: tuple[float, float, float] = (0.0, 0.0, 0.0),
    dtype: Any = np.int16,
    frame_time: tuple[float, str] = (30.0, "msec"),
    values: np.ndarray | None = None,
    nifti: Any = nib.Nifti1Image,
    **fields: Any,
) -> np.ndarray:
    """Write a file with the given geometry and return its values in file order."""
    if values is None:
        values = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    affine = np.eye(4)
    affine[:3, :3] = rotation(degrees) @ np.diag(np.multiply(zooms, flips))
    affine[:3, 3] = (-31.5, 12.25, 70.0)
    image = nifti(values, affine, dtype=values.dtype)
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=2)
    if len(shape) >= 4:
        image.header.set_zooms((*zooms, frame_time[0], *(1.0,) * (len(shape) - 4)))
    image.header.set_xyzt_units("mm", frame_time[1])
    for name, value in fields.items():
        image.header[name] = value
    nib.save(image, path)
    return values


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A small 4D scan."""
    path = tmp_path / "scan.nii.gz"
    write_scan(path, (12, 10, 4, 3))
    return path


@pytest.fixture
def write() -> Any:
    """The function that writes a scan."""
    return write_scan
