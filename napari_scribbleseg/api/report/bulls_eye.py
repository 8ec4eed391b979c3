"""Wall thickness on the AHA's bull's-eye of 17 segments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.api.report.sheet import Sheet, line_mm, write
from napari_scribbleseg.api.report.style import DIM, INK, PAPER, wrap
from napari_scribbleseg.api.report.wording import tell_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from napari_scribbleseg.cardiac.measurement import BullsEye

RINGS = ((0.76, 1.0, 6, 60.0), (0.52, 0.76, 6, 60.0), (0.26, 0.52, 4, 45.0))
"""Inner and outer radius, number of segments, and the angle where the first begins: basal, mid, apical."""

UNKNOWN = "#E4E8EC"
KEY = (
    "Seen from the apex, anterior wall on top, septum on the left. Rings from outside: basal, mid and apical slices; "
    "grey: not in the slices. The apical cap (segment 17) never is in short-axis slices."
)
NO_BULLS_EYE = "No bull’s-eye: it takes slices in which the myocardium closes around LV, and RV beside them."


@dataclass(frozen=True)
class Dial:
    """What one bull's-eye shows.

    Attributes
    ----------
    title : str
    colours : str
        Name of a colour map of matplotlib.
    low, high : float
        Values of its ends; what lies beyond has the colour of the end.
    """

    title: str
    colours: str
    low: float
    high: float


THICKNESS_MM = (4.0, 20.0)
DIALS = (
    Dial("ED wall thickness, mm", "YlGnBu", *THICKNESS_MM),
    Dial("ES wall thickness, mm", "YlGnBu", *THICKNESS_MM),
    Dial("Wall thickening, %", "PuOr_r", -100.0, 100.0),
)
"""The scales do not depend on the patient, so that pages can be compared."""


def segment_wedge(segment: int) -> tuple[float, float, float, float]:
    """Return inner and outer radius (of 1) and first and last angle in degrees, counted from the right towards the top.

    Segment 1 is on top and numbers go to the left, over the septum, as the AHA draws them (Cerqueira et al.,
    Circulation 2002, doi:10.1161/hc0402.102975).

    Parameters
    ----------
    segment : 1 to 17
    """
    first = 1
    for inner, outer, count, start in RINGS:
        if segment < first + count:
            step = 360 / count
            begin = start + (segment - first) * step
            return inner, outer, begin, begin + step
        first += count
    return 0.0, RINGS[-1][0], 0.0, 360.0


def paint_bulls_eye(sheet: Sheet, bulls_eye: BullsEye | None) -> None:
    """Draw wall thickness at end-diastole and end-systole, and thickening, side by side with a key.

    Parameters
    ----------
    sheet : about 186 × 48 mm
    bulls_eye : BullsEye or None
        None leaves a sentence.
    """
    canvas = sheet.canvas()
    if bulls_eye is None:
        write(canvas, 0, 5, NO_BULLS_EYE, 7, DIM)
        return
    values = (bulls_eye.ed_mm, bulls_eye.es_mm, bulls_eye.thickening_percent)
    step = (sheet.width - 40) / 3
    for i, (dial, numbers) in enumerate(zip(DIALS, values, strict=True)):
        _paint_dial(canvas, dial, numbers, (i + 0.5) * step, sheet.height)
    _paint_key(canvas, 3 * step + 4, sheet.width)


def _paint_dial(canvas: Axes, dial: Dial, numbers: Sequence[float], middle: float, height: float) -> None:
    from matplotlib.patches import Wedge

    radius = (height - 10.5) / 2
    x0, y0 = middle, 4.5 + radius
    write(canvas, middle, 2.6, dial.title, 7, INK, ha="center", weight="bold")
    for segment, value in enumerate(numbers, start=1):
        inner, outer, begin, end = segment_wedge(segment)
        face = _colour(dial, value)
        # The canvas counts y downwards, so angles are mirrored.
        wedge = Wedge((x0, y0), outer * radius, -end, -begin, width=(outer - inner) * radius)
        wedge.set(facecolor=face, edgecolor=PAPER, linewidth=1.0)
        canvas.add_patch(wedge)
        if math.isfinite(value):
            angle, far = math.radians((begin + end) / 2), (inner + outer) / 2 if segment < 17 else 0.0
            x, y = x0 + far * radius * math.cos(angle), y0 - far * radius * math.sin(angle)
            write(canvas, x, y, tell_number(value), 6.3, _ink_on(face), ha="center", va="center_baseline")
    _paint_scale(canvas, dial, x0, height - 4.2, radius)


def _paint_scale(canvas: Axes, dial: Dial, middle: float, y: float, half: float) -> None:
    import numpy as np

    gradient = np.linspace(0, 1, 128)[None]
    edges: Any = (middle - 0.7 * half, middle + 0.7 * half, y + 1.3, y)
    canvas.imshow(gradient, extent=edges, cmap=dial.colours, aspect="auto", interpolation="nearest")
    for at, value in ((edges[0], dial.low), (middle, (dial.low + dial.high) / 2), (edges[1], dial.high)):
        write(canvas, at, y + 3.9, tell_number(value), 5.5, DIM, ha="center")


def _paint_key(canvas: Axes, x: float, right: float) -> None:
    for i, line in enumerate(wrap(KEY, right - x, 6.3)):
        write(canvas, x, 8 + i * line_mm(6.3), line, 6.3, DIM)


def _colour(dial: Dial, value: float) -> Any:
    import matplotlib as mpl

    if not math.isfinite(value):
        return UNKNOWN
    share = (value - dial.low) / (dial.high - dial.low)
    # The ends of the maps are nearly black; numbers stay readable on the rest.
    return mpl.colormaps[dial.colours](0.04 + 0.86 * min(max(share, 0.0), 1.0))


def _ink_on(face: Any) -> str:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(face)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else PAPER
