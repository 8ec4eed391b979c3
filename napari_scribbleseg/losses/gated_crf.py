"""The gated conditional random field: near pixels of like intensity want the same class.

The kernel between two pixels is k_ij = exp(-½ (‖Δxy‖² / σ_xy² + ΔI² / σ_I²)) inside a square window, j ≠ i, and 0
outside. It is never held as a whole: shifts of the image are visited one by one, and since k_ij = k_ji each serves
both ways.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

Window = tuple[slice, slice]


@dataclass(frozen=True)
class GatedKernel:
    """Reach and widths of the kernel.

    Attributes
    ----------
    radius : int
        Pixels from the middle of the window to its edge: 5 makes it 11 × 11.
    sigma_px : float
        σ_xy in pixels.
    sigma_intensity : float
        σ_I, for an image in [0, 1].
    """

    radius: int = 5
    sigma_px: float = 6.0
    sigma_intensity: float = 0.1

    def shifts(self) -> Iterator[tuple[int, int]]:
        """Return one (dy, dx) of each pair of opposite shifts."""
        reach = range(-self.radius, self.radius + 1)
        return ((dy, dx) for dy in reach for dx in reach if (dy, dx) > (0, 0))

    def values(self, image: Tensor, here: Window, there: Window, distance_px: float) -> Tensor:
        """Return k `(B, 1, h, w)` between two shifted windows of an image `(B, 1, H, W)`."""
        difference = (image[..., *here] - image[..., *there]).square_()
        far = -0.5 * (distance_px / self.sigma_px) ** 2
        return difference.mul_(-0.5 / self.sigma_intensity**2).add_(far).exp_()


PAPER_KERNEL = GatedKernel()


def gated_crf_loss(probabilities: Tensor, image: Tensor, kernel: GatedKernel = PAPER_KERNEL) -> Tensor:
    """Return G = (1 / NHW) Σ_i Σ_j k_ij (1 - p_i · p_j), over all pairs inside the slices.

    Obukhov et al., "Gated CRF Loss for Weakly Supervised Semantic Image Segmentation", 2019, with Potts'
    compatibility and no gates, as Luo et al., MICCAI 2022, use it. Deviation of the released code: it pads the slice
    with zeros and counts pairs with that padding, which adds a constant and changes no gradient.

    The gradient -2 Σ_j k_ij p_j / NHW is exact, but it has no gradient of its own.

    Parameters
    ----------
    probabilities : float (B, C, H, W), after the softmax
    image : float (B, 1, H, W) in [0, 1]
    kernel : GatedKernel

    Returns
    -------
    Scalar, 0 or more.
    """
    messages, weights = sum_neighbours(probabilities, image, kernel)
    # Worth Σ p · m, with twice the gradient m: both ends of a pair move.
    agreement = ((2 * probabilities - probabilities.detach()) * messages).sum()
    batch, _, height, width = probabilities.shape
    return (weights.sum() - agreement) / (batch * height * width)


@torch.no_grad()
def sum_neighbours(probabilities: Tensor, image: Tensor, kernel: GatedKernel = PAPER_KERNEL) -> tuple[Tensor, Tensor]:
    """Return Σ_j k_ij p_j `(B, C, H, W)` and Σ_j k_ij `(B, 1, H, W)` of every pixel i, without gradient.

    Parameters
    ----------
    probabilities : float (B, C, H, W)
    image : float (B, 1, H, W) in [0, 1]
    kernel : GatedKernel
    """
    values = torch.cat([probabilities, torch.ones_like(image, dtype=probabilities.dtype)], 1).contiguous()
    image = image.to(values.dtype).contiguous()
    total = torch.zeros_like(values)
    for dy, dx in kernel.shifts():
        here, there = _overlap(dy, dx, image.shape[2:])
        k = kernel.values(image, here, there, math.hypot(dy, dx))
        total[..., *here].addcmul_(k, values[..., *there])
        total[..., *there].addcmul_(k, values[..., *here])
    return total[:, :-1], total[:, -1:]


def _overlap(dy: int, dx: int, size: torch.Size) -> tuple[Window, Window]:
    """Return the windows of the pixels that have a partner at (dy, dx), and of their partners."""
    y, x = _span(dy, size[0]), _span(dx, size[1])
    return (y[0], x[0]), (y[1], x[1])


def _span(shift: int, length: int) -> tuple[slice, slice]:
    low, high = max(0, -shift), max(min(length, length - shift), 0)
    return slice(low, max(high, low)), slice(low + shift, max(high, low) + shift)
