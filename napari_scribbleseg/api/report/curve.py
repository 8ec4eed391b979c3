"""Volumes over the heart cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_scribbleseg.api.report.sheet import Sheet, write
from napari_scribbleseg.api.report.style import COLOURS, DIM, INK, PAPER, width_mm
from napari_scribbleseg.labels import LV, MYO, RV

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from napari_scribbleseg.cardiac.measurement import Measurement

_MANY = 40
"""With more phases than this the points of a curve would touch."""


def paint_curve(sheet: Sheet, measurement: Measurement) -> None:
    """Draw LV, RV and myocardial volume over time, and where end-diastole and end-systole are.

    Parameters
    ----------
    sheet : about 94 × 58 mm
    measurement : Measurement
    """
    curves = measurement.curves
    times = np.arange(len(curves.lv_ml)) * (curves.frame_ms or 1.0)
    axes = sheet.axes(left=10, top=8.5, right=2, bottom=8)
    _mark_phases(axes, measurement, times)
    for code, volumes in ((MYO, curves.myo_ml), (RV, curves.rv_ml), (LV, curves.lv_ml)):
        _draw(axes, times, volumes, code)
    _scale(axes, times, measurement)
    _explain(sheet)


def _draw(axes: Axes, times: np.ndarray, volumes: np.ndarray, code: int) -> None:
    points: dict[str, Any] = {"marker": "o", "markersize": 3, "markeredgecolor": PAPER, "markeredgewidth": 0.5}
    lone = code == MYO  # it should stay level; a dashed line steps back
    style: dict[str, Any] = {"linestyle": (0, (4, 2)), "linewidth": 1.0} if lone else {"linewidth": 1.7, **points}
    if len(times) > _MANY:
        style["marker"] = ""
    if len(times) == 1:
        style |= points
    axes.plot(times, volumes, color=COLOURS[code], clip_on=False, zorder=3 + (code == LV), **style)


def _mark_phases(axes: Axes, measurement: Measurement, times: np.ndarray) -> None:
    phases, lv = measurement.phases, measurement.curves.lv_ml
    names = {phases.ed: "ED", phases.es: "ES"} if phases.ed != phases.es else {phases.ed: "ED = ES"}
    for t, name in names.items():
        axes.axvline(times[t], color=INK, linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=1)
        on_top: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
        axes.annotate(
            name, (times[t], 1.0), xytext=(0, 2), ha="center", va="bottom", fontsize=6.5, weight="bold", **on_top
        )
        ring: dict[str, Any] = {"marker": "o", "markersize": 6.5, "markerfacecolor": "none", "markeredgecolor": INK}
        axes.plot(times[t], lv[t], markeredgewidth=0.9, clip_on=False, zorder=6, **ring)


def _scale(axes: Axes, times: np.ndarray, measurement: Measurement) -> None:
    from matplotlib.ticker import MaxNLocator

    curves = measurement.curves
    highest = max(float(volumes.max()) for volumes in (curves.lv_ml, curves.rv_ml, curves.myo_ml))
    axes.set_ylim(0, max(highest * 1.06, 1.0))
    margin = 0.015 * (times[-1] - times[0]) or 0.5
    axes.set_xlim(times[0] - margin, times[-1] + margin)
    timed = curves.frame_ms is not None
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=not timed))
    if len(times) == 1:
        axes.set_xticks(times)
    axes.set_xlabel("time after the first phase, ms" if timed else "phase, counted from 0", labelpad=2)
    axes.set_ylabel("volume, mL", labelpad=2)
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)


def _explain(sheet: Sheet) -> None:
    canvas, x = sheet.part(0, 0, sheet.width, 6).canvas(), 10.0
    for code, name in ((LV, "LV"), (RV, "RV"), (MYO, "myocardium")):
        dashes = (0, (2.5, 1.2)) if code == MYO else "solid"
        canvas.plot([x, x + 5], [1.9, 1.9], color=COLOURS[code], linewidth=1.8, linestyle=dashes)
        write(canvas, x + 6, 2.8, name, 7, DIM)
        x += 6 + width_mm(name, 7) + 5
