"""The working grid of a scan: how native pixels, the canvas and the window correspond.

A slice is resized onto a *canvas* (`protocol`: 256 × 256 whatever its shape; `roi`: about 1.4 mm a pixel). The
network sees a *window* of the canvas: all of it in `protocol`, 128 × 128 pixels around the heart in `roi`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from napari_scribbleseg.labels import IGNORE, LabelMap

ROI_SPACING_MM = 1.4
ROI_SIZE = 128
PROTOCOL_SIZE = 256
FIELD_MARGIN_PX = round(20 / ROI_SPACING_MM)
FIELD_LEAST_PX = round(120 / ROI_SPACING_MM)
"""The heart's field reaches 20 mm beyond its strokes and is at least 120 mm wide, as a large heart is."""

SURE = 255
"""The confidence of a probability of 1."""

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Field = tuple[int, int, int, int]


@dataclass(frozen=True)
class Grid:
    """Geometry of the slices of one scan.

    Attributes
    ----------
    native : (y, x), pixels of a slice in the scan
    canvas : (y, x), pixels of the same slice on the working grid
    size : int
        Side of the square window in canvas pixels.
    offset : (y, x), first canvas pixel of the window; negative where the window reaches beyond the canvas
    smooth : bool
        Whether probabilities are interpolated on the way back (`roi`), or labels by nearest neighbour
        (`protocol`, as in the paper).
    field : (top, left, bottom, right) or None
        Where on the canvas a heart can be, as far as its strokes tell; what the network sees elsewhere in the window
        is background. None while they do not tell.
    """

    native: tuple[int, int]
    canvas: tuple[int, int]
    size: int
    offset: tuple[int, int]
    smooth: bool
    field: Field | None = None

    @classmethod
    def make(cls, resolution: str, native: tuple[int, int], spacing_mm: tuple[float, float]) -> Grid:
        """Return the grid of a scan with its window in the middle.

        Parameters
        ----------
        resolution : "roi" or "protocol"
        native : (y, x) pixels
        spacing_mm : (y, x)
        """
        if resolution == "protocol":
            side = PROTOCOL_SIZE
            return cls(native, (side, side), side, (0, 0), smooth=False)
        height, width = (max(round(n * mm / ROI_SPACING_MM), 1) for n, mm in zip(native, spacing_mm, strict=True))
        grid = cls(native, (height, width), ROI_SIZE, (0, 0), smooth=True)
        return grid.centred(((height - 1) / 2, (width - 1) / 2))

    def centred(self, centre: tuple[float, float]) -> Grid:
        """Return this grid with the window around a canvas position, kept inside the canvas where it fits."""
        if not self.smooth:
            return self
        offset = tuple(self._clamp(c - (self.size - 1) / 2, n) for c, n in zip(centre, self.canvas, strict=True))
        return replace(self, offset=(offset[0], offset[1]))

    def with_field(self, low: tuple[int, int], high: tuple[int, int]) -> Grid:
        """Return this grid with the field of a heart whose strokes span the canvas pixels `low` to `high`."""
        if not self.smooth:
            return self
        (top, bottom), (left, right) = (_span(a, b) for a, b in zip(low, high, strict=True))
        return replace(self, field=(top, left, bottom, right))

    def _clamp(self, start: float, extent: int) -> int:
        slack = extent - self.size
        return min(max(round(start), 0), slack) if slack >= 0 else slack // 2

    def image_to_canvas(self, volume: Floats) -> Floats:
        """Resize slices `(n, y, x)` to `(n, *canvas)`, antialiased where they shrink."""
        native = torch.from_numpy(np.ascontiguousarray(volume))[:, None]
        resized = functional.interpolate(native, self.canvas, mode="bilinear", antialias=True, align_corners=False)
        return resized[:, 0].numpy()

    def labels_to_canvas(self, labels: LabelMap) -> LabelMap:
        """Carry sparse training labels `(y, x)` over, so that no stroke is lost however thin.

        Each canvas pixel takes the label at its centre; then every native label whose canvas pixel is still
        IGNORE is written there.
        """
        rows, columns = (self._nearest(n, c) for n, c in zip(self.native, self.canvas, strict=True))
        canvas = labels[np.ix_(rows, columns)]
        y, x = np.nonzero(labels != IGNORE)
        at = self.to_canvas(y), self.to_canvas(x, axis=1)
        empty = canvas[at] == IGNORE
        canvas[at[0][empty], at[1][empty]] = labels[y[empty], x[empty]]
        return canvas

    def to_canvas(self, position: npt.NDArray[np.integer], axis: int = 0) -> npt.NDArray[np.intp]:
        """Return the canvas pixel that holds the centre of a native pixel, along one axis."""
        scale = self.canvas[axis] / self.native[axis]
        pixel: npt.NDArray[np.intp] = np.floor((position + 0.5) * scale).astype(np.intp)
        return pixel.clip(0, self.canvas[axis] - 1)

    @staticmethod
    def _nearest(native: int, canvas: int) -> npt.NDArray[np.intp]:
        pixel: npt.NDArray[np.intp] = np.floor((np.arange(canvas) + 0.5) * native / canvas).astype(np.intp)
        return pixel.clip(0, native - 1)

    def crop(self, canvas: npt.NDArray[Any], fill: int, shift: tuple[int, int] = (0, 0)) -> npt.NDArray[Any]:
        """Return the window `(…, size, size)` of a canvas map `(…, h, w)`, moved by `shift`, padded with `fill`."""
        y0, x0 = self.offset[0] + shift[0], self.offset[1] + shift[1]
        *lead, height, width = canvas.shape
        part = canvas[..., max(y0, 0) : min(y0 + self.size, height), max(x0, 0) : min(x0 + self.size, width)]
        if part.shape[-2:] == (self.size, self.size):
            return part
        window = np.full((*lead, self.size, self.size), fill, canvas.dtype)
        top, left = max(-y0, 0), max(-x0, 0)
        window[..., top : top + part.shape[-2], left : left + part.shape[-1]] = part
        return window

    def paste(self, window: npt.NDArray[Any], fill: int) -> npt.NDArray[Any]:
        """Return the canvas map `(…, h, w)` that holds a window `(…, size, size)`, and `fill` outside."""
        (y0, x0), (height, width) = self.offset, self.canvas
        top, left, bottom, right = max(y0, 0), max(x0, 0), min(y0 + self.size, height), min(x0 + self.size, width)
        canvas = np.full((*window.shape[:-2], height, width), fill, window.dtype)
        canvas[..., top:bottom, left:right] = window[..., top - y0 : bottom - y0, left - x0 : right - x0]
        return canvas

    def holds(self, y: float, x: float) -> bool:
        """Tell whether a canvas position lies in the window."""
        return all(0 <= p - o < self.size for p, o in zip((y, x), self.offset, strict=True))

    def to_native(self, probabilities: torch.Tensor) -> tuple[LabelMap, LabelMap]:
        """Carry window probabilities `(B, C, size, size)` back to the scan.

        Returns
        -------
        labels, confidence : uint8 (B, y, x)
            Training codes, background outside the window and the field; probability of the chosen class × 255.
        """
        seen = probabilities.float().cpu()
        if not self.smooth:
            return _by_nearest(seen, *(self._nearest(c, n) for c, n in zip(self.canvas, self.native, strict=True)))
        labels = np.zeros((len(seen), *self.native), np.uint8)
        confidence = np.full_like(labels, SURE)
        part = tuple(self._seen_part(axis) for axis in (0, 1))
        (rows, y), (columns, x) = (self._touched(axis, *part[axis]) for axis in (0, 1))
        if len(y) and len(x):
            inside = tuple(slice(a - o, b - o) for (a, b), o in zip(part, self.offset, strict=True))
            found = _interpolate(seen[:, :, inside[0], inside[1]], y, x)
            labels[:, rows, columns], confidence[:, rows, columns] = _choose(found)
        return labels, confidence

    def _seen_part(self, axis: int) -> tuple[int, int]:
        """Return the canvas pixels, first and behind the last, that the window shows and a heart can be in."""
        low, high = max(self.offset[axis], 0), min(self.offset[axis] + self.size, self.canvas[axis])
        if self.field is not None:
            low, high = max(low, self.field[axis]), min(high, self.field[axis + 2])
        return low, max(high, low)

    def _touched(self, axis: int, low: int, high: int) -> tuple[slice, Doubles]:
        """Return which native pixels lie less than a pixel from the canvas pixels `low` to `high`, and where there."""
        scale = self.canvas[axis] / self.native[axis]
        position = ((np.arange(self.native[axis]) + 0.5) * scale - 0.5).clip(0, self.canvas[axis] - 1)
        start, end = np.searchsorted(position, low - 1, "right"), np.searchsorted(position, high)
        return slice(start, end), position[start:end] - low


