"""Where the heart lies, when nobody has pointed at it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_scribbleseg.types import Cine

MIN_PHASES = 6
_BLUR_MM = 8.0


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


def strongest_part(weight: npt.NDArray[np.floating]) -> tuple[float, float] | None:
    """Return the centre of mass of the connected part above half the maximum that weighs most; None if all is 0."""
    peak = float(weight.max())
    if peak <= 0:
        return None
    parts, count = ndimage.label(weight > peak / 2)
    mass = ndimage.sum_labels(weight, parts, np.arange(1, count + 1))
    y, x = ndimage.center_of_mass(weight, parts, int(np.argmax(mass)) + 1)
    return float(y), float(x)
