"""The figures of a comparison by simulated annotators. matplotlib is loaded only when one is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_scribbleseg.bench.annotate.results import Results, Step
from napari_scribbleseg.bench.annotate.systems import Entry
from napari_scribbleseg.bench.report.style import ACCENT, FAINT, INK, draw, drop_zeros

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "finetuned": (ACCENT, "o"),
        "scratch": ("#0072B2", "o"),
        "random_walker": ("#009E73", "s"),
        "growcut": ("#8C8C8C", "v"),
        "graph_cuts": ("#56B4E9", "D"),
        "grabcut": ("#4D4D4D", "^"),
        "random_forest": ("#CC79A7", "P"),
        "slic_seg": ("#E69F00", "X"),
        "level_set": ("#B07D48", "p"),
    }
)
"""Colour and marker of each system; Okabe-Ito colours and greys, told apart with any common colour vision."""

LEAST_S = 0.1
"""Where the logarithmic axis begins."""
OBEYED_AIM, ELSEWHERE_AIM = 0.98, -0.005


def draw_curves(out: Path, results: Results) -> list[Path]:
    """Draw mean DSC and error of the ejection fraction over annotation and over computing seconds."""

    def paint(figure: Figure) -> None:
        grid = figure.subplots(2, 2, sharex="col", sharey="row")
        for row, (name, title) in enumerate((("dice", "mean DSC"), ("ef_error", "error of EF, points"))):
            by_hand, by_machine = grid[row]
            for entry in reversed(results.systems):
                _over_annotation(by_hand, results, entry, name)
                _over_computing(by_machine, results, entry, name)
            by_hand.set_ylabel(title)
            for axes in (by_hand, by_machine):
                axes.grid(axis="y")
        drop_zeros(grid[0, 0], "y")
        grid[1, 0].set_ylim(bottom=0)
        grid[1, 0].set_xlim(left=-3)
        grid[1, 0].set_xlabel("annotation, s")
        grid[1, 1].set_xscale("log")
        grid[1, 1].set_xlabel("computing, s")
        drop_zeros(grid[1, 1], "x")
        _explain(figure, results.systems)

    return draw(out, "curves", (8.0, 6.2), paint)


def _over_annotation(axes: Axes, results: Results, entry: Entry, name: str) -> None:
    _line(axes, results.curve(entry.key), entry, "annotation_s", name)
    sparse = results.sparse(entry.key)
    if sparse:
        _hollow(axes, [sparse], entry, "annotation_s", name)


def _over_computing(axes: Axes, results: Results, entry: Entry, name: str) -> None:
    _line(axes, results.looks("curve", entry.key), entry, "compute_s", name)
    sparse = results.looks("sparse", entry.key)
    if sparse:
        if len(sparse) > 1:
            _line(axes, sparse, entry, "compute_s", name, linestyle=":", marker="none")
        _hollow(axes, sparse[-1:], entry, "compute_s", name)


def _line(axes: Axes, steps: Sequence[Step], entry: Entry, x: str, y: str, **changes: Any) -> None:
    colour, marker = LOOKS[entry.key]
    style: dict[str, Any] = {
        "color": colour,
        "marker": marker,
        "markersize": 5.5 if entry.learns else 4.5,
        "linewidth": 2.2 if entry.learns else 1.1,
        "markeredgecolor": "white",
        "markeredgewidth": 0.6,
        "zorder": 4 if entry.learns else 3,
    }
    axes.plot(
        [max(s[x], LEAST_S) if x == "compute_s" else s[x] for s in steps], [s[y] for s in steps], **style | changes
    )


def _hollow(axes: Axes, steps: Sequence[Step], entry: Entry, x: str, y: str) -> None:
    colour = LOOKS[entry.key][0]
    hollow = {"markerfacecolor": "white", "markeredgecolor": colour, "markeredgewidth": 1.6, "markersize": 6.5}
    _line(axes, steps, entry, x, y, linestyle="none", zorder=5, **hollow)


def _explain(figure: Figure, systems: Sequence[Entry]) -> None:
    from matplotlib.lines import Line2D

    def handle(entry: Entry) -> Line2D:
        colour, marker = LOOKS[entry.key]
        width, size = (2.2, 5.5) if entry.learns else (1.1, 4.5)
        edge: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 0.6}
        return Line2D([], [], color=colour, marker=marker, linewidth=width, markersize=size, label=entry.title, **edge)

    hollow: dict[str, Any] = {"marker": "o", "linestyle": "none", "markerfacecolor": "white", "markeredgecolor": INK}
    handles = [*(handle(entry) for entry in systems), Line2D([], [], label="sparse strokes", markersize=6.5, **hollow)]
    figure.legend(handles=handles, loc="outside upper left", ncols=min(len(handles), 4))


def draw_corrections(out: Path, results: Results) -> list[Path]:
    """Draw how far each corrective stroke was obeyed, and what it changed in the slices that it did not touch."""
    learning = [entry for entry in results.systems if results.corrections(entry.key)]

    def paint(figure: Figure) -> None:
        obeyed, elsewhere = figure.subplots(1, 2, sharey=True)
        for place, entry in enumerate(learning):
            strokes = results.corrections(entry.key)
            _strip(obeyed, [s["obeyed"] for s in strokes], place, LOOKS[entry.key][0])
            _strip(elsewhere, [s["elsewhere"] for s in strokes], place, LOOKS[entry.key][0])
        obeyed.axvline(OBEYED_AIM, color=INK, linewidth=0.8, linestyle="--")
        elsewhere.axvline(ELSEWHERE_AIM, color=INK, linewidth=0.8, linestyle="--")
        elsewhere.axvline(0, color=FAINT, linewidth=0.8)
        obeyed.set_yticks(range(len(learning)), [entry.title for entry in learning])
        obeyed.set_ylim(len(learning) - 0.5, -0.5)
        obeyed.set_xlim(-0.03, 1.03)
        obeyed.set_xlabel("share of the stroke's pixels that obey")
        elsewhere.set_xlabel("change of mean DSC in untouched slices")
        for axes in (obeyed, elsewhere):
            axes.grid(axis="x")
            drop_zeros(axes, "x")

    return draw(out, "corrections", (8.0, 1.3 + 0.6 * len(learning)), paint)


def _strip(axes: Axes, values: Sequence[float], place: int, colour: str) -> None:
    jitter = np.random.default_rng(0).uniform(-0.2, 0.2, len(values))
    axes.scatter(values, place + jitter, s=14, color=colour, alpha=0.5, linewidths=0, zorder=3)
    axes.plot([np.mean(values)] * 2, [place - 0.32, place + 0.32], color=colour, linewidth=2.5, zorder=4)
