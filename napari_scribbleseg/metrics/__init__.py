"""How good a mask is: Dice, HD95 in mm, and whole folders of masks."""

from __future__ import annotations

from napari_scribbleseg.metrics.evaluation import evaluate, score_volume
from napari_scribbleseg.metrics.overlap import dice
from napari_scribbleseg.metrics.pairing import EvaluationError
from napari_scribbleseg.metrics.scores import CaseScore, Evaluation, Summary
from napari_scribbleseg.metrics.surface import hd95_mm

__all__ = ["CaseScore", "Evaluation", "EvaluationError", "Summary", "dice", "evaluate", "hd95_mm", "score_volume"]
