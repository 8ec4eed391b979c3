"""Measures a scan, whole or as far as it is predicted, on a thread beside the window."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_scribbleseg.api.report.told import choose
from napari_scribbleseg.cardiac.measurement import Choices, Measurement, Phases
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.qt.heart_mask import Coverage
from napari_scribbleseg.qt.record import SliceIndex
from napari_scribbleseg.qt.thread import PoliteThread
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    from qtpy.QtCore import QObject

log = logging.getLogger(__name__)


class Meter(Protocol):
    """Measures a mask that comes in slice by slice, as `cardiac.HeartMeter` does."""

    def update(self, t: int, z: int, labels: LabelMap) -> None:
        """Take a slice `(y, x)`."""

    def measure(self, choices: Choices | None = None) -> Measurement:
        """Measure what there is."""


class LateMeter:
    """A meter that is made on the thread that first needs it: loading and counting take longer than a window may wait.

    Parameters
    ----------
    make : callable
    """

    def __init__(self, make: Callable[[], Meter]) -> None:
        self._make = make
        self._made: Meter | None = None

    @property
    def _meter(self) -> Meter:
        if self._made is None:
            self._made = self._make()
        return self._made

    def update(self, t: int, z: int, labels: LabelMap) -> None:
        """Take a slice `(y, x)`."""
        self._meter.update(t, z, labels)

    def measure(self, choices: Choices | None = None) -> Measurement:
        """Measure what there is."""
        return self._meter.measure(choices)


def meter_of(cine: Cine) -> Meter:
    """Return a meter for a scan of which nothing is known yet."""

    def make() -> Meter:
        from napari_scribbleseg.cardiac import HeartMeter, is_right_handed

        return HeartMeter.waiting(cine.shape, cine.spacing_mm, cine.frame_ms, is_right_handed(cine))

    return LateMeter(make)


@dataclass(frozen=True, eq=False)
class Results:
    """What is measured of a scan at the moment.

    Attributes
    ----------
    case : str
    coverage : Coverage
        What it is measured from.
    measurement : Measurement or None
        None where no phase can be measured yet.
    problem : str
        Why nothing could be measured, "" where it could.
    """

    case: str
    coverage: Coverage = field(default_factory=Coverage)
    measurement: Measurement | None = None
    problem: str = ""

    @property
    def certain(self) -> Measurement | None:
        """Return what was measured where ED and ES are certain: all phases are there, or somebody chose both."""
        found = self.measurement
        if found is None or self.coverage.whole:
            return found
        return found if "volumes" not in (found.phases.ed_source, found.phases.es_source) else None


@dataclass(frozen=True, eq=False)
class MeasureJob:
    """What to measure, and how.

    Attributes
    ----------
    case : str
    meter : Meter
        Holds the phases that can be measured, and is left to the job until that has ended.
    slices : (t, z) → uint8 (y, x)
        What has changed.
    coverage : Coverage
    own : Choices
        What the person decided.
    told : Choices
        What a file says; counts where the person decided nothing.
    """

    case: str
    meter: Meter
    slices: Mapping[SliceIndex, LabelMap]
    coverage: Coverage
    own: Choices = field(default_factory=Choices)
    told: Choices = field(default_factory=Choices)

    def run(self) -> Results:
        """Bring the meter up to date, measure, and leave gaps where phases are still to come.

        Raises
        ------
        MeasurementError
            When it cannot be measured as asked.
        """
        found = self.measure()
        if found is not None and not self.coverage.whole:
            found = without_missing(found)
        return Results(self.case, self.coverage, found)

    def measure(self) -> Measurement | None:
        """Bring the meter up to date and measure; None where no phase can be measured.

        Raises
        ------
        MeasurementError
            When it cannot be measured as asked.
        """
        for (t, z), labels in self.slices.items():
            self.meter.update(t, z, labels)
        if not self.coverage.phases:
            return None
        found = self.meter.measure(self._choices())
        return replace(found, phases=self._name_sources(found.phases))

    def _choices(self) -> Choices:
        """Return what counts; a phase that is not there yet cannot be end-diastole or end-systole."""
        choices, there = choose(self.told, self.own), self.coverage.phases
        ed = choices.ed if choices.ed in there else None
        return replace(choices, ed=ed, es=choices.es if choices.es in there else None)

    def _name_sources(self, phases: Phases) -> Phases:
        """Tell the phases that the person chose from those that a file says."""
        if phases.ed_source != "volumes":
            phases = replace(phases, ed_source=self.told.source if self.own.ed is None else self.own.source)
        if phases.es_source != "volumes":
            phases = replace(phases, es_source=self.told.source if self.own.es is None else self.own.source)
        return phases


class MeasureThread(PoliteThread):
    """Do a job; afterwards `results` are there."""

    def __init__(self, job: MeasureJob, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.job = job
        self.results = Results(job.case, job.coverage)

    def work(self) -> None:
        """Do the job."""
        try:
            self.results = self.job.run()
        except Exception as error:  # a dead window is worse than any error in here
            if not isinstance(error, ValueError):
                log.error("Measuring stopped with an error", exc_info=error)
            why = str(error) or type(error).__name__
            self.results = replace(self.results, problem=f"Nothing could be measured: {why}")


def without_missing(found: Measurement) -> Measurement:
    """Return what was measured so far, with gaps in the curves and no word on the phases that are still to come."""
    gaps = np.where(found.curves.measured, 0.0, np.nan)
    rv, myo, lv = (volumes + gaps for volumes in (found.curves.rv_ml, found.curves.myo_ml, found.curves.lv_ml))
    curves = replace(found.curves, rv_ml=rv, myo_ml=myo, lv_ml=lv)
    flags = tuple(flag for flag in found.flags if flag.code != "phases_missing")
    return replace(found, curves=curves, flags=flags)
