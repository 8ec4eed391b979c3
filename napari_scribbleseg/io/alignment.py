"""Masks that other programs wrote for a DICOM series, put on its grid by what both say of their place in the body.

A DICOM series has no axes in a file, and every converter chooses its own: one turns the rows round, another stacks the
slices from the base. So a NIfTI mask is matched through its affine, never by its shape alone.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.io.errors import ScanError
from napari_scribbleseg.io.geometry import file_shape
from napari_scribbleseg.io.nifti import read_codes
from napari_scribbleseg.io.source import open_image
from napari_scribbleseg.labels import LabelCodeError, LabelMap, mask_from_file

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from napari_scribbleseg.types import Cine

OFF_VOXELS = 0.3
"""How far, in voxels of the scan, a voxel of the mask may lie from the one that it belongs to."""


def load_aligned_mask(
    path: str | os.PathLike[str], cine: Cine, preset: str = "acdc", frames: Sequence[int] | None = None
) -> LabelMap:
    """Load a NIfTI mask, and turn its axes as those of the scan lie.

    Parameters
    ----------
    path : `.nii` or `.nii.gz`, on the voxels of the scan whatever the order and direction of its axes
    cine : the scan
    preset : a key of `labels.MASK_PRESETS`
    frames : phases of the scan, counted from 0, that a file of fewer phases holds, in order

    Returns
    -------
    uint8 (t, z, y, x), training codes; phases that the file does not hold are background

    Raises
    ------
    ScanError
        For a file that cannot be read, lies elsewhere, has other phases, or holds an unknown code.
    """
    path = Path(path)
    image = open_image(path)
    codes = read_codes(image, path)
    four = codes if codes.ndim == 4 else codes[..., None]
    turned = _turn(four, np.asarray(image.affine, np.float64), cine, path.name)
    phases = _phases(turned.shape[3], cine.shape[0], frames, path.name)
    try:
        found = mask_from_file(turned, preset)
    except LabelCodeError as error:
        raise ScanError(f"{path.name}: {error}") from error
    mask = np.zeros(cine.shape, np.uint8)
    mask[phases] = found.transpose(3, *cine.axes)
    return mask


def _turn(values: npt.NDArray[Any], affine: npt.NDArray[np.float64], cine: Cine, name: str) -> npt.NDArray[Any]:
    """Return `(x, y, z, t)` in the axes of the scan's file."""
    elsewhere = ScanError(
        f"{name} does not lie on the voxels of this scan; make the mask on the DICOM series itself, or on the NIfTI "
        "file that `convert` writes of it."
    )
    if not np.isfinite(affine).all():
        raise elsewhere
    to_scan = np.linalg.inv(cine.affine) @ affine
    turn = np.rint(to_scan[:3, :3])
    if not (np.abs(turn).sum(axis=0) == 1).all() or not (np.abs(turn).sum(axis=1) == 1).all():
        raise elsewhere
    order = np.abs(turn).argmax(axis=1)
    turned = values.transpose(*order, 3)
    flipped = tuple(axis for axis in range(3) if turn[axis, order[axis]] < 0)
    if turned.shape[:3] != file_shape(cine)[:3] or not _corners_meet(to_scan, turn, values.shape[:3], flipped, turned):
        raise elsewhere
    return np.asarray(np.flip(turned, flipped))


def _corners_meet(
    to_scan: npt.NDArray[np.float64],
    turn: npt.NDArray[np.float64],
    shape: Sequence[int],
    flipped: Sequence[int],
    turned: npt.NDArray[Any],
) -> bool:
    corners = np.array(list(itertools.product(*((0, length - 1) for length in shape))), np.float64)
    shift = np.array([turned.shape[axis] - 1 if axis in flipped else 0 for axis in range(3)], np.float64)
    off = corners @ to_scan[:3, :3].T + to_scan[:3, 3] - (corners @ turn.T + shift)
    return bool(np.abs(off).max() <= OFF_VOXELS)


def _phases(found: int, n_t: int, frames: Sequence[int] | None, name: str) -> list[int]:
    if found == n_t:
        return list(range(n_t))
    if frames is None or found != len(frames):
        raise ScanError(
            f"{name} holds {found} phase{'s' * (found != 1)}, but the scan has {n_t}; say which of them the file holds."
        )
    if not all(0 <= t < n_t for t in frames) or len(set(frames)) != len(frames):
        raise ScanError(f"The phases {list(frames)} are not all in the scan; choose some from 0 to {n_t - 1}.")
    return list(frames)
