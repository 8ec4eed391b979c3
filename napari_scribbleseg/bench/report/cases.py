"""The picture of one patient across methods: one slice, the expert's contours first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import numpy.typing as npt

from napari_scribbleseg.bench.report.reading import Results
from napari_scribbleseg.bench.report.statistics import by_patient, by_volume
from napari_scribbleseg.bench.report.style import draw
from napari_scribbleseg.bench.report.tables import DMPLS
from napari_scribbleseg.bench.report.wording import drop_zero
from napari_scribbleseg.bench.rows import ROWS, Row
from napari_scribbleseg.labels import CLASS_NAMES, FOREGROUND, LAYER_COLOURS, LabelMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCANS_NAME = "test_scans.h5"
PHASES = ("ED", "ES")
MARGIN_MM = 18.0
COLUMNS = 6
_PANEL_IN = 1.45


@dataclass(frozen=True, eq=False)
class Case:
    """One slice to show.

    Attributes
    ----------
    patient, group, phase : str
    z : int
        The slice, from 0.
    image : uint8 (y, x)
    truth : uint8 (y, x), training codes
    spacing_mm : (y, x)
    window : tuple of slice
        The part around the heart.
    """

    patient: str
    group: str
    phase: str
    z: int
    image: npt.NDArray[np.uint8]
    truth: LabelMap
    spacing_mm: tuple[float, float]
    window: tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture: a title and the contours of a mask, uint8 (y, x)."""

    title: str
    mask: LabelMap


def choose_case(results: Results, phase: str = "ED") -> Case | None:
    """Return the slice to show; None where the folder keeps no scans of scored patients.

    The patient is the median of DMPLS's patients by mean Dice (of the first row with scores, where DMPLS has none); of
    an even number, the lower of the two in the middle. The slice is the middle one of those where the truth holds all
    classes.
    """
    path = results.folder / SCANS_NAME
    if not path.exists():
        return None
    with h5py.File(path, "r") as file:
        patient = median_patient(results, set(file))
        return None if patient is None else _read_case(file[patient], patient, phase)


def median_patient(results: Results, known: set[str]) -> str | None:
    """Return the patient in the middle by Dice, of those that are `known`; None where there is none."""
    keys = [DMPLS, *(row.key for row in ROWS)]
    scores = next((found for key in keys if (found := results.scores_of(key))), ())
    ranked = sorted((value, patient) for (patient, _), value in by_patient(scores).items() if patient in known)
    return ranked[(len(ranked) - 1) // 2][1] if ranked else None


def _read_case(group: h5py.Group, patient: str, phase: str) -> Case:
    t = PHASES.index(phase)
    volume: LabelMap = group["truth"][t]
    z = middle_slice(volume)
    spacing = [float(value) for value in group.attrs["spacing_mm"]]
    spacing_mm = (spacing[-2], spacing[-1])
    return Case(
        patient=patient,
        group=str(group.attrs.get("group", "")),
        phase=phase,
        z=z,
        image=group["image"][t, z],
        truth=volume[z],
        spacing_mm=spacing_mm,
        window=heart_window(volume[z], spacing_mm),
    )


def middle_slice(truth: LabelMap) -> int:
    """Return the middle one of the slices that hold the most classes.

    Parameters
    ----------
    truth : uint8 (z, y, x), training codes
    """
    present = np.array([sum(bool((plane == label).any()) for label in FOREGROUND) for plane in truth])
    candidates = np.flatnonzero(present == present.max())
    return int(candidates[len(candidates) // 2])


def heart_window(truth: LabelMap, spacing_mm: tuple[float, float]) -> tuple[slice, slice]:
    """Return a square in mm around the heart, with a margin, cut off at the image's edge; all of it without a heart."""
    places = np.nonzero(truth)
    if not len(places[0]):
        return slice(None), slice(None)
    middles = [(int(axis.min()) + int(axis.max())) / 2 for axis in places]
    half_mm = max((int(a.max()) - int(a.min())) / 2 * s for a, s in zip(places, spacing_mm, strict=True)) + MARGIN_MM
    y, x = (
        slice(max(0, round(middle - half_mm / step)), min(size, round(middle + half_mm / step) + 1))
        for middle, step, size in zip(middles, spacing_mm, truth.shape, strict=True)
    )
    return y, x


def make_panels(results: Results, case: Case) -> list[Panel]:
    """Return the expert's mask and that of every row that has one of this slice; λ sweeps are left out."""
    rows = [row for row in ROWS if row.section != "lambda"]
    return [Panel("expert", case.truth), *(panel for row in rows for panel in _panels_of(results, case, row))]


def _panels_of(results: Results, case: Case, row: Row) -> Iterator[Panel]:
    mask = _read_mask(results, case, row)
    if mask is None or mask.shape != case.truth.shape:
        return
    score = by_volume(results.scores_of(row.key)).get((case.patient, case.phase))
    yield Panel(row.title if score is None else f"{_short(row.title)} {drop_zero(f'{score:.2f}')}", mask)


def _short(title: str) -> str:
    return (
        title.split(" (")[0]
        .replace("Dual-branch", "Dual")
        .replace("auxiliary decoder", "aux.")
        .replace("-like level set", "-like")
    )


def _read_mask(results: Results, case: Case, row: Row) -> LabelMap | None:
    """Return the slice as the first finished cell, by fold and seed, has predicted it."""
    name = f"{row.key}/{case.patient}" if row.readout_of else case.patient
    cells = sorted(results.cells_of(row.readout_of or row.key), key=lambda cell: (cell.fold, cell.seed))
    for cell in cells:
        path = results.folder / "cells" / cell.name / "masks.h5"
        if not path.exists():
            continue
        with h5py.File(path, "r") as file:
            if name in file:
                mask: LabelMap = file[name][PHASES.index(case.phase), case.z]
                return mask
    return None


def draw_case(out: Path, case: Case, panels: Sequence[Panel]) -> list[Path]:
    """Draw the slice once for every panel, with the contours of its mask."""
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)

    def paint(figure: Figure) -> None:
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, panel in zip(grid.flat, panels, strict=False):
            _paint_panel(axes, case, panel)
        _explain(figure)

    return draw(out, "case", (max(columns, 3) * _PANEL_IN, rows * (_PANEL_IN + 0.12) + 0.35), paint, dpi=200)


def _paint_panel(axes: Axes, case: Case, panel: Panel) -> None:
    image, mask = case.image[case.window], panel.mask[case.window]
    low, high = np.percentile(image, [1, 99.5])
    aspect = case.spacing_mm[0] / case.spacing_mm[1]
    axes.imshow(image, cmap="gray", vmin=low, vmax=max(high, low + 1), aspect=aspect, interpolation="bilinear")
    for label in FOREGROUND:
        found = mask == label
        if found.any():
            # A frame of background, so that a contour closes where the mask meets the window's edge.
            y, x = (np.arange(-1, size + 1) for size in found.shape)
            framed = np.pad(found, 1).astype(np.float32)
            axes.contour(x, y, framed, levels=[0.5], colors=[LAYER_COLOURS[label]], linewidths=1.3)
    axes.set_xlim(-0.5, image.shape[1] - 0.5)
    axes.set_ylim(image.shape[0] - 0.5, -0.5)
    axes.set_title(panel.title, fontsize=7.5, pad=2)


def _explain(figure: Figure) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=LAYER_COLOURS[label], linewidth=2, label=CLASS_NAMES[label]) for label in FOREGROUND
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
