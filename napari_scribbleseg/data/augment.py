"""Random views of a batch, drawn apart from being applied, so that a draw can be repeated.

Labels that a rotation brings in from outside are IGNORE; filling them with 0 would invent background strokes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

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
    quarter_turns : float
        Chance to rotate by k · 90° and flip one axis, in place of the rotation below (the released recipe: .5).
    rotation_deg : float
        Largest rotation to either side; applied with p = .5 where there are `quarter_turns`.
    log_scale, shift_px : float
        Largest zoom (natural logarithm) and shift to either side.
    gamma : float
        Largest natural logarithm of the exponent of the intensities.
    contrast, brightness : float
        Largest relative stretch around the mean, and largest offset.
    noise : float
        Standard deviation of Gaussian noise.
    varied_noise : bool
        Draw the standard deviation from 0 to `noise` for each slice.
    blur_px : float
        Largest standard deviation of a Gaussian blur, drawn from 0 for a third of the slices.
    cutmix : float
        Chance that a rectangle of a slice shows the next slice of the batch, with its labels and maps (Yun et al.,
        ICCV 2019).
    """

    quarter_turns: float = 0.0
    rotation_deg: float = 20.0
    log_scale: float = 0.0
    shift_px: float = 0.0
    gamma: float = 0.0
    contrast: float = 0.0
    brightness: float = 0.0
    noise: float = 0.01
    varied_noise: bool = False
    blur_px: float = 0.0
    cutmix: float = 0.0

    @property
    def blurs_or_mixes(self) -> bool:
        """Whether any slice may be blurred or mixed."""
        return self.blur_px > 0 or self.cutmix > 0


PROTOCOL = Augmentation(quarter_turns=0.5)
"""The paper's: rotation, flip, noise N(0, .01²)."""

LIVE = Augmentation(
    rotation_deg=15.0, log_scale=0.1, shift_px=5.0, gamma=0.2, contrast=0.1, brightness=0.05, noise=0.01
)
"""For few strokes on one scan: the heart keeps its orientation, its size, place and contrast vary."""

STRONG = Augmentation(
    quarter_turns=0.2,
    rotation_deg=30.0,
    log_scale=0.3,
    shift_px=12.0,
    gamma=0.4,
    contrast=0.25,
    brightness=0.1,
    noise=0.04,
    varied_noise=True,
    blur_px=1.2,
    cutmix=0.2,
)
"""For weights that shall meet scans of other patients and scanners."""

AUGMENTATIONS = MappingProxyType({"protocol": PROTOCOL, "live": LIVE, "strong": STRONG})

BLUR_SHARE = 1 / 3
CUTMIX_AREA = 0.2
"""Share of a slice that CutMix replaces, a square of .45 of its side."""


@dataclass(frozen=True)
class Look:
    """How the slices of a batch are recoloured, blurred and mixed.

    Attributes
    ----------
    intensity : float (B, 5)
        Exponent, stretch, offset, standard deviations of blur (pixels) and noise.
    boxes : int64 (B, 4)
        Top, left, bottom, right (exclusive) of what shows the next slice of the batch; empty for most.
    blurs_or_mixes : bool
        Whether blur and boxes do anything at all.
    """

    intensity: Tensor
    boxes: Tensor
    blurs_or_mixes: bool

    def part(self, share: slice) -> Look:
        """Return the look of some of the slices."""
        return replace(self, intensity=self.intensity[share], boxes=self.boxes[share])

    def to(self, device: torch.device) -> Look:
        """Return the look on another device."""
        intensity, boxes = (t.to(device, non_blocking=True) for t in (self.intensity, self.boxes))
        return replace(self, intensity=intensity, boxes=boxes)


@dataclass(frozen=True)
class Draw:
    """One draw for a batch of B slices.

    Attributes
    ----------
    affine : float (B, 2, 3)
        Output → input map in the coordinates of `affine_grid`; turns, flips, rotation, zoom and shift in one.
    look : Look
    noise : float (B, 1, H, W)
        Of standard deviation 1.
    """

    affine: Tensor
    look: Look
    noise: Tensor

    def part(self, share: slice) -> Draw:
        """Return the draw of some of the slices."""
        return Draw(self.affine[share], self.look.part(share), self.noise[share])

    def to(self, device: torch.device) -> Draw:
        """Return the draw on another device."""
        affine, noise = (t.to(device, non_blocking=True) for t in (self.affine, self.noise))
        return Draw(affine, self.look.to(device), noise)


def draw(ranges: Augmentation, shape: tuple[int, int, int], generator: torch.Generator, window: int = 0) -> Draw:
    """Draw once for a batch of `shape` (B, H, W), on the CPU.

    Parameters
    ----------
    window : side of the square to look at, in the middle of the slices; 0 is all of them
    """
    n, height, width = shape
    size = (window, window) if window else (height, width)
    affine, look = draw_views(ranges, shape, generator, window)
    return Draw(affine, look, torch.randn(n, 1, *size, generator=generator))


