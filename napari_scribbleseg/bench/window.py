"""Where the benchmark looks in `roi`: a window on the heart that no label has placed, the same for every method."""

from __future__ import annotations

import math

from napari_scribbleseg.data import Grid
from napari_scribbleseg.data.locate import find_by_difference
from napari_scribbleseg.types import Cine

MARGIN_PX = 8
"""Canvas pixels around the window that interpolation may reach for."""

Box = tuple[int, int, int, int]
Position = tuple[float, float]


def locate(cine: Cine) -> Position:
    """Return the native (y, x) position of the heart, the middle of the slice where nothing tells."""
    return find_by_difference(cine) or ((cine.shape[2] - 1) / 2, (cine.shape[3] - 1) / 2)


def to_canvas(grid: Grid, native: Position) -> Position:
    """Return where a native (y, x) position lies on the canvas of a grid."""
    y, x = ((p + 0.5) * c / n - 0.5 for p, c, n in zip(native, grid.canvas, grid.native, strict=True))
    return y, x


def window_box(cine: Cine, centre: Position) -> Box:
    """Return the native pixels (top, left, bottom, right) that the window around a native position is made of."""
    grid = Grid.make("roi", (cine.shape[2], cine.shape[3]), (cine.spacing_mm[1], cine.spacing_mm[2]))
    grid = grid.centred(to_canvas(grid, centre))
    (top, bottom), (left, right) = (
        _span(first, grid.size, native, canvas)
        for first, native, canvas in zip(grid.offset, grid.native, grid.canvas, strict=True)
    )
    return top, left, bottom, right


def _span(first: int, size: int, native: int, canvas: int) -> tuple[int, int]:
    scale = native / canvas
    low, high = math.floor((first - MARGIN_PX) * scale), math.ceil((first + size + MARGIN_PX) * scale)
    return max(low, 0), min(high, native)
