"""How the report's figures look, and how they are saved. matplotlib is loaded only when a figure is drawn."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#222222"
FAINT = "#B8B8B8"
ACCENT = "#D55E00"
SECTION_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "scribbles": "#0072B2",
        "semi": "#009E73",
        "full": "#4D4D4D",
        "ablation": "#E69F00",
        "loop": "#CC79A7",
        "classical": "#8C8C8C",
    }
)
"""Okabe-Ito colours and greys: told apart with any common colour vision. DMPLS has `ACCENT`."""

FORMATS = ("png", "pdf")
_RC: Mapping[str, Any] = MappingProxyType(
    {
        "font.family": "DejaVu Sans",  # comes with matplotlib, and has λ, Δ and ≤
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.labelsize": 9,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": "#E6E6E6",
        "grid.linewidth": 0.7,
        "xtick.color": INK,
        "ytick.color": INK,
        "text.color": INK,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "pdf.fonttype": 42,
        "savefig.facecolor": "white",
    }
)


def draw(
    out: Path, name: str, size_in: tuple[float, float], paint: Callable[[Figure], None], dpi: int = 160
) -> list[Path]:
    """Paint a figure and save it as PNG and PDF.

    No window system and no global state of matplotlib is touched.

    Parameters
    ----------
    out : folder, which must exist
    name : file name without ending
    size_in : width and height in inches
    paint : called with the empty figure
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style: Any = dict(_RC)
    with mpl.rc_context(style):
        figure = Figure(figsize=size_in, layout="constrained")
        FigureCanvasAgg(figure)
        paint(figure)
        return [_save(figure, out / f"{name}.{ending}", dpi) for ending in FORMATS]


def _save(figure: Figure, target: Path, dpi: int) -> Path:
    content = io.BytesIO()
    # The same results give the same bytes, so that a report can be kept under version control.
    dates = {"CreationDate": None} if target.suffix == ".pdf" else {}
    figure.savefig(content, format=target.suffix[1:], dpi=dpi, metadata=dates)
    write_atomically(target, content.getvalue())
    return target


def row_colour(key: str, section: str) -> str:
    """Return the colour of a row of the tables."""
    return ACCENT if key == "dmpls" else SECTION_COLOURS.get(section, INK)


def drop_zeros(axes: Axes, which: str) -> None:
    """Write the ticks of the "x" or "y" axis as the tables do, such as ".8"."""
    from matplotlib.ticker import FuncFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}".replace("-", "−").replace("0.", ".", 1)))
