"""The slices at end-diastole and end-systole with the contours that the numbers come from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_scribbleseg.api.report.sheet import Sheet, write
from napari_scribbleseg.api.report.style import COLOURS, DIM, INK, PAPER, width_mm
from napari_scribbleseg.api.report.tiles import Tile, Window, grey_levels, paint_tile, window_around
from napari_scribbleseg.labels import LV, MYO, RV, LabelMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from napari_scribbleseg.cardiac.measurement import Measurement
    from napari_scribbleseg.types import Cine

MOST_SLICES = 20
_HEAD_MM = 4.5
_BETWEEN_MM = 6.0
_GAP_MM = 0.6
_NAMES = ((LV, "LV"), (MYO, "epicardium"), (RV, "RV"))


@dataclass(frozen=True)
class Plan:
    """What a montage shows.

    Attributes
    ----------
    slices : tuple of int
        From base to apex where that is known, else in the scan's order.
    of : int
        How many slices hold a part of the heart.
    window : Window
    left_out : frozenset of (t, z)
        Slices that do not count, whatever they hold.
    levels : mapping from z to "basal", "mid" or "apical", at end-diastole
    """

    slices: tuple[int, ...]
    of: int
    window: Window
    left_out: frozenset[tuple[int, int]]
    levels: dict[int, str]


def plan_montage(cine: Cine, mask: LabelMap, measurement: Measurement) -> Plan:
    """Choose slices and window: what is heart in one of the two phases, `MOST_SLICES` of them at most.

    Parameters
    ----------
    cine : the scan
    mask : uint8 (t, z, y, x), training codes
    measurement : of this mask
    """
    phases, eye = measurement.phases, measurement.bulls_eye
    heart = np.asarray(mask[[phases.ed, phases.es]] > 0)
    found = np.flatnonzero(heart.any(axis=(0, 2, 3)))
    n = len(found)
    shown = found if n <= MOST_SLICES else found[np.linspace(0, n - 1, MOST_SLICES).round().astype(int)]
    if not n:
        shown = np.array([cine.shape[1] // 2])
    ordered = shown[::-1] if eye is not None and eye.apex_first else shown
    return Plan(
        slices=tuple(int(z) for z in ordered),
        of=n,
        window=window_around(np.asarray(heart.any(axis=(0, 1))), cine.spacing_mm[1:]),
        left_out=frozenset((t, z) for t, z, counted in measurement.slices if not counted)
        | frozenset(measurement.excluded),
        levels=dict(eye.levels) if eye is not None else {},
    )


def arrange(n: int, width: float, height: float) -> tuple[int, float]:
    """Return how many columns make `n` squares as large as they can be in a rectangle, and their side.

    Parameters
    ----------
    n : at least 1
    width, height : of the rectangle
    """
    sides = {columns: min(width / columns, height / math.ceil(n / columns)) for columns in range(1, n + 1)}
    best = max(sides, key=lambda columns: (sides[columns], columns))
    return best, sides[best]


def montage_height(plan: Plan, moments: int, width: float, most: float) -> float:
    """Return how high a montage gets that may be so wide, and `most` high, in mm.

    Parameters
    ----------
    plan : Plan
    moments : how many phases are side by side
    width, most : mm
    """
    columns, side = arrange(len(plan.slices), _width_of(moments, width), most - _HEAD_MM)
    return _HEAD_MM + math.ceil(len(plan.slices) / columns) * side


def paint_montage(sheet: Sheet, cine: Cine, mask: LabelMap, measurement: Measurement) -> None:
    """Draw end-diastole on the left and end-systole on the right, slice by slice in the same places.

    Parameters
    ----------
    sheet : about 186 × 70 mm
    cine : the scan
    mask : uint8 (t, z, y, x), training codes
    measurement : of this mask
    """
    plan, canvas = plan_montage(cine, mask, measurement), sheet.canvas()
    moments = list_moments(measurement)
    width = _width_of(len(moments), sheet.width)
    columns, side = arrange(len(plan.slices), width, sheet.height - _HEAD_MM)
    for i, (name, t) in enumerate(moments):
        left = i * (width + _BETWEEN_MM)
        _head(canvas, left, name, t, measurement.curves.frame_ms)
        grey = grey_levels(cine.volume(t), plan.window, cine.spacing_mm[1:])
        for place, z in enumerate(plan.slices):
            x = left + (place % columns) * side
            y = _HEAD_MM + (place // columns) * side
            tile = Tile(canvas, x, y, side - _GAP_MM, plan.window, cine.spacing_mm[1:])
            paint_tile(tile, cine.volume(t)[z], grey, mask[t, z])
            _label_tile(tile, t, z, plan, is_ed=i == 0)
    _name_contours(canvas, sheet.width, width, plan)


def list_moments(measurement: Measurement) -> list[tuple[str, int]]:
    """Return name and phase of end-diastole and end-systole; one entry where they are the same."""
    phases = measurement.phases
    if phases.ed == phases.es:
        return [("The only phase that was measured", phases.ed)]
    return [("End-diastole", phases.ed), ("End-systole", phases.es)]


def _width_of(moments: int, width: float) -> float:
    return (width - (moments - 1) * _BETWEEN_MM) / moments


def _head(canvas: Axes, x: float, name: str, t: int, frame_ms: float | None) -> None:
    when = f"phase {t}" + (f", {t * frame_ms:.0f} ms" if frame_ms is not None else "")
    write(canvas, x, 2.6, name, 7, INK, weight="bold")
    write(canvas, x + width_mm(name, 7, "bold") + 2, 2.6, when, 7, DIM)


def _label_tile(tile: Tile, t: int, z: int, plan: Plan, is_ed: bool) -> None:
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    halo = {"path_effects": [withStroke(linewidth=1.2, foreground="black")], "zorder": 5}
    size = 5.5 if tile.side > 14 else 4.5
    write(tile.canvas, tile.x + 0.8, tile.y + 2.5, f"z {z}", size, PAPER, **halo)
    if is_ed and z in plan.levels and tile.side > 14:
        write(tile.canvas, tile.x + tile.side - 0.8, tile.y + 2.5, plan.levels[z], size, PAPER, ha="right", **halo)
    if (t, z) in plan.left_out:
        veil = Rectangle((tile.x, tile.y), tile.side, tile.side, facecolor="black", alpha=0.55, zorder=4)
        tile.canvas.add_patch(veil)
        middle, low = tile.x + tile.side / 2, tile.y + tile.side - 1.2
        write(tile.canvas, middle, low, "not counted", size, PAPER, ha="center", **halo)


def _name_contours(canvas: Axes, width: float, first_width: float, plan: Plan) -> None:
    x = width - 0.5
    for code, name in reversed(_NAMES):
        x -= width_mm(name, 6.5)
        write(canvas, x, 2.6, name, 6.5, DIM)
        canvas.plot([x - 4, x - 1], [1.8, 1.8], color=COLOURS[code], linewidth=1.4)
        x -= 7
    if plan.of > len(plan.slices):
        shown = f"{len(plan.slices)} of {plan.of} slices are shown"
        write(canvas, min(first_width, x - 1), 2.6, shown, 6.5, DIM, ha="right")
