"""Strokes are obeyed at once: what was drawn on a slice bends its prediction, right there and around."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor

from napari_scribbleseg.labels import IGNORE, N_CLASSES, LabelMap

REACH_PX = 4.0
"""How far a stroke reaches, 5.6 mm in `roi`: half of it bends a pixel of the same brightness by three quarters."""
TOLERANCE = 0.1
"""Difference of brightness, on [0, 1], across which a stroke hardly reaches."""
_BLUR_PX = 1.0

Floats = npt.NDArray[np.float32]


def follow_strokes(probabilities: Tensor, images: Floats, strokes: LabelMap) -> Tensor:
    """Bend probabilities towards the strokes on the same slices.

    p' = (1 - g) p + g · [class of the nearest stroke], g = exp(-(distance / reach)² - (ΔI / tolerance)²), ΔI being the
    difference of the blurred intensity to that at the nearest stroke. On a stroke g = 1. Training needs a few steps to
    learn from a stroke and may lose it again among others; a correction must hold. Our own, in the spirit of the
    geodesic maps of DeepIGeoS (Wang et al., IEEE TPAMI 2018), but after the network rather than before it.

    Parameters
    ----------
    probabilities : float (B, C, H, W)
    images : float32 (B, H, W) in [0, 1]
    strokes : uint8 (B, H, W), training codes with IGNORE

    Returns
    -------
    float (B, C, H, W) on the same device; the same tensor where nothing is drawn.
    """
    if (strokes == IGNORE).all():
        return probabilities
    pulls = [_pull(image, drawn) for image, drawn in zip(images, strokes, strict=True)]
    strength = torch.from_numpy(np.stack([g for g, _ in pulls]))[:, None].to(probabilities)
    wanted = torch.from_numpy(np.stack([nearest for _, nearest in pulls])).to(probabilities.device)
    target = torch.nn.functional.one_hot(wanted.long(), N_CLASSES).movedim(3, 1).to(probabilities)
    return torch.lerp(probabilities, target, strength)


def _pull(image: Floats, drawn: LabelMap) -> tuple[Floats, LabelMap]:
    """Return how much each pixel is pulled, float32 `(H, W)`, and towards which class."""
    if (drawn == IGNORE).all():
        return np.zeros(image.shape, np.float32), np.zeros_like(drawn)
    distance, (y, x) = ndimage.distance_transform_edt(drawn == IGNORE, return_indices=True)
    smooth = ndimage.gaussian_filter(image, _BLUR_PX)
    step = (smooth - smooth[y, x]) / TOLERANCE
    pull: Floats = np.exp(-((distance / REACH_PX) ** 2) - step**2).astype(np.float32)
    return pull, drawn[y, x]
