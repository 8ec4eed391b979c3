"""Where the cavity of the left ventricle ends: a predicted border, moved to where the image shows the blood to end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_scribbleseg.labels import IGNORE, LV, MYO, LabelMap

BAND_MM = 3.5
"""The border moves no further than this."""
BLOOD_SHARE = 0.3
"""Myocardium that is brighter than this is blood, on a scale from 0, myocardium, to 1, blood."""
MUSCLE_SHARE = 0.1
"""Cavity that is darker than this is myocardium."""
PROTECTED_MM = 6.0
"""Around strokes nothing moves: they have bent the prediction there already."""

LEAST_PX = {LV: 10, MYO: 20}
_LEAST_CORE_PX = {LV: 4, MYO: 10}
_CORE = 0.6
_WALL_MM = 1.5
_BLUR_PX = 0.6
_MARGIN_PX = 4

Mask = npt.NDArray[np.bool_]
Volume = npt.NDArray[np.float32]


def follow_blood(phase: LabelMap, image: Volume, drawn: LabelMap, pixel_mm: tuple[float, float]) -> LabelMap:
    """Move the border between LV and myocardium to where the brightness says, each slice by itself.

    A network that learned from strokes has been told of the middle of cavity and wall, and draws the border between
    them by habit: large cavities too small, and those of hypertrophic hearts at end-systole too large. Within
    `BAND_MM` of it, myocardium brighter than `BLOOD_SHARE` becomes cavity and cavity darker than `MUSCLE_SHARE` becomes
    myocardium, 0 and 1 being the medians of what lies deep inside of both. Dark islands in the cavity stay cavity:
    papillary muscles, as in ACDC. Our own; the three numbers were chosen on ACDC's patients 5, 10, …, 80
    (`docs/methods.md`).

    Parameters
    ----------
    phase : uint8 (z, y, x), training codes
    image : float32 (z, y, x)
    drawn : uint8 (z, y, x), training codes; IGNORE where nothing is drawn
    pixel_mm : (y, x)

    Returns
    -------
    A new array, in which LV and myocardium together are what they were.
    """
    moved = phase.copy()
    for labels, slice_image, strokes in zip(moved, image, drawn, strict=True):
        if all(np.count_nonzero(labels == code) >= least for code, least in LEAST_PX.items()):
            where = _surroundings(labels >= MYO)
            labels[where] = _move(labels[where], slice_image[where], strokes[where], pixel_mm)
    return moved


def _surroundings(body: Mask) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(body.any(axis)) for axis in (1, 0))
    low, high = (max(int(rows[0]) - _MARGIN_PX, 0), max(int(columns[0]) - _MARGIN_PX, 0)), (rows[-1], columns[-1])
    return slice(low[0], int(high[0]) + _MARGIN_PX + 1), slice(low[1], int(high[1]) + _MARGIN_PX + 1)


def _move(labels: LabelMap, image: Volume, drawn: LabelMap, pixel_mm: tuple[float, float]) -> LabelMap:
    cavity, muscle = labels == LV, labels == MYO
    inside_mm = ndimage.distance_transform_edt(cavity, pixel_mm)
    outside_mm = ndimage.distance_transform_edt(~cavity, pixel_mm)
    core = cavity & (inside_mm > min(BAND_MM, _CORE * inside_mm.max()))
    smooth = ndimage.gaussian_filter(image, _BLUR_PX)
    scale = _scale(smooth, core, _deep(muscle, pixel_mm) & (outside_mm > _CORE * BAND_MM))
    if scale is None:
        return labels
    dark, bright = scale
    blood = (smooth - dark) / (bright - dark)
    free = ndimage.distance_transform_edt(drawn == IGNORE, pixel_mm) > PROTECTED_MM if _any(drawn) else True
    within = ndimage.binary_erosion(cavity | muscle)  # the wall stays closed
    grown = muscle & within & (outside_mm <= BAND_MM) & (blood > BLOOD_SHARE) & free
    lost = cavity & (inside_mm <= BAND_MM) & (blood < MUSCLE_SHARE) & free
    kept = _one_piece(((cavity & ~lost) | grown), core)
    changed = (cavity | muscle) & free
    result = labels.copy()
    result[changed & kept] = LV
    result[changed & ~kept] = MYO
    return result


def _any(drawn: LabelMap) -> bool:
    return bool((drawn != IGNORE).any())


def _deep(muscle: Mask, pixel_mm: tuple[float, float]) -> Mask:
    depth_mm = ndimage.distance_transform_edt(muscle, pixel_mm)
    return np.asarray(muscle & (depth_mm > min(_WALL_MM, _CORE * depth_mm.max())))


def _scale(image: Volume, core: Mask, wall: Mask) -> tuple[float, float] | None:
    """Return the brightness of muscle and of blood; None where they cannot be told, or blood is not the brighter."""
    if np.count_nonzero(core) < _LEAST_CORE_PX[LV] or np.count_nonzero(wall) < _LEAST_CORE_PX[MYO]:
        return None
    dark, bright = float(np.median(image[wall])), float(np.median(image[core]))
    return (dark, bright) if bright > dark else None


def _one_piece(cavity: Mask, core: Mask) -> Mask:
    """Return the largest part of a cavity, freed of threads and with its holes filled."""
    opened = ndimage.binary_opening(cavity) | core
    parts, count = ndimage.label(opened)
    if count > 1:
        opened = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
    return np.asarray(ndimage.binary_fill_holes(opened))
