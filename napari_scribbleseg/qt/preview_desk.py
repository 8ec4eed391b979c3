"""Instant previews: what systems without training make of the strokes on the phase on screen."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.qt.preview_systems import DEFAULT_SYSTEM, list_systems
from napari_scribbleseg.qt.preview_thread import PreviewJob, PreviewThread
from napari_scribbleseg.qt.record import ScanRecord
from napari_scribbleseg.qt.run_desk import RunDesk
from napari_scribbleseg.qt.scan_desk import ScanDesk
from napari_scribbleseg.qt.values import PreviewSystem
from napari_scribbleseg.types import FrameKey, Notice


class PreviewDesk(QObject):
    """Make previews one at a time, beside the window, and show them where predictions go.

    A preview is dropped when its scan leaves the screen or training starts before it is ready. Its thread cannot be cut
    short: it ends by itself within seconds, and until then there is no other.

    Parameters
    ----------
    scans : ScanDesk
    runs : RunDesk
    """

    changed = Signal()
    """`problem` is another one."""
    made = Signal()
    """A preview was written."""
    noticed = Signal(object)

    def __init__(self, scans: ScanDesk, runs: RunDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scans, self._runs = scans, runs
        self._thread: PreviewThread | None = None
        self._wanted = False
        self._told = self.problem
        scans.leaving.connect(self.drop)
        for signal in (scans.edited, scans.moved, scans.scan_shown):
            signal.connect(self._look)
        runs.state_changed.connect(self._on_state)

    @property
    def running(self) -> bool:
        """Return whether a preview is being worked out."""
        return self._thread is not None

    @property
    def problem(self) -> str:
        """Return why there can be no preview now, in a few words; "" when there can."""
        key, record = self._scans.current_key(), self._scans.record
        if key is None or record is None:
            return "Open a scan first"
        if self._thread is not None:
            return f"{self._thread.job.system.name} is at work…" if self._wanted else "The last one is still ending…"
        if self._runs.training.active:
            return "Training is under way"
        return "" if _is_drawn_on(record, key) else "Draw on this phase first"

    @property
    def shown(self) -> str:
        """Return the name of the system that made what is shown on the slice on screen; "" for the network's."""
        key, record = self._scans.current_key(), self._scans.record
        system = record.previews.get((key.t, key.z)) if key is not None and record is not None else None
        return system.name if system is not None else ""

    @property
    def count(self) -> int:
        """Return how many slices of the scan on screen show a preview."""
        record = self._scans.record
        return len(record.previews) if record is not None else 0

    def systems(self) -> list[PreviewSystem]:
        """Return all systems, the default first."""
        return list_systems()

    def start(self, system: PreviewSystem = DEFAULT_SYSTEM) -> bool:
        """Begin a preview of the phase on screen; False after a notice, and while another is being worked out."""
        self._scans.flush()
        problem, key, record = self.problem, self._scans.current_key(), self._scans.record
        if self._thread is not None:
            return False
        if problem or key is None or record is None:
            self.noticed.emit(Notice(f"No instant preview: {problem[:1].lower()}{problem[1:]}.", "warning"))
            return False
        self._thread = PreviewThread(_make_job(system, record, key))
        self._wanted = True
        self._thread.finished.connect(self._on_finished)
        self._thread.begin()
        self._look()
        return True

    def drop(self) -> None:
        """Let go of the preview that is being worked out; nothing of it will be shown."""
        self._wanted = False
        self._look()

    def close(self, timeout_s: float = 10.0) -> bool:
        """Drop the preview and wait for its thread; return whether it ended in time."""
        self.drop()
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        thread.finished.disconnect(self._on_finished)
        return bool(thread.wait(int(timeout_s * 1000)))

    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        thread.wait()
        if self._wanted:
            self._show(thread)
        self._wanted = False
        self._look()

    def _show(self, thread: PreviewThread) -> None:
        if thread.problem:
            self.noticed.emit(Notice(thread.problem, "warning"))
            return
        self._runs.show_previews(thread.previews)
        name = thread.job.system.name
        text = f"Instant preview ({name}), not trained. Train learns from the same strokes and replaces it."
        self.noticed.emit(Notice(text))
        self.made.emit()

    def _on_state(self, _change: object) -> None:
        if self._runs.training.active:
            self.drop()
        else:
            self._look()

    def _look(self, *_: object) -> None:
        problem = self.problem
        if problem != self._told:
            self._told = problem
            self.changed.emit()


def _is_drawn_on(record: ScanRecord, key: FrameKey) -> bool:
    return any(t == key.t for t, _ in record.drawn)


def _make_job(system: PreviewSystem, record: ScanRecord, key: FrameKey) -> PreviewJob:
    revisions = {z: revision for (t, z), revision in record.revisions.items() if t == key.t}
    return PreviewJob(system, record.cine, key.t, record.strokes[key.t].copy(), revisions)
