"""Carries a mask from one phase to another along the motion between the two images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.labels import N_CLASSES, LabelMap

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

QUANTILES = (0.01, 0.99)
SMOOTHNESS = 10.0
"""Weight of a smooth motion field in the last refinement; half of OpenCV's own, as hearts move unevenly."""
MIN_SIDE = 16
"""Pixels below which there is no motion to be found."""

Volume = npt.NDArray[np.float32]
Flow = npt.NDArray[np.float32]


def propagate(source: ArrayLike, target: ArrayLike, mask: LabelMap) -> LabelMap:
    """Carry the mask of some slices over to other images of the same places.

    Dense inverse search optical flow (Kroeger et al., ECCV 2016) at full resolution, slice by slice, from `target` back
    to `source`; each class is interpolated along it, and the strongest one wins.

    Parameters
    ----------
    source, target : (z, y, x), any intensities; what is not finite counts as 0
    mask : uint8 (z, y, x), training codes of `source`

    Returns
    -------
    uint8 (z, y, x), training codes of `target`; the same mask where slices are too small for motion.

    Raises
    ------
    ValueError
        When the three differ in shape.
    """
    before, after = np.asarray(source, np.float32), np.asarray(target, np.float32)
    if not before.shape == after.shape == mask.shape:
        raise ValueError(f"Images {before.shape} and {after.shape} and mask {mask.shape} must be alike in shape.")
    before, after = _as_bytes(before, after)
    carried = np.zeros_like(mask)
    for z in range(len(mask)):
        if mask[z].any():
            carried[z] = warp(mask[z], find_flow(after[z], before[z]))
    return carried


def find_flow(target: npt.NDArray[np.uint8], source: npt.NDArray[np.uint8]) -> Flow:
    """Return where each pixel of `target` `(y, x)` lies in `source`: float32 `(y, x, 2)`, steps along x and y."""
    import cv2

    if min(target.shape) < MIN_SIDE:
        return np.zeros((*target.shape, 2), np.float32)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    search.setVariationalRefinementAlpha(SMOOTHNESS)
    flow: Flow = search.calc(target, source, None)  # type: ignore[call-overload]
    return flow


def warp(mask: LabelMap, flow: Flow) -> LabelMap:
    """Return the labels `(y, x)` that a flow to `mask` carries here; background from beyond the edge."""
    import cv2

    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]].astype(np.float32)
    column, row = x + flow[..., 0], y + flow[..., 1]
    shares = [
        cv2.remap((mask == code).astype(np.float32), column, row, cv2.INTER_LINEAR, borderValue=float(code == 0))
        for code in range(N_CLASSES)
    ]
    labels: LabelMap = np.argmax(shares, axis=0).astype(np.uint8)
    return labels


def _as_bytes(*volumes: Volume) -> list[npt.NDArray[Any]]:
    """Return volumes in the 8 bits that the search wants, stretched alike."""
    finite = [np.nan_to_num(volume, nan=0.0, posinf=0.0, neginf=0.0) for volume in volumes]
    low, high = np.quantile(np.concatenate([volume.ravel() for volume in finite]), QUANTILES)
    scale = 255.0 / max(float(high - low), 1e-6)
    return [np.clip((volume - low) * scale, 0, 255).astype(np.uint8) for volume in finite]