def _by_nearest(canvas: torch.Tensor, rows: Indices, columns: Indices) -> tuple[LabelMap, LabelMap]:
    """Return labels and confidence at some rows and columns of canvas probabilities."""
    labels, confidence = _choose(canvas)
    return labels[:, rows[:, None], columns], confidence[:, rows[:, None], columns]


def _interpolate(part: torch.Tensor, y: Doubles, x: Doubles) -> torch.Tensor:
    """Return probabilities `(B, C, len(y), len(x))` at positions in pixels of a part `(B, C, h, w)`.

    Around the part everything is background. Only what shows the part is worked out: half as much as interpolating
    the whole canvas, and less for a scan of small pixels.
    """
    height, width = part.shape[2:]
    framed = functional.pad(part, (1, 1, 1, 1))
    framed[:, 0] = functional.pad(part[:, 0], (1, 1, 1, 1), value=1)
    along_y, along_x = (torch.from_numpy((2 * at + 3) / (n + 2) - 1).float() for at, n in ((y, height), (x, width)))
    points = torch.stack(torch.meshgrid(along_x, along_y, indexing="xy"), -1).expand(len(part), -1, -1, -1)
    return functional.grid_sample(framed, points, mode="bilinear", padding_mode="border", align_corners=False)


def _choose(probabilities: torch.Tensor) -> tuple[LabelMap, LabelMap]:
    """Return the most probable class, the first of equals, and its probability × 255, uint8 `(B, h, w)`.

    Comparing planes of one class is twice as fast as a maximum with indices.
    """
    highest = probabilities.amax(1)
    labels = torch.zeros(highest.shape, dtype=torch.uint8)
    smaller = torch.ones(highest.shape, dtype=torch.bool)
    for plane in probabilities.unbind(1)[:-1]:
        smaller &= plane < highest
        labels += smaller
    return labels.numpy(), (highest * SURE).round_().to(torch.uint8).numpy()


def _span(low: int, high: int) -> tuple[int, int]:
    reach = max((high - low) / 2 + FIELD_MARGIN_PX, FIELD_LEAST_PX / 2)
    middle = (low + high) / 2
    return math.floor(middle - reach), math.ceil(middle + reach) + 1
