"""Intensities on a common scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CLIP_QUANTILE = 0.99


def normalise(volume: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Clip a volume at its 99 % quantile and stretch it to [0, 1].

    Quantile and extremes are the volume's own, as in the released code (the paper says the slice's). A constant
    volume becomes 0.

    Parameters
    ----------
    volume : float32 (z, y, x)

    Returns
    -------
    float32 (z, y, x)
    """
    low, high = float(volume.min()), float(np.quantile(volume, CLIP_QUANTILE))
    if high <= low:
        high = float(volume.max())
    if high <= low:
        return np.zeros_like(volume)
    return (np.minimum(volume, high) - np.float32(low)) / np.float32(high - low)
