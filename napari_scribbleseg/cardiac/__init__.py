"""From masks to ventricular function."""

from __future__ import annotations

from napari_scribbleseg.cardiac.curves import volume_curves
from napari_scribbleseg.cardiac.errors import MeasurementError
from napari_scribbleseg.cardiac.info_file import choose_by_info, read_choices
from napari_scribbleseg.cardiac.measurement import (
    MYOCARDIUM_G_PER_ML,
    Body,
    BullsEye,
    Choices,
    Flag,
    Measurement,
    Phases,
    Ventricle,
    VolumeCurves,
)
from napari_scribbleseg.cardiac.meter import HeartMeter, measure_heart
from napari_scribbleseg.cardiac.phases import find_jumps, find_phases
from napari_scribbleseg.cardiac.plain import to_plain
from napari_scribbleseg.cardiac.segments import SEGMENT_NAMES
from napari_scribbleseg.cardiac.stack import is_right_handed

__all__ = [
    "MYOCARDIUM_G_PER_ML",
    "SEGMENT_NAMES",
    "Body",
    "BullsEye",
    "Choices",
    "Flag",
    "HeartMeter",
    "Measurement",
    "MeasurementError",
    "Phases",
    "Ventricle",
    "VolumeCurves",
    "choose_by_info",
    "find_jumps",
    "find_phases",
    "is_right_handed",
    "measure_heart",
    "read_choices",
    "to_plain",
    "volume_curves",
]
