"""Puts body, heart and scanner together into the images and the truth of one phase."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from phantom.geometry import N_SLICES, N_X, N_Y, OVERSAMPLING, FloatArray, Plane, make_plane, sub_depths_mm
from phantom.motion import beat_at
from phantom.painter import paint_heart
from phantom.scanner import acquire, banding, sensitivity
from phantom.torso import draw_torso

Volume = npt.NDArray[np.uint8]
WINDOW_MM = 92.0


class StillPlane(NamedTuple):
    """What of a thin plane does not move: its coordinates, the torso, and how bright the scanner sees it."""

    plane: Plane
    torso: FloatArray
    gain: FloatArray


def breath_hold_shifts(seed: int) -> FloatArray:
    """Return how far the body lies off in each slice, in mm, shape `(slices, 2)`: no two breath-holds are alike."""
    return np.random.default_rng([seed, 1]).normal(0.0, (0.5, 0.9), (N_SLICES, 2))


def still_planes(seed: int) -> list[list[StillPlane]]:
    """Draw the torso once for all phases: per slice, its thin planes."""
    return [still_slice(z, seed) for z in range(N_SLICES)]


def still_slice(z: int, seed: int) -> list[StillPlane]:
    """Draw the torso in the thin planes of one slice."""
    shift = breath_hold_shifts(seed)[z]
    return [_still(float(depth_mm), shift) for depth_mm in sub_depths_mm(z)]


def _still(depth_mm: float, shift: FloatArray) -> StillPlane:
    plane = make_plane(depth_mm, (float(shift[0]), float(shift[1])))
    return StillPlane(plane, draw_torso(plane), sensitivity(plane) * banding(plane))


def make_phase(phase: int, seed: int, still: list[list[StillPlane]]) -> tuple[Volume, Volume]:
    """Make one phase of the cine.

    Returns
    -------
    image, truth : uint8 arrays (z, y, x)
        Intensities; 0 background, 1 RV, 2 Myo, 3 LV.
    """
    pairs = [make_slice(phase, z, seed, planes) for z, planes in enumerate(still)]
    return np.stack([image for image, _ in pairs]), np.stack([truth for _, truth in pairs])


def make_slice(phase: int, z: int, seed: int, planes: list[StillPlane]) -> tuple[Volume, Volume]:
    """Make one slice at one phase: image and truth, uint8 arrays (y, x)."""
    picture, tissue = _mean_slice(planes, phase)
    return acquire(picture, np.random.default_rng([seed, 2, phase, z])), _majority(tissue)


def _mean_slice(planes: list[StillPlane], phase: int) -> tuple[FloatArray, FloatArray]:
    """Return the mean picture and tissue shares of a slice, over its thickness, on the fine grid."""
    beat = beat_at(phase)
    picture = np.zeros_like(planes[0].torso)
    tissue = np.zeros((3, *picture.shape))
    for plane, torso, gain in planes:
        window = plane.window(WINDOW_MM)
        painted = paint_heart(torso[window], plane.crop(window), beat)
        whole = torso.copy()
        whole[window] = painted.picture
        picture += whole * gain / len(planes)
        tissue[(slice(None), *window)] += painted.tissue / len(planes)
    return picture, tissue


def _majority(tissue: FloatArray) -> npt.NDArray[np.uint8]:
    """Return the class with the largest share of each pixel; specks cut off from their structure become background."""
    share = tissue.reshape(3, N_Y, OVERSAMPLING, N_X, OVERSAMPLING).mean(axis=(2, 4))
    truth = np.where(share.sum(0) >= 0.5, share.argmax(0) + 1, 0).astype(np.uint8)
    for label in (1, 2, 3):
        pieces, count = ndimage.label(truth == label)
        if count > 1:
            sizes = np.bincount(pieces.ravel())[1:]
            truth[(pieces > 0) & (pieces != sizes.argmax() + 1)] = 0
    return truth
