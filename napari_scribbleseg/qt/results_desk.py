"""Results of the scan on screen: measured anew as masks come in, with what the person decides about them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from qtpy.QtCore import QObject, QTimer, Signal

from napari_scribbleseg.api.report.told import choose, info_beside, read_told
from napari_scribbleseg.cardiac.measurement import Body, Choices
from napari_scribbleseg.io import ScanError
from napari_scribbleseg.qt.heart_mask import SliceTracker, cover
from napari_scribbleseg.qt.measuring import MeasureJob, MeasureThread, Meter, Results, meter_of
from napari_scribbleseg.types import Notice

if TYPE_CHECKING:
    from pathlib import Path

    from napari_scribbleseg.qt.mask_desk import MaskDesk
    from napari_scribbleseg.qt.record import ScanRecord, SliceIndex
    from napari_scribbleseg.qt.scan_desk import ScanDesk
    from napari_scribbleseg.types import Cine

GAP_MS = 300
"""Least time between two measurements while predictions stream."""

PhaseName = Literal["ed", "es"]
LONG_NAMES: dict[PhaseName, str] = {"ed": "end-diastole", "es": "end-systole"}


class ResultsDesk(QObject):
    """Measure what is in the mask, else predicted, on a thread beside the window.

    Only slices that have changed are copied on the GUI thread, and a phase counts once all its slices are there.

    Parameters
    ----------
    scans : ScanDesk
    masks : MaskDesk
    make_meter : callable, optional
        Scan → meter; `cardiac.HeartMeter` by default.
    """

    changed = Signal()
    """Other results, or other choices."""
    moved = Signal()
    """Another slice is on screen."""
    noticed = Signal(object)
    chosen = Signal(object)
    """Record of a scan about which the person decided something."""

    def __init__(
        self,
        scans: ScanDesk,
        masks: MaskDesk,
        make_meter: Callable[[Cine], Meter] = meter_of,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._scans = scans
        self._make_meter = make_meter
        self._tracker: SliceTracker | None = None
        self._meter: Meter | None = None
        self._thread: MeasureThread | None = None
        self._results = Results("")
        self._told: dict[str, Choices] = {}
        self._wanted = self._urgent = self._closed = False
        self._started_at = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._measure)
        scans.scan_added.connect(self._on_scan_added)
        scans.scan_shown.connect(self._attach)
        scans.leaving.connect(self._detach)
        scans.moved.connect(self.moved)
        masks.slice_changed.connect(self._on_mask)
        masks.changed.connect(self.look)

    # what there is -----------------------------------------------------------------------------------------------

    @property
    def results(self) -> Results:
        """Return what was measured last of the scan on screen; the case is "" without one."""
        return self._results

    @property
    def here(self) -> SliceIndex | None:
        """Return (t, z) of the slice on screen, None when there is none."""
        key = self._scans.current_key()
        return (key.t, key.z) if key is not None else None

    @property
    def shape(self) -> tuple[int, int]:
        """Return (phases, slices) of the scan on screen, (0, 0) without one."""
        record = self._scans.record
        return record.cine.shape[:2] if record is not None else (0, 0)

    @property
    def choices(self) -> Choices:
        """Return what counts for the scan on screen: what the person decided, else what its file says."""
        record = self._scans.record
        return choose(self.told, record.choices) if record is not None else Choices()

    @property
    def told(self) -> Choices:
        """Return what files say about the scan on screen."""
        record = self._scans.record
        return self._told.get(record.case, Choices()) if record is not None else Choices()

    def counts(self, index: SliceIndex) -> bool:
        """Return whether a slice of the scan on screen counts."""
        return index not in self.choices.excluded

    # what a person does ------------------------------------------------------------------------------------------

    def choose_phase(self, name: PhaseName, t: int | None = None) -> bool:
        """Take a phase, by default the one on screen, for end-diastole or end-systole; the chosen one again lets go.

        Returns
        -------
        False after a notice.
        """
        record, here = self._scans.record, self.here
        if record is None or here is None:
            return self._refuse("Open a scan first.")
        t = here[0] if t is None else t
        if not 0 <= t < record.cine.shape[0]:
            return self._refuse(f"There is no phase {t} in this scan.")
        again = getattr(record.choices, name) == t
        self._decide(replace(record.choices, **{name: None if again else t}, source="chosen"))
        text = f"is found from {self._finder(name)} again" if again else f"is phase {t} from now on"
        self._say(f"{LONG_NAMES[name].capitalize()} {text}.")
        return True

    def find_phases(self) -> None:
        """Let go of the phases that the person chose."""
        record = self._scans.record
        if record is not None:
            self._decide(replace(record.choices, ed=None, es=None))

    def toggle_slice(self, index: SliceIndex | None = None) -> bool:
        """Let a slice, by default the one on screen, count for nothing in its phase, or count again.

        Returns
        -------
        False after a notice.
        """
        record, index = self._scans.record, index or self.here
        if record is None or index is None:
            return self._refuse("Open a scan first.")
        leave_out = self.counts(index)
        self._decide(replace(record.choices, excluded=record.choices.excluded ^ {index}))
        t, z = index
        where = f"Slice {z} of phase {t}" if self.shape[0] > 1 else f"Slice {z}"
        self._say(f"{where} is left out of all volumes." if leave_out else f"{where} counts again.")
        return True

    def set_body(self, height_cm: float | None, weight_kg: float | None) -> None:
        """Take the size of the patient; None where it is not known, or where the file says it."""
        record = self._scans.record
        if record is not None:
            self._decide(replace(record.choices, body=Body(height_cm or None, weight_kg or None)))

    def set_heart_rate(self, bpm: float | None) -> None:
        """Take a heart rate for the cardiac output; None for what the timing of the scan says."""
        record = self._scans.record
        if record is not None:
            self._decide(replace(record.choices, heart_rate_bpm=bpm or None))

    def go_to(self, t: int, z: int | None = None) -> None:
        """Show a phase of the scan on screen, at the same slice where none is given."""
        record, here = self._scans.record, self.here
        if record is not None and here is not None:
            self._scans.go_to(record.case, t, here[1] if z is None else z)

    # measuring ---------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Measure anew soon."""
        self._wanted = self._tracker is not None and not self._closed
        if self._wanted and self._thread is None and not self._timer.isActive():
            since_ms = 1000 * (time.monotonic() - self._started_at)
            self._timer.start(0 if self._urgent else max(round(GAP_MS - since_ms), 0))

    def look_now(self) -> None:
        """Measure anew as soon as the thread is free."""
        self._urgent = True
        self._timer.stop()
        self.look()

    def close(self, timeout_s: float = 10.0) -> bool:
        """Stop measuring and wait for the thread; return whether it ended in time."""
        self._closed = True
        self._detach()
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        thread.finished.disconnect(self._on_finished)
        return bool(thread.wait(round(1000 * timeout_s)))

    def _on_scan_added(self, case: str, path: Path | None) -> None:
        record = self._scans.worklist.get(case)
        if record is not None and (path is not None or case not in self._told):
            self._told[case] = _told_by_files(record.cine, path)
            if case == self._results.case:
                self.look_now()

    def _attach(self, case: str) -> None:
        record = self._scans.record
        self._detach()
        self._results = Results(case)
        if record is not None and not self._closed:
            self._tracker, self._meter = SliceTracker(record), self._make_meter(record.cine)
            self._results = Results(case, cover(record))
            self.look_now()
        self.changed.emit()

    def _detach(self) -> None:
        self._timer.stop()
        self._tracker = self._meter = None
        self._wanted = False

    def _on_mask(self, record: ScanRecord, t: int, z: int) -> None:
        if self._tracker is not None and record is self._tracker.record:
            self._tracker.touch((t, z))

    def _measure(self) -> None:
        tracker, meter = self._tracker, self._meter
        if tracker is None or meter is None or self._thread is not None:
            return
        self._wanted = self._urgent = False
        self._started_at = time.monotonic()
        record, coverage = tracker.record, cover(tracker.record)
        if not tracker.suits(coverage.phases):
            # What was measured is not there any more, as when a training begins from scratch.
            tracker = self._tracker = SliceTracker(record)
            meter = self._meter = self._make_meter(record.cine)
        told = self._told.get(record.case, Choices())
        job = MeasureJob(record.case, meter, tracker.take(coverage.phases), coverage, record.choices, told)
        self._thread = MeasureThread(job)
        self._thread.finished.connect(self._on_finished)
        self._thread.begin()

    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        thread.wait()
        if thread.job.meter is self._meter:
            self._results = thread.results
            self.changed.emit()
        if self._wanted:
            self.look()

    def _decide(self, choices: Choices) -> None:
        record = self._scans.record
        if record is None or choices == record.choices:
            return
        record.choices = choices
        self.chosen.emit(record)
        self.look_now()
        self.changed.emit()

    def _finder(self, name: PhaseName) -> str:
        return "the volumes" if getattr(self.told, name) is None else str(self.told.source)

    def _say(self, text: str) -> None:
        self.noticed.emit(Notice(text))

    def _refuse(self, text: str) -> bool:
        self.noticed.emit(Notice(text, "warning"))
        return False


def _told_by_files(cine: Cine, path: Path | None) -> Choices:
    """Return what is known of a scan from its own files; nothing of it is kept in a session."""
    try:
        return read_told(cine, info_beside(path) if path is not None else None)
    except ScanError:
        return Choices()
