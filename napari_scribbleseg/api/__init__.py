"""The public functions: learn from scribbles, and segment with what was learned. No window needed.

Scans, masks and scores have their own floors (`io`, `metrics`); `napari_scribbleseg` itself offers all of them.
"""

from __future__ import annotations

from napari_scribbleseg.api.finetuning import FineTuning, finetune
from napari_scribbleseg.api.model import Model
from napari_scribbleseg.api.prediction import predict
from napari_scribbleseg.api.recipes import (
    LOCATE_ABOVE_SCANS,
    ROI_RECIPE,
    changed,
    default_settings,
    finetune_settings,
    settings_after,
)
from napari_scribbleseg.api.strokes import StrokesError, gather, read_scribbles
from napari_scribbleseg.api.training import TrainingError, TrainingRun, fit

__all__ = [
    "LOCATE_ABOVE_SCANS",
    "ROI_RECIPE",
    "FineTuning",
    "Model",
    "StrokesError",
    "TrainingError",
    "TrainingRun",
    "changed",
    "default_settings",
    "finetune",
    "finetune_settings",
    "fit",
    "gather",
    "predict",
    "read_scribbles",
    "settings_after",
]
