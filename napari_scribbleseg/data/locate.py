"""Where the heart lies, when nobody has pointed at it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_scribbleseg.data.intensity import normalise
from napari_scribbleseg.types import Cine

MIN_PHASES = 6
_BLUR_MM = 8.0
_CHANGE_BLUR_MM = 16.0
_CHANGE_SHARE = 0.4
_CENTRAL_MM = 80.0
"""Spread of the heart's place around the middle of a slice."""


def find_by_motion(cine: Cine) -> tuple[float, float] | None:
    """Return the native (y, x) position of what moves at the heart rate.

    The amplitude of the first harmonic over the cardiac cycle is summed along the stack and blurred; the answer is
    the centre of mass of its strongest connected part. None for a scan with fewer than six phases.

    Parameters
    ----------
    cine : Cine (t, z, y, x)
    """
    n_t, n_z, _, _ = cine.shape
    if n_t < MIN_PHASES:
        return None
    phase = np.exp(-2j * np.pi * np.arange(n_t) / n_t)
    harmonic = sum(cine.volume(t) * phase[t] for t in range(n_t))
    middle = slice(n_z // 4, max(n_z - n_z // 4, n_z // 4 + 1))
    motion = np.abs(np.asarray(harmonic)[middle]).sum(0)
    blurred = ndimage.gaussian_filter(motion, [_BLUR_MM / mm for mm in cine.spacing_mm[1:]])
    return strongest_part(blurred)


def find_by_difference(cine: Cine) -> tuple[float, float] | None:
    """Return the native (y, x) position of what differs between end-diastole and end-systole; None if nothing does.

    End-systole is taken to be the phase that differs most from the first. The change of the normalised intensities is
    summed along the stack, blurred, and weighed by how near the middle of the slice it is; the answer is the centre of
    mass of the strongest connected part above 40 % of the maximum.

    Tried on ACDC: of patients 1–80 a window of 179 mm around it holds at least 99.6 % of each heart's voxels in the
    dense masks (all of them in 79 patients), and of all 100 every scribbled voxel of the heart. The middle of the
    slice alone does so (99.5 %) for 63 of the 80.

    Parameters
    ----------
    cine : Cine (t, z, y, x)
        The first phase is end-diastole.
    """
    n_t, _, height, width = cine.shape
    first = normalise(cine.volume(0))
    changes = [np.abs(normalise(cine.volume(t)) - first).sum(0) for t in range(1, n_t)]
    if not changes:
        return None
    change = max(changes, key=lambda plane: float(plane.sum()))
    y_mm, x_mm = cine.spacing_mm[1:]
    blurred = ndimage.gaussian_filter(change, [_CHANGE_BLUR_MM / y_mm, _CHANGE_BLUR_MM / x_mm])
    y, x = np.ogrid[:height, :width]
    squared_mm = ((y - (height - 1) / 2) * y_mm) ** 2 + ((x - (width - 1) / 2) * x_mm) ** 2
    return strongest_part(blurred * np.exp(-squared_mm / (2 * _CENTRAL_MM**2)), _CHANGE_SHARE)


def strongest_part(weight: npt.NDArray[np.floating], share: float = 0.5) -> tuple[float, float] | None:
    """Return the centre of mass of the heaviest connected part above `share` of the maximum; None if all is 0."""
    peak = float(weight.max())
    if peak <= 0:
        return None
    parts, count = ndimage.label(weight > peak * share)
    mass = ndimage.sum_labels(weight, parts, np.arange(1, count + 1))
    y, x = ndimage.center_of_mass(weight, parts, int(np.argmax(mass)) + 1)
    return float(y), float(x)
