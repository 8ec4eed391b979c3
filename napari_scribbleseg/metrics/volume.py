"""Scores of one volume."""

from __future__ import annotations

from napari_scribbleseg.labels import FOREGROUND, LabelMap
from napari_scribbleseg.metrics.overlap import dice
from napari_scribbleseg.metrics.scores import CaseScore
from napari_scribbleseg.metrics.surface import hd95_mm


def score_volume(case: str, prediction: LabelMap, truth: LabelMap, spacing_mm: tuple[float, ...]) -> list[CaseScore]:
    """Return a row per class for one volume.

    Parameters
    ----------
    prediction, truth : 3D arrays of the same shape, training codes
    spacing_mm : size of a voxel along each of their axes
    """
    rows = []
    for label in FOREGROUND:
        found, wanted = prediction == label, truth == label
        some, sought = bool(found.any()), bool(wanted.any())
        rows.append(
            CaseScore(
                case=case,
                label=label,
                dice=dice(found, wanted),
                hd95_mm=hd95_mm(found, wanted, spacing_mm),
                empty_prediction=sought and not some,
                empty_truth=some and not sought,
            )
        )
    return rows
