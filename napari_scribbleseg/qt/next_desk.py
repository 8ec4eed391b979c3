"""What to look at next: doubt as it comes in from the network, a jump to the worst slice, and suggestions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.qt.doubt_book import DoubtBook, Scores, describe, explain
from napari_scribbleseg.qt.mask_desk import MaskDesk
from napari_scribbleseg.qt.record import NEVER, ScanRecord, SliceIndex
from napari_scribbleseg.qt.scan_desk import ScanDesk
from napari_scribbleseg.qt.slice_overlay import SliceOverlay, add_heat
from napari_scribbleseg.qt.suggestion_desk import SuggestionDesk
from napari_scribbleseg.qt.training import Training
from napari_scribbleseg.qt.values import SliceMarks
from napari_scribbleseg.types import DoubtReport, Notice, SliceDoubt

if TYPE_CHECKING:
    from napari.viewer import Viewer


class NextDesk(QObject):
    """Keep the network's doubt about each slice, lead a person to the worst one, and show what is doubted on it.

    Parameters
    ----------
    viewer : napari.Viewer
    scans : ScanDesk
    masks : MaskDesk
    trainings : Iterable of Training
        Whoever asks networks about the scan on screen.

    Attributes
    ----------
    suggestions : SuggestionDesk
    """

    changed = Signal()
    """Scores, marks or the slice on screen."""
    overlay_changed = Signal(bool)
    noticed = Signal(object)

    def __init__(
        self,
        viewer: Viewer,
        scans: ScanDesk,
        masks: MaskDesk,
        trainings: Iterable[Training],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._scans = viewer, scans
        self._books: dict[str, DoubtBook] = {}
        self._overlay_on = self._hidden = False
        self._overlay = SliceOverlay(viewer, "doubt", add_heat)
        self._overlay.on_deleted = lambda: self.set_overlay(False)
        viewer.dims.events.ndisplay.connect(self.refresh)
        self.suggestions = SuggestionDesk(viewer, scans, masks, self)
        self.suggestions.noticed.connect(self.noticed)
        scans.leaving.connect(self._overlay.remove)
        for training in trainings:
            training.doubted.connect(self._on_doubt)
        for signal in (scans.moved, scans.scan_shown, scans.edited, masks.changed):
            signal.connect(self.refresh)
        self.suggestions.changed.connect(self.changed)

    # what there is -----------------------------------------------------------------------------------------------

    @property
    def here(self) -> SliceIndex | None:
        """Return (t, z) of the slice on screen, None when there is none."""
        key = self._scans.current_key()
        return (key.t, key.z) if key is not None else None

    def scores(self) -> Scores:
        """Return the doubt about each slice of the scan on screen, `(t, z)`, 0–1; NaN where nothing is known.

        `(0, 0)` when no scan is on screen. A slice that shows an instant preview has no score: no network made it.
        """
        record = self._scans.record
        if record is None:
            return np.empty((0, 0))
        scores = self._book(record).scores.copy()
        scores[record.steps == NEVER] = np.nan
        for index in record.previews:
            scores[index] = np.nan
        return scores

    def marks(self) -> SliceMarks:
        """Return which slices of the scan on screen were seen to, and which have suggestions."""
        record = self._scans.record
        if record is None:
            return SliceMarks()
        return SliceMarks(frozenset(record.drawn), frozenset(record.mask_states), frozenset(self.suggestions.pending))

    def describe(self, index: SliceIndex) -> str:
        """Return what is known about a slice, in a few words; "" without a scan."""
        return " · ".join(self._tell(index, describe))

    def explain(self, index: SliceIndex) -> str:
        """Return what is known about a slice, with the reasons; "" without a scan."""
        return "\n".join(self._tell(index, explain))

    def _tell(self, index: SliceIndex, tell: Callable[[SliceDoubt], str]) -> list[str]:
        record = self._scans.record
        if record is None:
            return []
        doubt, state = self._book(record).slices.get(index), record.mask_states.get(index)
        known = doubt is not None and bool(np.isfinite(self.scores()[index]))
        parts = [tell(doubt) if known and doubt is not None else "not rated yet"]
        if state is not None:
            maker = record.mask_makers.get(index)
            parts.append(state.value if maker is None else f"{state.value} ({maker.title})")
        parts += ["drawn on"] if index in record.drawn else []
        return [*parts, "a suggestion waits"] if index in self.suggestions.pending else parts

    # what a person does ------------------------------------------------------------------------------------------

    def go_next(self) -> bool:
        """Show the most doubtful slice that was neither drawn on nor accepted; False after a notice.

        Those that were shown in this round and left alone wait, and so do the slices beside them.
        """
        record, here = self._scans.record, self.here
        if record is None or here is None:
            return self._refuse("Open a scan first.")
        self._scans.flush()
        if not np.isfinite(self.scores()).any():
            return self._refuse("No slice is rated yet: that follows once the scan has been predicted.")
        book, marks = self._book(record), self.marks()
        unknown = {(int(t), int(z)) for t, z in np.argwhere(np.isnan(self.scores()))}
        found = book.next_slice(marks.drawn | marks.done, here, unknown)
        if found is None:
            return self._refuse("Every rated slice is drawn on or in the mask; nothing is left to look at.", "info")
        book.note_shown(found)
        self.go_to(found)
        return True

    def go_to(self, index: SliceIndex) -> None:
        """Show a slice of the scan on screen."""
        record = self._scans.record
        if record is not None:
            self._scans.go_to(record.case, *index)

    @property
    def overlay(self) -> bool:
        """Return whether doubt is shown on the canvas."""
        return self._overlay_on

    def set_overlay(self, on: bool) -> None:
        """Let what the network doubts glow on the canvas, or not."""
        if on != self._overlay_on:
            self._overlay_on = on
            self._draw()
            self.overlay_changed.emit(on)

    def set_hidden(self, hidden: bool) -> None:
        """Hide overlay and suggestion for a moment, or show them again."""
        self._hidden = hidden
        self._draw()
        self.suggestions.set_hidden(hidden)

    def close(self) -> None:
        """Let go of the viewer."""
        self._viewer.dims.events.ndisplay.disconnect(self.refresh)
        self._overlay.release()
        self.suggestions.close()

    # between the parts -------------------------------------------------------------------------------------------

    def refresh(self, *_: object) -> None:
        """Show what belongs to the slice on screen, and tell panels to look again."""
        self._draw()
        self.suggestions.look()
        self.changed.emit()

    def _on_doubt(self, report: DoubtReport) -> None:
        record = self._scans.worklist.get(report.case)
        if record is None:
            return
        self._book(record).take(report)
        if record is self._scans.record:
            if self.here in report.slices:
                self._draw()
            self.changed.emit()

    def _draw(self) -> None:
        record, here = self._scans.record, self.here
        if not self._overlay_on or record is None or here is None:
            self._overlay.remove()
            return
        shown = not self._hidden and self._viewer.dims.ndisplay == 2 and bool(np.isfinite(self.scores()[here]))
        picture = self._book(record).map_of(here) if shown else None
        stage = self._scans.stage
        self._overlay.show(picture, stage.layer("image"), stage.layer("mask"))

    def _book(self, record: ScanRecord) -> DoubtBook:
        return self._books.setdefault(record.case, DoubtBook(record.cine.shape[:2]))

    def _refuse(self, text: str, level: str = "warning") -> bool:
        self.noticed.emit(Notice(text, level))
        return False
