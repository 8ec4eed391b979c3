"""Scores of predicted scans: each phase and class, as predicted and with the largest component kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from napari_scribbleseg.bench.cells import Cell
from napari_scribbleseg.bench.patients import Patient
from napari_scribbleseg.engine.postprocess import keep_largest_component
from napari_scribbleseg.labels import CLASS_NAMES, LabelMap
from napari_scribbleseg.metrics import score_volume

POSTS: dict[str, Callable[[LabelMap], LabelMap]] = {"none": lambda mask: mask, "largest": keep_largest_component}
"""What is done to a mask before it is scored."""


def score_patient(row: str, cell: Cell, patient: Patient, mask: LabelMap) -> Iterator[tuple[Any, ...]]:
    """Yield the scores of one patient in the order of `records.SCORE_COLUMNS`; nothing where there is no truth.

    A class that is missing on one side has no distance: its HD95 is the diagonal of the volume, and it is flagged.

    Parameters
    ----------
    row : key of the row of the tables
    mask : uint8 (t, z, y, x), training codes, native grid
    """
    if patient.truth is None:
        return
    first = row, cell.fold, cell.seed, patient.number, patient.group
    for post, change in POSTS.items():
        changed = change(mask)
        for t, phase in enumerate(patient.phases):
            for score in score_volume(patient.case, changed[t], patient.truth[t], patient.cine.spacing_mm):
                figures = f"{score.dice:.6f}", f"{score.hd95_mm:.4f}"
                flags = int(score.empty_prediction), int(score.empty_truth)
                yield (*first, phase, CLASS_NAMES[score.label], post, *figures, *flags)
