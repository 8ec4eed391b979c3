"""Suggestions: an accepted mask carried over to its neighbours, shown dashed, and nothing until a person takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.qt.dashes import draw_dashes
from napari_scribbleseg.qt.mask_desk import MaskDesk
from napari_scribbleseg.qt.record import ScanRecord, SliceIndex
from napari_scribbleseg.qt.scan_desk import ScanDesk
from napari_scribbleseg.qt.slice_overlay import SliceOverlay, add_dashes
from napari_scribbleseg.qt.suggestion_thread import Suggestion, SuggestionJob, SuggestionThread, find_targets
from napari_scribbleseg.types import Notice

if TYPE_CHECKING:
    from napari.viewer import Viewer

DEFAULT_REACH = 2
MAX_REACH = 5


class SuggestionDesk(QObject):
    """Make suggestions beside the window, show them, and hand over those that a person takes.

    A suggestion is never a label: nothing trains on it, no export holds it. Taken, it is an accepted slice of the mask
    whose origin says where it was propagated from. Whoever owns the desk calls :meth:`look` when another slice is on
    screen or the mask has changed.

    Parameters
    ----------
    viewer : napari.Viewer
    scans : ScanDesk
    masks : MaskDesk
    """

    changed = Signal()
    """Another `problem`, or other suggestions."""
    noticed = Signal(object)

    def __init__(self, viewer: Viewer, scans: ScanDesk, masks: MaskDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._scans, self._masks = viewer, scans, masks
        self._found: dict[str, dict[SliceIndex, Suggestion]] = {}
        self._thread: SuggestionThread | None = None
        self._wanted = self._hidden = False
        self._overlay = SliceOverlay(viewer, "suggestion", add_dashes)
        self._overlay.on_deleted = self.drop
        self._told: object = None
        scans.leaving.connect(self._on_leaving)

    # what there is -----------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Return whether suggestions are being worked out."""
        return self._thread is not None

    @property
    def problem(self) -> str:
        """Return why there can be no suggestions now, in a few words; "" when there can."""
        key, record = self._scans.current_key(), self._scans.record
        if key is None or record is None:
            return "Open a scan first"
        if self._thread is not None:
            return "At work…" if self._wanted else "The last ones are still ending…"
        if record.locked:
            return "The mask is locked"
        if not _sources(record, key.t):
            return "Accept a slice of this phase first"
        return ""

    @property
    def pending(self) -> dict[SliceIndex, Suggestion]:
        """Return the suggestions for slices of the scan on screen that have no mask yet."""
        record = self._scans.record
        found = self._found.get(record.case, {}) if record is not None else {}
        return {index: s for index, s in found.items() if record is not None and index not in record.mask_states}

    @property
    def here(self) -> Suggestion | None:
        """Return the suggestion for the slice on screen."""
        key = self._scans.current_key()
        return self.pending.get((key.t, key.z)) if key is not None else None

    # what a person does ------------------------------------------------------------------------------------------

    def start(self, reach: int = DEFAULT_REACH) -> bool:
        """Carry the accepted slices of the phase on screen over to `reach` phases to either side; False after a notice.

        In a scan of one phase it is the slices above and below.
        """
        self._masks.flush()
        problem, key, record = self.problem, self._scans.current_key(), self._scans.record
        if self._thread is not None:
            return False
        if problem or key is None or record is None:
            return self._refuse(f"No suggestions: {problem[:1].lower()}{problem[1:]}.")
        job = _make_job(record, key.t, min(max(reach, 1), MAX_REACH))
        if not job.targets:
            return self._refuse("No suggestions: all neighbours are in the mask already.")
        self._thread = SuggestionThread(job)
        self._wanted = True
        self._thread.finished.connect(self._on_finished)
        self._thread.begin()
        self.look()
        return True

    def take(self, scope: Literal["slice", "all"] = "slice") -> int:
        """Copy the suggestion for the slice on screen, or all, into the mask; return how many slices."""
        here, key = self.here, self._scans.current_key()
        chosen = self.pending if scope == "all" else {}
        if scope == "slice" and here is not None and key is not None:
            chosen = {(key.t, key.z): here}
        if not chosen:
            self._refuse("There is no suggestion for this slice." if scope == "slice" else "There are no suggestions.")
            return 0
        return self._masks.take({index: (found.labels, found.maker) for index, found in chosen.items()})

    def drop(self) -> None:
        """Forget the suggestions for the scan on screen, those under way too."""
        self._wanted = False
        record = self._scans.record
        if record is not None:
            self._found.pop(record.case, None)
        self.look()

    def set_hidden(self, hidden: bool) -> None:
        """Hide what is shown for a moment, or show it again."""
        self._hidden = hidden
        self._draw()

    def close(self, timeout_s: float = 10.0) -> bool:
        """Let go of the viewer and wait for the thread; return whether it ended in time."""
        self._wanted = False
        self._overlay.release()
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        thread.finished.disconnect(self._on_finished)
        return bool(thread.wait(int(timeout_s * 1000)))

    # between the parts -------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Show what belongs to the slice on screen, and tell panels what is new."""
        self._draw()
        state = (self.problem, frozenset(self.pending), self.here is not None)
        if state != self._told:
            self._told = state
            self.changed.emit()

    def _draw(self) -> None:
        here = None if self._hidden else self.here
        stage = self._scans.stage
        picture = draw_dashes(here.labels) if here is not None and self._viewer.dims.ndisplay == 2 else None
        self._overlay.show(picture, stage.layer("image"), stage.layer("scribbles"))
        if not self.pending:
            self._overlay.remove()

    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        thread.wait()
        if self._wanted and thread.problem:
            self._refuse(thread.problem)
        elif self._wanted:
            self._found.setdefault(thread.job.cine.case, {}).update(thread.found)
            self._say_found(len(thread.found))
        self._wanted = False
        self.look()

    def _on_leaving(self) -> None:
        self._wanted = False
        self._overlay.remove()

    def _say_found(self, count: int) -> None:
        one = count == 1
        text = (
            f"{count} suggestion{'' if one else 's'}, dashed, for neighbouring slices. "
            f"{'It enters' if one else 'They enter'} the mask only when you take {'it' if one else 'them'}."
        )
        self.noticed.emit(Notice(text))

    def _refuse(self, text: str) -> bool:
        self.noticed.emit(Notice(text, "warning"))
        return False


def _sources(record: ScanRecord, t: int) -> list[SliceIndex]:
    """Return the slices of a phase that are in the mask and hold something."""
    return sorted(index for index in record.mask_states if index[0] == t and record.mask[index].any())


def _make_job(record: ScanRecord, t: int, reach: int) -> SuggestionJob:
    sources = _sources(record, t)
    targets = find_targets(record.cine.shape[:2], sources, record.mask_states, reach)
    return SuggestionJob(record.cine, {index: record.mask[index].copy() for index in sources}, targets)
