"""Bland–Altman and correlation figures. matplotlib is loaded only when one is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_scribbleseg.bench.function.agreement import Agreement, Floats, find_agreement, pairs
from napari_scribbleseg.bench.function.indices import INDICES, Compared, Index
from napari_scribbleseg.bench.report.style import ACCENT, FAINT, INK, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "DCM": ("#0072B2", "o"),
        "HCM": ("#E69F00", "s"),
        "MINF": ("#009E73", "^"),
        "NOR": ("#4D4D4D", "D"),
        "RV": ("#CC79A7", "v"),
    }
)
"""Colour and marker of each group; Okabe-Ito colours and a grey, told apart with any common colour vision."""

_OTHER = ("#56B4E9", "P")
_SIZE_IN = (10.0, 5.6)

Panel = Callable[["Axes", Index, Sequence[Compared], Agreement], None]


def draw_bland_altman(out: Path, rows: Sequence[Compared]) -> list[Path]:
    """Draw the difference over the mean of both, with bias and limits of agreement (Bland & Altman, Lancet 1986)."""
    return _draw(out, "bland_altman", rows, _difference_panel)


def draw_correlation(out: Path, rows: Sequence[Compared]) -> list[Path]:
    """Draw our values over the true ones, with the line on which they are equal."""
    return _draw(out, "correlation", rows, _correlation_panel)


def _draw(out: Path, name: str, rows: Sequence[Compared], panel: Panel) -> list[Path]:
    def paint(figure: Figure) -> None:
        grid = figure.subplots(2, len(INDICES) // 2)
        for axes, index in zip(grid.flat, INDICES, strict=True):
            agreement = find_agreement(*pairs(rows, index))
            axes.set_title(index.title, fontweight="bold", loc="left")
            if agreement.n:
                panel(axes, index, rows, agreement)
        _explain(figure, rows)

    return draw(out, name, _SIZE_IN, paint)


def _difference_panel(axes: Axes, index: Index, rows: Sequence[Compared], agreement: Agreement) -> None:
    def place(ours: Floats, truth: Floats) -> tuple[Floats, Floats]:
        return (ours + truth) / 2, ours - truth

    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    if np.isfinite(agreement.limits_low):
        axes.axhspan(agreement.limits_low, agreement.limits_high, color=ACCENT, alpha=0.07, linewidth=0, zorder=0)
        for limit in (agreement.limits_low, agreement.limits_high):
            axes.axhline(limit, color=ACCENT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
            _tell_line(axes, limit)
    axes.axhline(agreement.bias, color=ACCENT, linewidth=1.6, zorder=1)
    _tell_line(axes, agreement.bias)
    _scatter(axes, index, rows, place)
    _give_room(axes, index, rows, agreement)
    axes.set_xlabel(f"mean of both, {index.unit}")
    axes.set_ylabel(f"ours − expert, {index.difference_unit}")


def _tell_line(axes: Axes, value: float) -> None:
    text = f"{value:+.1f}".replace("-", "−")
    place: dict[str, Any] = {"xy": (1.0, value), "xycoords": ("axes fraction", "data"), "xytext": (3, 0)}
    axes.annotate(text, **place, textcoords="offset points", va="center", fontsize=7.5, color=ACCENT)


def _give_room(axes: Axes, index: Index, rows: Sequence[Compared], agreement: Agreement) -> None:
    ours, truth = pairs(rows, index)
    ends = [0.0, *(ours - truth), agreement.limits_low, agreement.limits_high]
    reach = 1.15 * max(abs(end) for end in ends if np.isfinite(end)) or 1.0
    axes.set_ylim(-reach, reach)


def _correlation_panel(axes: Axes, index: Index, rows: Sequence[Compared], agreement: Agreement) -> None:
    ours, truth = pairs(rows, index)
    high = 1.08 * max(ours.max(), truth.max(), 1.0)
    lowest = min(ours.min(), truth.min())
    low = lowest - 0.08 * high if lowest < 0 else 0.0
    axes.plot([low, high], [low, high], color=FAINT, linewidth=1.0, zorder=1)
    _scatter(axes, index, rows, lambda ours, truth: (truth, ours))
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    r = f"r = {agreement.r:.3f}\n" if np.isfinite(agreement.r) else ""
    told = f"{r}error {agreement.mae:.1f} {index.difference_unit}"
    axes.text(0.05, 0.96, told, transform=axes.transAxes, va="top", fontsize=8, color=INK)
    axes.set_xlabel(f"expert, {index.unit}")
    axes.set_ylabel(f"ours, {index.unit}")


def _scatter(
    axes: Axes, index: Index, rows: Sequence[Compared], place: Callable[[Floats, Floats], tuple[Floats, Floats]]
) -> None:
    for group in _groups(rows):
        x, y = place(*pairs([row for row in rows if row.group == group], index))
        colour, marker = LOOKS.get(group, _OTHER)
        axes.scatter(x, y, s=26, color=colour, marker=marker, edgecolors="white", linewidths=0.5, zorder=3)


def _groups(rows: Sequence[Compared]) -> list[str]:
    return sorted({row.group for row in rows})


def _explain(figure: Figure, rows: Sequence[Compared]) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for group in _groups(rows):
        colour, marker = LOOKS.get(group, _OTHER)
        handles.append(Line2D([], [], color=colour, marker=marker, linestyle="none", label=group or "no group"))
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles), handletextpad=0.2)