def draw_views(
    ranges: Augmentation, shape: tuple[int, int, int], generator: torch.Generator, window: int = 0
) -> tuple[Tensor, Look]:
    """Draw all but the noise: `affine` and `look` of a :class:`Draw`."""
    n, height, width = shape

    def uniform(limit: float) -> Tensor:
        return (torch.rand(n, generator=generator) * 2 - 1) * limit

    turned = torch.rand(n, generator=generator) < ranges.quarter_turns
    quarters, axes = torch.randint(0, 4, (n,), generator=generator), torch.randint(1, 3, (n,), generator=generator)
    rotated = ~turned & ((torch.rand(n, generator=generator) < 0.5) | (not ranges.quarter_turns))
    angle = uniform(math.radians(ranges.rotation_deg)) * rotated
    zoom = uniform(ranges.log_scale).exp()
    shift = torch.stack([uniform(2 * ranges.shift_px / width), uniform(2 * ranges.shift_px / height)], 1)
    rows = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(n, 2, 2) * zoom.view(n, 1, 1)
    if window:
        rows = rows * torch.tensor([window / width, window / height])
    affine = torch.cat([rows, shift[:, :, None]], 2)
    affine = torch.where(turned[:, None, None], _TURNS[quarters] @ _FLIPS[axes] @ affine, affine)
    tones = [uniform(ranges.gamma).exp(), 1 + uniform(ranges.contrast), uniform(ranges.brightness)]
    blur, noise = torch.zeros(n), torch.full((n,), ranges.noise)
    if ranges.blur_px:
        blurred = torch.rand(n, generator=generator) < BLUR_SHARE
        blur = torch.rand(n, generator=generator) * ranges.blur_px * blurred
    if ranges.varied_noise:
        noise = noise * torch.rand(n, generator=generator)
    size = (window, window) if window else (height, width)
    boxes = _draw_boxes(ranges.cutmix, n, size, generator)
    return affine, Look(torch.stack([*tones, blur, noise], 1), boxes, ranges.blurs_or_mixes)


def _draw_boxes(chance: float, n: int, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    if not chance:
        return torch.zeros(n, 4, dtype=torch.long)
    sides = torch.tensor(size) * math.sqrt(CUTMIX_AREA)
    start = torch.rand(n, 2, generator=generator) * (torch.tensor(size) - sides)
    mixed = torch.rand(n, 1, generator=generator) < chance
    return torch.cat([start, start + sides * mixed], 1).long()


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
    n, _, height, width = drawn.noise.shape
    grid = functional.affine_grid(drawn.affine, [n, 1, height, width], align_corners=False)
    maps = {name: warp(values, grid) for name, values in batch.aux.items()}
    return view(batch, grid, drawn.look, drawn.noise, maps)


def view(batch: Batch, grid: Tensor, look: Look, noise: Tensor, maps: Mapping[str, Tensor]) -> Batch:
    """Return a batch at the points of a sampling grid `(B, H', W', 2)`, recoloured, mixed, and with noise added.

    Parameters
    ----------
    maps : what a method has worked out for the slices, warped already
    """
    image = functional.grid_sample(batch.image, grid, mode="bilinear", padding_mode="border", align_corners=False)
    exponent, stretch, offset, sigma, spread = look.intensity.view(-1, 5, 1, 1, 1).unbind(1)
    image = _recolour(image, exponent, stretch, offset)
    if not look.blurs_or_mixes:
        return Batch(image + noise * spread, warp(batch.labels, grid), maps)
    return _mix(Batch(_blur(image, sigma) + noise * spread, warp(batch.labels, grid), maps), look.boxes)


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


def _recolour(image: Tensor, exponent: Tensor, stretch: Tensor, offset: Tensor) -> Tensor:
    mean = image.mean((1, 2, 3), keepdim=True)
    return (image.clamp(min=0).pow(exponent) - mean) * stretch + mean + offset


def _blur(image: Tensor, sigma: Tensor) -> Tensor:
    """Blur each slice `(B, 1, H, W)` by its own Gaussian, sigma `(B, 1, 1, 1)` in pixels; 0 changes nothing."""
    n = len(image)
    x = torch.arange(-_BLUR_REACH_PX, _BLUR_REACH_PX + 1, device=image.device)
    kernel = (-0.5 * (x / sigma.clamp(min=1e-3)) ** 2).exp()
    kernel = kernel / kernel.sum(-1, keepdim=True)
    padded = functional.pad(image, [_BLUR_REACH_PX] * 4, mode="replicate").transpose(0, 1)
    rows = functional.conv2d(padded, kernel, groups=n)
    return functional.conv2d(rows, kernel.transpose(2, 3), groups=n).transpose(0, 1)


_BLUR_REACH_PX = 3


def _mix(batch: Batch, boxes: Tensor) -> Batch:
    """Show the next slice of the batch inside of each slice's box."""
    height, width = batch.labels.shape[1:]
    y = torch.arange(height, device=boxes.device)[:, None]
    x = torch.arange(width, device=boxes.device)
    top, left, bottom, right = boxes.view(-1, 4, 1, 1).unbind(1)
    inside = (y >= top) & (y < bottom) & (x >= left) & (x < right)

    def mixed(values: Tensor) -> Tensor:
        return torch.where(inside if values.ndim == 3 else inside[:, None], values.roll(-1, 0), values)

    return Batch(mixed(batch.image), mixed(batch.labels), {name: mixed(v) for name, v in batch.aux.items()})
