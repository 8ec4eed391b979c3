"""How good a mask is: Dice, HD95 in mm, and whole folders of masks."""

from __future__ import annotations

import os

from napari_scribbleseg.metrics.errors import EvaluationError
from napari_scribbleseg.metrics.overlap import dice
from napari_scribbleseg.metrics.scores import CaseScore, Evaluation, Summary
from napari_scribbleseg.metrics.surface import hd95_mm
from napari_scribbleseg.metrics.volume import score_volume


def evaluate(pred_dir: str | os.PathLike[str], truth_dir: str | os.PathLike[str]) -> Evaluation:
    """Score every predicted mask below a folder; see :func:`napari_scribbleseg.metrics.evaluation.evaluate`.

    It alone reads files, so that scoring arrays needs no library for images.
    """
    from napari_scribbleseg.metrics.evaluation import evaluate as score_folders

    return score_folders(pred_dir, truth_dir)


__all__ = ["CaseScore", "Evaluation", "EvaluationError", "Summary", "dice", "evaluate", "hd95_mm", "score_volume"]
