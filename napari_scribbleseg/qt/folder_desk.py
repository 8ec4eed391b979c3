"""Apply to folder: masks for many scans with the weights at hand, beside the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.api.recipes import all_cores
from napari_scribbleseg.qt.folder_thread import FolderJob, FolderThread, Progress
from napari_scribbleseg.qt.trained import History
from napari_scribbleseg.types import Notice

if TYPE_CHECKING:
    from napari_scribbleseg.qt.run_desk import RunDesk
    from napari_scribbleseg.qt.start_desk import StartDesk

_NAMED = 3
"""So many of the scans that failed are named in the message."""


class FolderDesk(QObject):
    """Segment all scans of a folder, one at a time; each mask gets a JSON file beside it that says how it came to be.

    Parameters
    ----------
    runs : RunDesk
    starts : StartDesk
    history : callable
        Returns what this session did to come to its weights.
    """

    changed = Signal()
    """It began, ended, or came further."""
    noticed = Signal(object)

    def __init__(
        self, runs: RunDesk, starts: StartDesk, history: Callable[[], History], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._runs, self._starts, self._history = runs, starts, history
        self._thread: FolderThread | None = None
        for signal in (runs.state_changed, starts.changed):
            signal.connect(self._on_change)

    @property
    def running(self) -> bool:
        """Return whether a folder is being segmented."""
        return self._thread is not None

    @property
    def progress(self) -> Progress:
        """Return how far it is."""
        return self._thread.progress if self._thread is not None else Progress(0, 0)

    @property
    def problem(self) -> str:
        """Return why no folder can be segmented now, in one sentence; "" where one can."""
        if self._thread is not None:
            return "A folder is being segmented already."
        if self._runs.training.active:
            return "Stop training first; then a folder can be segmented with what was learned."
        if not self._starts.predictor():
            return "There are no weights yet: train first, or choose pretrained ones under “Start from”."
        return ""

    def start(self, source: Path, target: Path) -> bool:
        """Segment all scans below `source` and write to `target`; False after a notice."""
        if self.problem:
            return self._say(self.problem, "warning")
        here = self._runs.settings
        job = FolderJob(
            self._starts.predictor(),
            self._history(),
            source,
            target,
            self._runs.post,
            here.device,
            # One core is left to the window.
            here.threads or max(all_cores() - 1, 1),
        )
        self._thread = FolderThread(job)
        self._thread.progressed.connect(self.changed)
        self._thread.finished.connect(self._on_finished)
        self._thread.begin()
        self.changed.emit()
        return True

    def cancel(self) -> None:
        """Stop within a few slices; masks that are written stay."""
        if self._thread is not None:
            self._thread.cancel()

    def close(self, timeout_s: float = 10.0) -> bool:
        """Stop and wait for the thread; return whether it ended in time."""
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        thread.cancel()
        thread.finished.disconnect(self._on_finished)
        return bool(thread.wait(int(timeout_s * 1000)))

    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        thread.wait()
        self._say(*_summary(thread))
        self.changed.emit()

    def _on_change(self, *_: object) -> None:
        self.changed.emit()

    def _say(self, text: str, level: str = "info") -> bool:
        self.noticed.emit(Notice(text, level))
        return False


def _summary(thread: FolderThread) -> tuple[str, str]:
    """Return what a folder came to, as one sentence and its level."""
    count = len(thread.masks)
    written = f"{count} mask{'s' * (count != 1)} written to {thread.job.target.name}, each with a JSON file beside it"
    if thread.problem:
        return f"The folder could not be segmented: {thread.problem.rstrip('.')}.", "warning"
    if thread.cancelled:
        return f"Stopped: {written}.", "info"
    if not thread.failed:
        return f"{written}.", "info"
    named = " ".join(f"{name}: {why}" for name, why in list(thread.failed.items())[:_NAMED])
    more = len(thread.failed) - _NAMED
    return f"{written}; {len(thread.failed)} failed. {named}{f' And {more} more.' if more > 0 else ''}", "warning"
