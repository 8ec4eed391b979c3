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
    """One draw for a batch of B slices.

    Attributes
    ----------
    affine : float (B, 2, 3)
        Output → input map in the coordinates of `affine_grid`; turns, flips, rotation, zoom and shift in one.
    intensity : float (B, 3)
        Exponent, stretch, offset.
    noise : float (B, 1, H, W)
    """

    affine: Tensor
    intensity: Tensor
    noise: Tensor

    def part(self, share: slice) -> Draw:
        """Return the draw of some of the slices."""
        return Draw(self.affine[share], self.intensity[share], self.noise[share])

    def to(self, device: torch.device) -> Draw:
        """Return the draw on another device."""
        return Draw(*(t.to(device, non_blocking=True) for t in (self.affine, self.intensity, self.noise)))


def draw(ranges: Augmentation, shape: tuple[int, int, int], generator: torch.Generator) -> Draw:
    """Draw once for a batch of `shape` (B, H, W), on the CPU."""
    affine, intensity = draw_views(ranges, shape, generator)
    n, height, width = shape
    return Draw(affine, intensity, torch.randn(n, 1, height, width, generator=generator) * ranges.noise)


def draw_views(ranges: Augmentation, shape: tuple[int, int, int], generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw all but the noise: `affine` and `intensity` of a :class:`Draw`."""
    n, height, width = shape

    def uniform(limit: float) -> Tensor:
        return (torch.rand(n, generator=generator) * 2 - 1) * limit

    turned = (torch.rand(n, generator=generator) < 0.5) & ranges.quarter_turns
    quarters, axes = torch.randint(0, 4, (n,), generator=generator), torch.randint(1, 3, (n,), generator=generator)
    rotated = ~turned & ((torch.rand(n, generator=generator) < 0.5) | (not ranges.quarter_turns))
    angle = uniform(math.radians(ranges.rotation_deg)) * rotated
    zoom = uniform(ranges.log_scale).exp()
    shift = torch.stack([uniform(2 * ranges.shift_px / width), uniform(2 * ranges.shift_px / height)], 1)
    rows = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(n, 2, 2) * zoom.view(n, 1, 1)
    affine = torch.cat([rows, shift[:, :, None]], 2)
    affine = torch.where(turned[:, None, None], _TURNS[quarters] @ _FLIPS[axes] @ affine, affine)
    intensity = torch.stack([uniform(ranges.gamma).exp(), 1 + uniform(ranges.contrast), uniform(ranges.brightness)], 1)
    return affine, intensity


_TURNS = torch.tensor([[[1.0, 0], [0, 1]], [[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]]])
"""Output → input map (x, y) of `torch.rot90` by k quarter turns."""

_FLIPS = torch.tensor([[[1.0, 0], [0, 1]], [[1, 0], [0, -1]], [[-1, 0], [0, 1]]])
"""Of no flip, and of a flip along axis 1 (y) or 2 (x)."""


def apply(batch: Batch, drawn: Draw) -> Batch:
    """Return the batch as drawn.

    Images and probabilities are interpolated, labels take their nearest neighbour, and what comes in from outside is
    the edge's intensity, no probability, and IGNORE.
    """
    drawn = drawn.to(batch.image.device)
    grid = functional.affine_grid(drawn.affine, list(batch.image.shape), align_corners=False)
    return look(batch, grid, drawn.intensity, drawn.noise)


def look(batch: Batch, grid: Tensor, intensity: Tensor, noise: Tensor) -> Batch:
    """Return the batch at the points of a sampling grid `(B, H', W', 2)`, recoloured and with noise added."""
    image = functional.grid_sample(batch.image, grid, mode="bilinear", padding_mode="border", align_corners=False)
    aux = {name: warp(values, grid) for name, values in batch.aux.items()}
    return Batch(_recolour(image, intensity) + noise, warp(batch.labels, grid), aux)


def warp(values: Tensor, grid: Tensor) -> Tensor:
    """Return labels int `(B, H, W)`, by nearest neighbour, or probabilities float `(B, C, H, W)` at a sampling grid.

    Zero is what `grid_sample` fills with, so IGNORE travels as zero.
    """
    if values.is_floating_point():
        return functional.grid_sample(values, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    codes = values.to(grid.dtype)
    shifted = torch.where(codes == IGNORE, 0, codes + 1)[:, None]
    seen = functional.grid_sample(shifted, grid, mode="nearest", padding_mode="zeros", align_corners=False)
    seen = seen[:, 0].long()
    return torch.where(seen == 0, IGNORE, seen - 1)


def _recolour(image: Tensor, intensity: Tensor) -> Tensor:
    exponent, stretch, offset = intensity.view(-1, 3, 1, 1, 1).unbind(1)
    mean = image.mean((1, 2, 3), keepdim=True)
    return (image.clamp(min=0).pow(exponent) - mean) * stretch + mean + offset
