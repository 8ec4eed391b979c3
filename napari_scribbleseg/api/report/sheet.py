"""A piece of a page, measured in millimetres from its upper left corner."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_scribbleseg.api.report.style import INK, MM_PER_PT, printable, report_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

MM_PER_INCH = 25.4
Format = Literal["png", "svg"]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A rectangle of a figure that somebody may paint on.

    Attributes
    ----------
    figure : Figure
    x, y : float
        Its upper left corner, in mm from that of the figure.
    width, height : float
        In mm.
    """

    figure: Figure
    x: float
    y: float
    width: float
    height: float

    def part(self, x: float, y: float, width: float, height: float) -> Sheet:
        """Return a rectangle of this one; `x` and `y` count from its corner."""
        return Sheet(self.figure, self.x + x, self.y + y, width, height)

    def axes(self, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> Axes:
        """Return axes for a chart, with margins in mm."""
        whole_w, whole_h = (side * MM_PER_INCH for side in self.figure.get_size_inches())
        width, height = self.width - left - right, self.height - top - bottom
        low = whole_h - self.y - self.height + bottom
        return self.figure.add_axes(((self.x + left) / whole_w, low / whole_h, width / whole_w, height / whole_h))

    def canvas(self) -> Axes:
        """Return axes without a frame whose units are this sheet's millimetres, y downwards."""
        axes = self.axes()
        axes.set_axis_off()
        axes.set(xlim=(0, self.width), ylim=(self.height, 0))
        axes.set_autoscale_on(False)
        return axes


def new_sheet(width: float, height: float) -> Sheet:
    """Return a sheet of its own figure, in mm; no window system and no global state is touched."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / MM_PER_INCH, height / MM_PER_INCH))
    FigureCanvasAgg(figure)
    return Sheet(figure, 0, 0, width, height)


def render(paint: Callable[[Sheet], None], width: float, height: float, kind: Format, dpi: int = 220) -> bytes:
    """Paint a picture of its own and return it as a file's content; equal numbers give equal bytes.

    Parameters
    ----------
    paint : called with the empty sheet
    width, height : in mm
    kind : "png" or "svg"
    dpi : pixels an inch, for a PNG and for images in an SVG
    """
    with report_style():
        sheet = new_sheet(width, height)
        paint(sheet)
        content = io.BytesIO()
        dates: Any = {"Date": None} if kind == "svg" else {}
        sheet.figure.savefig(content, format=kind, dpi=dpi, metadata=dates)
    return content.getvalue()


def write(canvas: Axes, x: float, y: float, text: str, size_pt: float = 7, colour: str = INK, **more: Any) -> Text:
    """Put a line of text on a canvas, its baseline at `y`.

    Parameters
    ----------
    canvas : of a sheet
    x, y : mm
    text : str
    size_pt : float
    colour : str
    more : what `Axes.text` takes, such as ha, va and weight
    """
    given = {"ha": "left", "va": "baseline", **more}
    return canvas.text(x, y, printable(text), fontsize=size_pt, color=colour, **given)


def line_mm(size_pt: float, leading: float = 1.35) -> float:
    """Return the distance between lines of text."""
    return size_pt * MM_PER_PT * leading
