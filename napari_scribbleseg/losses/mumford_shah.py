"""The Mumford-Shah functional: regions of even intensity with short borders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST_AREA = 1e-6


def level_set_energy(probabilities: Tensor, image: Tensor) -> Tensor:
    """Return LS = Σ_c Σ_i (I_i - μ_c)² p_ci, summed over the slices of the batch.

    Kim and Ye, IEEE TIP 2020, eq. 9. μ_c = Σ I p_c / Σ p_c is the mean intensity of class c in a slice, differentiated
    along with the rest. Deviation of the released code of Luo et al., MICCAI 2022, not followed: it hands image and
    prediction over in the wrong order.

    Parameters
    ----------
    probabilities : float (B, C, H, W), after the softmax
    image : float (B, 1, H, W)

    Returns
    -------
    Scalar, 0 or more; it grows with the number of pixels.
    """
    over = (2, 3)
    area = probabilities.sum(over, keepdim=True).clamp(min=SMALLEST_AREA)
    mean = (image * probabilities).sum(over, keepdim=True) / area
    return ((image - mean).square() * probabilities).sum()


def total_variation(probabilities: Tensor) -> Tensor:
    """Return TV = Σ abs(∂p) over neighbours in y and in x, all classes and slices, of `(B, C, H, W)`; a scalar."""
    down = (probabilities[:, :, 1:] - probabilities[:, :, :-1]).abs().sum()
    right = (probabilities[..., 1:] - probabilities[..., :-1]).abs().sum()
    return down + right
