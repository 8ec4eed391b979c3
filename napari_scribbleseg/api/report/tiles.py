"""A slice in a square: its pixels around the heart, and the outlines of its mask."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.api.report.style import COLOURS
from napari_scribbleseg.labels import LV, MYO, RV, LabelMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN_MM = 10.0
"""What is seen around the heart."""
LEAST_SIDE_MM = 70.0


@dataclass(frozen=True)
class Window:
    """The square of a slice that is shown.

    Attributes
    ----------
    x_mm, y_mm : float
        Its upper left corner; the middle of pixel (0, 0) is at 0, 0.
    side_mm : float
    """

    x_mm: float
    y_mm: float
    side_mm: float


def window_around(heart: npt.NDArray[np.bool_], spacing_mm: tuple[float, float]) -> Window:
    """Return a square around a heart; without one, around the image.

    Parameters
    ----------
    heart : bool (y, x)
    spacing_mm : (y, x)
    """
    if not heart.any():
        heart = np.ones_like(heart)
    ends_mm = []
    for axis, step in ((0, spacing_mm[0]), (1, spacing_mm[1])):
        where = np.flatnonzero(heart.any(axis=1 - axis))
        ends_mm.append(((where[0] - 0.5) * step, (where[-1] + 0.5) * step))
    side = max(*(high - low + 2 * MARGIN_MM for low, high in ends_mm), LEAST_SIDE_MM)
    (top, bottom), (left, right) = ends_mm
    return Window((left + right - side) / 2, (top + bottom - side) / 2, side)


@dataclass(frozen=True, eq=False)
class Tile:
    """A square on the canvas that shows the window of a slice."""

    canvas: Axes
    x: float
    y: float
    side: float
    window: Window
    spacing_mm: tuple[float, float]

    def place(self, rows: Any, columns: Any) -> tuple[Any, Any]:
        """Return where pixels lie on the canvas, (x, y)."""
        scale, (step_y, step_x) = self.side / self.window.side_mm, self.spacing_mm
        x = self.x + (columns * step_x - self.window.x_mm) * scale
        return x, self.y + (rows * step_y - self.window.y_mm) * scale


def paint_tile(tile: Tile, image: npt.NDArray[np.float32], grey: tuple[float, float], labels: LabelMap) -> None:
    """Draw a slice and the outlines of its mask.

    Parameters
    ----------
    tile : where
    image : (y, x)
    grey : intensities of black and white
    labels : uint8 (y, x), training codes
    """
    from matplotlib.patches import Rectangle

    frame = Rectangle((tile.x, tile.y), tile.side, tile.side, facecolor="black", edgecolor="none", zorder=1)
    tile.canvas.add_patch(frame)
    rows, columns = seen_pixels(image.shape, tile.window, tile.spacing_mm)
    if rows.stop > rows.start and columns.stop > columns.start:
        left, top = tile.place(rows.start - 0.5, columns.start - 0.5)
        right, bottom = tile.place(rows.stop - 0.5, columns.stop - 0.5)
        shown = tile.canvas.imshow(
            image[rows, columns],
            extent=(left, right, bottom, top),
            cmap="gray",
            vmin=grey[0],
            vmax=grey[1],
            aspect="auto",
            zorder=2,
        )
        shown.set_clip_path(frame)
    for colour, outline in find_outlines(labels):
        x, y = tile.place(outline[:, 0], outline[:, 1])
        tile.canvas.plot(x, y, color=colour, linewidth=0.7, solid_joinstyle="round", zorder=3, clip_path=frame)


def find_outlines(labels: LabelMap) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    """Yield colour and (n, 2) rows and columns of each outline: RV, epicardium (around Myo and LV) and LV."""
    from skimage.measure import find_contours

    epicardium = (labels == MYO) | (labels == LV) if (labels == MYO).any() else np.zeros_like(labels, bool)
    for code, region in ((RV, labels == RV), (MYO, epicardium), (LV, labels == LV)):
        if region.any():
            for outline in find_contours(np.pad(region, 1).astype(np.float32), 0.5):
                yield COLOURS[code], outline - 1


def seen_pixels(shape: tuple[int, ...], window: Window, spacing_mm: tuple[float, float]) -> tuple[slice, slice]:
    """Return the pixels that a window shows a part of."""
    pieces = []
    for start, step, length in zip((window.y_mm, window.x_mm), spacing_mm, shape, strict=True):
        low = math.floor(start / step)
        high = math.ceil((start + window.side_mm) / step) + 1
        pieces.append(slice(min(max(low, 0), length), max(min(high, length), 0)))
    return pieces[0], pieces[1]


def grey_levels(
    volume: npt.NDArray[np.float32], window: Window, spacing_mm: tuple[float, float]
) -> tuple[float, float]:
    """Return the intensities to show black and white, from what all slices (z, y, x) of a phase show in a window."""
    rows, columns = seen_pixels(volume.shape[1:], window, spacing_mm)
    values = volume[:, rows, columns]
    low, high = np.percentile(values if values.size else volume, (1, 99.3))
    return float(low), float(high if high > low else low + 1)
