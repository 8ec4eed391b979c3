"""Strokes and what a round brush leaves of them, pixel for pixel as napari paints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Stroke:
    """One movement of the mouse with the button held.

    Attributes
    ----------
    t, z : int
        Phase and slice.
    label : int
        Layer code: 1 RV, 2 Myo, 3 LV, 4 background.
    radius_px : float
        Half the brush size; a brush of size 3 has 1.5.
    points : tuple of (y, x)
        Where the mouse was, in pixels.
    corrective : bool
        Whether it was added later, after a first look at a segmentation.
    """

    t: int
    z: int
    label: int
    radius_px: float
    points: tuple[tuple[float, float], ...]
    corrective: bool

    def to_json(self) -> dict[str, Any]:
        """Return what `sample_strokes.json` holds of it."""
        values = {"t": self.t, "z": self.z, "label": self.label, "radius_px": self.radius_px}
        return values | {"points": [list(point) for point in self.points], "corrective": self.corrective}


def brush_path(points: npt.ArrayLike, radius_px: float) -> npt.NDArray[np.int64]:
    """Return the pixels (y, x) where the brush is set down, as napari fills in between two mouse positions."""
    corners = np.asarray(points, float)
    path = [corners[:1]]
    for old, new in zip(corners[:-1], corners[1:], strict=True):
        steps = round(float(np.abs(new - old).max()) / (2 * radius_px) * 4)
        between = np.linspace(old, new, steps + 1)
        path.append(between[1:] if steps else between)
    return np.rint(np.concatenate(path)).astype(np.int64)


def stroke_mask(points: npt.ArrayLike, radius_px: float, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return the pixels that one stroke covers, a bool array (y, x)."""
    reach = int(radius_px)
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = np.stack([dy, dx], -1)[dy**2 + dx**2 <= radius_px**2]
    pixels = (brush_path(points, radius_px)[:, None] + disk).reshape(-1, 2)
    pixels = pixels[((pixels >= 0) & (pixels < shape)).all(1)]
    mask = np.zeros(shape, bool)
    mask[pixels[:, 0], pixels[:, 1]] = True
    return mask


def rasterise(strokes: list[dict[str, Any]], shape: tuple[int, int, int, int]) -> npt.NDArray[np.uint8]:
    """Paint strokes one after the other.

    Parameters
    ----------
    strokes : list
        The content of `sample_strokes.json`.
    shape : (t, z, y, x)

    Returns
    -------
    uint8 array of that shape, layer codes; a later stroke covers an earlier one.
    """
    scribbles = np.zeros(shape, np.uint8)
    for stroke in strokes:
        mask = stroke_mask(stroke["points"], stroke["radius_px"], (shape[2], shape[3]))
        scribbles[stroke["t"], stroke["z"]][mask] = stroke["label"]
    return scribbles
