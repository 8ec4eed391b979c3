"""The report of the scan on screen, written beside the window."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.qt.export import compose
from napari_scribbleseg.qt.heart_mask import Coverage, SliceTracker, cover
from napari_scribbleseg.qt.measuring import MeasureJob, Results, meter_of
from napari_scribbleseg.qt.thread import PoliteThread
from napari_scribbleseg.types import Cine, Notice

if TYPE_CHECKING:
    from napari_scribbleseg.api.report import ReportFiles
    from napari_scribbleseg.labels import LabelMap
    from napari_scribbleseg.qt.mask_desk import MaskDesk
    from napari_scribbleseg.qt.results_desk import ResultsDesk
    from napari_scribbleseg.qt.scan_desk import ScanDesk
    from napari_scribbleseg.qt.sources import Sources

log = logging.getLogger(__name__)

WriteReport = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class ReportJob:
    """What is reported, and where to.

    Attributes
    ----------
    cine : Cine
    mask : uint8 (t, z, y, x), training codes
        A copy.
    measure : MeasureJob
        Measures that mask.
    out : Path
        Folder.
    origin : Mapping
        Who made the mask, and with which weights.
    anonymise : bool
        Leave out whatever names the patient or the file.
    """

    cine: Cine
    mask: LabelMap
    measure: MeasureJob
    out: Path
    origin: Mapping[str, Any]
    anonymise: bool


class ReportThread(PoliteThread):
    """Write a report; afterwards either `files` are there or `problem` is a sentence."""

    def __init__(self, job: ReportJob, write: WriteReport, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.job, self._write = job, write
        self.files: ReportFiles | None = None
        self.problem = ""

    def work(self) -> None:
        """Do the job."""
        job = self.job
        try:
            found = job.measure.measure()
            if found is None:
                raise ValueError("nothing is predicted or accepted yet")
            self.files = self._write(job.cine, job.mask, found, job.out, origin=job.origin, anonymise=job.anonymise)
        except Exception as error:  # a dead window is worse than any error in here
            if not isinstance(error, ValueError | OSError):
                log.error("The report stopped with an error", exc_info=error)
            self.problem = f"The report could not be written: {str(error).rstrip('.') or type(error).__name__}."


class ReportDesk(QObject):
    """Write the report of what is on screen.

    Parameters
    ----------
    scans : ScanDesk
    masks : MaskDesk
    results : ResultsDesk
    sources : Sources
    write : callable, optional
        `api.report.write_report` by default.
    """

    changed = Signal()
    """It began, or ended; or another `problem`."""
    written = Signal(object)
    """`ReportFiles`."""
    noticed = Signal(object)

    def __init__(
        self,
        scans: ScanDesk,
        masks: MaskDesk,
        results: ResultsDesk,
        sources: Sources,
        write: WriteReport | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._scans, self._masks, self._results, self._sources = scans, masks, results, sources
        self._write = write or write_report
        self._thread: ReportThread | None = None
        results.changed.connect(self.changed)

    @property
    def running(self) -> bool:
        """Return whether a report is being written."""
        return self._thread is not None

    @property
    def problem(self) -> str:
        """Return why there can be no report now, in a few words; "" when there can."""
        if self._scans.record is None:
            return "Open a scan first"
        if self._thread is not None:
            return "A report is being written"
        found: Results = self._results.results
        if found.certain is not None:
            return ""
        if found.measurement is None:
            return "Nothing is measured yet"
        return "Some phases are not predicted yet: wait, or choose ED and ES"

    def start(self, out: Path, anonymise: bool = False) -> bool:
        """Write `report.html`, `report.pdf`, `indices.json` and `indices.csv` to a folder; False after a notice."""
        record = self._scans.record
        if self.problem or record is None:
            self._say(f"{self.problem}.", "warning")
            return False
        self._masks.flush()
        coverage = cover(record)
        slices = SliceTracker(record).take(coverage.phases)
        measure = MeasureJob(record.case, meter_of(record.cine), slices, coverage, record.choices, self._results.told)
        job = ReportJob(record.cine, compose(record, None)[0], measure, out, self._origin(coverage), anonymise)
        self._thread = ReportThread(job, self._write)
        self._thread.finished.connect(self._on_finished)
        self._thread.begin()
        self.changed.emit()
        return True

    def export_csv(self, path: Path, anonymise: bool = False) -> Path | None:
        """Write all numbers as one line of CSV; None after a notice."""
        from napari_scribbleseg.api.report.files import make_line, to_csv
        from napari_scribbleseg.io import ScanError, write_atomically
        from napari_scribbleseg.io.errors import writing

        record, results = self._scans.record, self._results.results
        found = results.certain
        if record is None or found is None:
            self._say("Nothing is measured yet.", "warning")
            return None
        line = make_line(record.cine, found, self._origin(results.coverage), anonymise=anonymise)
        try:
            with writing(path):
                write_atomically(path, to_csv([line]).encode())
        except ScanError as error:
            self._say(str(error), "warning")
            return None
        return path

    def _origin(self, coverage: Coverage) -> Mapping[str, Any]:
        from napari_scribbleseg.api.report.origin import describe_origin

        predicted = coverage.mask + coverage.prediction > 0
        weights = self._sources.weights() if predicted else None
        post = self._sources.post if coverage.prediction else None
        return describe_origin("window", weights=weights, post=post, slices=coverage.slices)

    def close(self, timeout_s: float = 10.0) -> bool:
        """Wait for a report that is being written; return whether it ended in time."""
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        thread.finished.disconnect(self._on_finished)
        return bool(thread.wait(round(1000 * timeout_s)))

    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        thread.wait()
        if thread.problem:
            self._say(thread.problem, "warning")
        else:
            self.written.emit(thread.files)
        self.changed.emit()

    def _say(self, text: str, level: str = "info") -> None:
        self.noticed.emit(Notice(text, level))


def write_report(*args: Any, **options: Any) -> ReportFiles:
    """Write a report as `api.report.write_report` does, which is loaded on the thread that first needs it."""
    from napari_scribbleseg.api.report import write_report as write

    return write(*args, **options)
