"""Random views of a batch, drawn apart from being applied, so that a draw can be repeated.

Labels that a rotation brings in from outside are IGNORE; filling them with 0 would invent background strokes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.types import Batch


@dataclass(frozen=True)
class Augmentation:
    """Ranges to draw from.

    Attributes
    ----------
    quarter_turns : bool
        With p = .5 rotate by k · 90° and flip one axis, in place of the rotation below (the released recipe).
    rotation_deg : float
        Largest rotation to either side; applied with p = .5 where `quarter_turns` is on.
    log_scale, shift_px : float
        Largest zoom (natural logarithm) and shift to either side.
    gamma : float
        Largest natural logarithm of the exponent of the intensities.
    contrast, brightness : float
        Largest relative stretch around the mean, and largest offset.
    noise : float
        Standard deviation of Gaussian noise.
    """

    quarter_turns: bool = False
    rotation_deg: float = 20.0
    log_scale: float = 0.0
    shift_px: float = 0.0
    gamma: float = 0.0
    contrast: float = 0.0
    brightness: float = 0.0
    noise: float = 0.01


PROTOCOL = Augmentation(quarter_turns=True)
"""The paper's: rotation, flip, noise N(0, .01²)."""

LIVE = Augmentation(
    rotation_deg=15.0, log_scale=0.1, shift_px=5.0, gamma=0.2, contrast=0.1, brightness=0.05, noise=0.01
)
"""For few strokes on one scan: the heart keeps its orientation, its size, place and contrast vary."""


@dataclass(frozen=True)
class Draw:
    """One draw for a batch of B slices; all fields are on the CPU.

    Attributes
    ----------
    turns : int64 (B, 2)
        Quarter turns, and axis to flip (1 or 2; 0 for none).
    affine : float (B, 2, 3)
        Output → input map in the coordinates of `affine_grid`.
    intensity : float (B, 3)
        Exponent, stretch, offset.
    noise : float (B, 1, H, W)
    """

    turns: Tensor
    affine: Tensor
    intensity: Tensor
    noise: Tensor


def draw(ranges: Augmentation, shape: tuple[int, int, int], generator: torch.Generator) -> Draw:
    """Draw once for a batch of `shape` (B, H, W)."""
    n, height, width = shape

    def uniform(limit: float) -> Tensor:
        return (torch.rand(n, generator=generator) * 2 - 1) * limit

    turned = (torch.rand(n, generator=generator) < 0.5) & ranges.quarter_turns
    turns = torch.stack(
        [torch.randint(0, 4, (n,), generator=generator), torch.randint(1, 3, (n,), generator=generator)], 1
    )
    rotated = ~turned & ((torch.rand(n, generator=generator) < 0.5) | (not ranges.quarter_turns))
    angle = uniform(math.radians(ranges.rotation_deg)) * rotated
    zoom = uniform(ranges.log_scale).exp()
    shift = torch.stack([uniform(2 * ranges.shift_px / width), uniform(2 * ranges.shift_px / height)], 1)
    rows = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(n, 2, 2) * zoom.view(n, 1, 1)
    intensity = torch.stack([uniform(ranges.gamma).exp(), 1 + uniform(ranges.contrast), uniform(ranges.brightness)], 1)
    noise = torch.randn(n, 1, height, width, generator=generator) * ranges.noise
    return Draw(turns * turned[:, None], torch.cat([rows, shift[:, :, None]], 2), intensity, noise)


def apply(batch: Batch, drawn: Draw) -> Batch:
    """Return the batch as drawn: images bilinear, labels nearest neighbour with IGNORE from outside."""
    image, labels = _turn(batch, drawn.turns)
    grid = functional.affine_grid(drawn.affine.to(image.device), list(image.shape), align_corners=False)
    image = functional.grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=False)
    image = _recolour(image, drawn.intensity.to(image.device)) + drawn.noise.to(image.device)
    return Batch(image, _warp_labels(labels, grid))


def _turn(batch: Batch, turns: Tensor) -> tuple[Tensor, Tensor]:
    if not turns.any():
        return batch.image, batch.labels
    images, labels = [], []
    for image, label, (k, axis) in zip(batch.image, batch.labels, turns.tolist(), strict=True):
        image, label = torch.rot90(image, k, (1, 2)), torch.rot90(label, k, (0, 1))
        images.append(image.flip(axis) if axis else image)
        labels.append(label.flip(axis - 1) if axis else label)
    return torch.stack(images), torch.stack(labels)


def _warp_labels(labels: Tensor, grid: Tensor) -> Tensor:
    """Zero is what `grid_sample` fills with, so IGNORE travels as zero."""
    shifted = torch.where(labels == IGNORE, 0, labels + 1).float()[:, None]
    warped = functional.grid_sample(shifted, grid, mode="nearest", padding_mode="zeros", align_corners=False)
    codes = warped[:, 0].long()
    return torch.where(codes == 0, IGNORE, codes - 1)


def _recolour(image: Tensor, intensity: Tensor) -> Tensor:
    exponent, stretch, offset = intensity.view(-1, 3, 1, 1, 1).unbind(1)
    mean = image.mean((1, 2, 3), keepdim=True)
    return (image.clamp(min=0).pow(exponent) - mean) * stretch + mean + offset
