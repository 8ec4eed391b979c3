"""The report's charts: Dice of every volume, DMPLS against another row patient by patient, and the λ curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_scribbleseg.bench.paper import LAMBDA_CURVE
from napari_scribbleseg.bench.report.reading import Results
from napari_scribbleseg.bench.report.reference import paper_numbers
from napari_scribbleseg.bench.report.statistics import by_volume
from napari_scribbleseg.bench.report.style import (
    ACCENT,
    FAINT,
    INK,
    SECTION_COLOURS,
    draw,
    drop_zeros,
    row_colour,
)
from napari_scribbleseg.bench.report.tables import DMPLS, Difference, Point, patient_differences
from napari_scribbleseg.bench.report.wording import tell_difference
from napari_scribbleseg.bench.rows import SECTIONS, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 8.0
PAPER_LABEL = "the paper's mean (60 000 steps)"
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def draw_volumes(out: Path, results: Results, rows: Sequence[Row]) -> list[Path]:
    """Draw the Dice of every volume as boxes and points, a line for each row, the paper's means beside them.

    Parameters
    ----------
    rows : with scores, in the order of the tables
    """
    places = _places(rows)
    height_in = 1.3 + 0.3 * (places[-1] + 1)

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        for row, place in zip(rows, places, strict=True):
            _box(axes, place, list(by_volume(results.scores_of(row.key)).values()), row)
        axes.set_yticks(places, [row.title for row in rows])
        axes.set_ylim(places[-1] + 0.7, -0.7)
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(_floor(results, rows), 1.0)
        axes.set_xlabel("DSC of a volume, mean of RV, Myo and LV")
        axes.grid(axis="x")
        drop_zeros(axes, "x")
        _explain(figure, rows)

    return draw(out, "volumes", (WIDTH_IN, height_in), paint)


def _places(rows: Sequence[Row]) -> list[float]:
    """Return where each row stands: a little apart where another section begins."""
    places: list[float] = []
    for i, row in enumerate(rows):
        gap = 0.5 if i and row.section != rows[i - 1].section else 0.0
        places.append(places[-1] + 1 + gap if places else 0.0)
    return places


def _floor(results: Results, rows: Sequence[Row]) -> float:
    values = [value for row in rows for value in by_volume(results.scores_of(row.key)).values()]
    printed = [mean for row in rows if (mean := paper_numbers(row.key, "dice", "mean")[0]) is not None]
    return max(0.0, math.floor(min([*values, *printed]) * 10 - 0.2) / 10)


def _box(axes: Axes, place: float, values: list[float], row: Row) -> None:
    colour = row_colour(row.key, row.section)
    axes.boxplot(
        values,
        positions=[place],
        orientation="horizontal",
        widths=0.62,
        showfliers=False,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": colour, "alpha": 0.28, "edgecolor": "none"},
        medianprops={"color": colour, "linewidth": 2},
        whiskerprops={"color": colour, "linewidth": 1},
        capprops={"visible": False},
    )
    jitter = np.random.default_rng(0).uniform(-0.2, 0.2, len(values))
    axes.scatter(values, place + jitter, s=7, color=colour, alpha=0.55, linewidths=0, zorder=3)
    mean, _ = paper_numbers(row.key, "dice", "mean")
    if mean is not None:
        axes.plot(mean, place, marker="D", markersize=5.5, markerfacecolor="white", markeredgecolor=INK, zorder=4)


def _explain(figure: Figure, rows: Sequence[Row]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    sections = dict.fromkeys(row.section for row in rows if row.key != DMPLS)
    handles: list[Line2D | Patch] = [
        Patch(facecolor=SECTION_COLOURS[section], alpha=0.6, label=SECTIONS[section])
        for section in sections
        if section in SECTION_COLOURS
    ]
    if any(row.key == DMPLS for row in rows):
        handles.insert(0, Patch(facecolor=ACCENT, alpha=0.6, label="DMPLS"))
    if any(paper_numbers(row.key, "dice", "mean")[0] is not None for row in rows):
        style: dict[str, Any] = {"marker": "D", "linestyle": "none", "markerfacecolor": "white", "markeredgecolor": INK}
        handles.append(Line2D([], [], label=PAPER_LABEL, **style))
    figure.legend(handles=handles, loc="outside upper left", ncols=3)


def draw_differences(out: Path, results: Results, found: Difference) -> list[Path]:
    """Draw DMPLS minus another row for every patient, sorted, with the mean and its 95 % t interval."""
    per_patient = sorted(patient_differences(results, found.row.key).items(), key=lambda item: (item[1], item[0]))
    groups = sorted({group for (_, group), _ in per_patient})

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.axhline(0, color=INK, linewidth=0.8)
        _band(axes, found)
        colours = list(SECTION_COLOURS.values())
        for i, group in enumerate(groups):
            points = [(x, value) for x, ((_, g), value) in enumerate(per_patient) if g == group]
            x, y = zip(*points, strict=True)
            axes.vlines(x, 0, y, color=FAINT, linewidth=0.8, zorder=1)
            colour, marker = colours[i % len(colours)], _MARKERS[i % len(_MARKERS)]
            axes.scatter(x, y, s=26, label=group, color=colour, marker=marker, zorder=3)
        axes.set_xlim(-0.8, len(per_patient) - 0.2)
        axes.set_xticks([])
        axes.set_xlabel(f"{len(per_patient)} patients, sorted by the difference")
        axes.set_ylabel(f"DMPLS − {found.row.title}, DSC")
        axes.grid(axis="y")
        drop_zeros(axes, "y")
        figure.legend(loc="outside upper left", ncols=7, handletextpad=0.3, columnspacing=1.2)

    return draw(out, "differences", (WIDTH_IN, 3.4), paint)


def _band(axes: Axes, found: Difference) -> None:
    interval = found.per_patient
    label = f"mean {tell_difference('dice', interval.mean)}"
    if not math.isnan(interval.low):
        axes.axhspan(interval.low, interval.high, color=ACCENT, alpha=0.18, linewidth=0)
        low, high = (tell_difference("dice", bound) for bound in (interval.low, interval.high))
        label += f", 95 % interval {low} to {high}"
    axes.axhline(interval.mean, color=ACCENT, linewidth=1.8, label=label)


def draw_lambda(out: Path, points: Sequence[Point]) -> list[Path]:
    """Draw mean Dice over λ with 95 % t intervals over patients; the two numbers that the paper gives are hollow."""

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        weights, means = [p.weight for p in points], [p.interval.mean for p in points]
        errors = [[_below(p) for p in points], [_below(p) for p in points]]
        style: dict[str, Any] = {"marker": "o", "markersize": 6, "linewidth": 1.8, "capsize": 3, "elinewidth": 1.2}
        axes.errorbar(weights, means, yerr=errors, color=ACCENT, label="ours, 95 % interval over patients", **style)
        hollow: dict[str, Any] = {"marker": "D", "markersize": 7, "linestyle": "none", "markerfacecolor": "white"}
        x, y = list(LAMBDA_CURVE), list(LAMBDA_CURVE.values())
        axes.plot(x, y, markeredgecolor=INK, label=PAPER_LABEL, **hollow)
        _scale(axes, sorted({*weights, *LAMBDA_CURVE}))
        axes.set_xlabel("weight of the pseudo labels, λ")
        axes.set_ylabel("mean DSC")
        axes.grid(axis="y")
        drop_zeros(axes, "y")
        figure.legend(loc="outside upper left", ncols=2)

    return draw(out, "lambda", (6.0, 3.6), paint)


def _below(point: Point) -> float:
    low = point.interval.low
    return 0.0 if math.isnan(low) else point.interval.mean - low


def _scale(axes: Axes, weights: list[float]) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    # A weight of 0 has no place on a logarithmic axis; symlog gives it one.
    positive = [weight for weight in weights if weight > 0]
    if weights[0] > 0:
        axes.set_xscale("log")
    else:
        axes.set_xscale("symlog", linthresh=min(positive, default=1.0))
    axes.xaxis.set_major_locator(FixedLocator(weights))
    axes.xaxis.set_minor_locator(NullLocator())
    drop_zeros(axes, "x")
