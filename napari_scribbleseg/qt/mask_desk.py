"""Masks of the scan on screen: accepted from the prediction, corrected by hand, locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.qt.mask_book import AcceptPlan, MaskBook, changed_pixels
from napari_scribbleseg.qt.record import ScanRecord, SliceIndex
from napari_scribbleseg.qt.scan_desk import ScanDesk
from napari_scribbleseg.qt.slice_watch import SliceWatcher
from napari_scribbleseg.types import FrameKey, Notice

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_scribbleseg.labels import LabelMap
    from napari_scribbleseg.qt.values import Maker


class MaskDesk(QObject):
    """Carry accepts out on the mask layer, so that its own undo knows them too, and follow corrections by hand."""

    changed = Signal()
    slice_changed = Signal(object, int, int)
    """Record, phase and position of a mask slice to be saved."""
    noticed = Signal(object)

    def __init__(self, viewer: Viewer, scans: ScanDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._scans = viewer, scans
        self._books: dict[str, MaskBook] = {}
        self._record: ScanRecord | None = None
        self._watcher: SliceWatcher | None = None
        scans.scan_shown.connect(self.attach)
        scans.leaving.connect(self.detach)
        scans.layer_lost.connect(self._on_layer_lost)
        scans.layer_restored.connect(self._on_layer_restored)

    @property
    def can_undo(self) -> bool:
        """Return whether there is an accept to take back on the shown scan."""
        return self._record is not None and self._book(self._record).can_undo

    def attach(self) -> None:
        """Follow the mask layer of the scan that is on screen now."""
        self.detach()
        record, layer = self._scans.record, self._scans.stage.layer("mask")
        if record is None or layer is None:
            return
        self._record = record
        self._watcher = SliceWatcher(self._viewer, layer, record.mask, self)
        self._watcher.slice_changed.connect(self._take)
        layer.events.editable.connect(self._keep_lock)
        layer.editable = not record.locked
        self.changed.emit()

    def detach(self) -> None:
        """Take the last corrections and let go of the layer."""
        if self._watcher is not None:
            if self._watcher.layer is not None:
                self._watcher.layer.events.editable.disconnect(self._keep_lock)
            self._watcher.release()
            self._watcher.deleteLater()
        self._watcher = self._record = None

    def forget_all(self) -> None:
        """Drop the accepts of all scans."""
        self.detach()
        self._books.clear()

    def flush(self) -> None:
        """Take corrections that were made a moment ago."""
        if self._watcher is not None:
            self._watcher.look_now()

    def accept(self, scope: str, key: FrameKey | None) -> int:
        """Copy predictions of the slice, frame or cine on screen to the mask; return how many slices."""
        if self._record is None or key is None:
            return 0
        if self._record.locked:
            self._say("The mask is locked; unlock it to accept predictions.", "warning")
            return 0
        self.flush()
        plan = self._book(self._record).plan_accept(_indices(self._record, scope, key))
        self._carry_out(plan)
        self._say_plan(plan)
        return len(plan.changes)

    def take(self, suggestions: Mapping[SliceIndex, tuple[LabelMap, Maker]]) -> int:
        """Copy suggestions into the mask, each with its origin; return how many slices. Undone like an accept."""
        if self._record is None or not suggestions:
            return 0
        if self._record.locked:
            self._say("The mask is locked; unlock it to take suggestions.", "warning")
            return 0
        self.flush()
        plan = self._book(self._record).plan_take(suggestions)
        self._carry_out(plan)
        return len(plan.changes)

    def undo_accept(self) -> bool:
        """Take the last accept back, but for slices corrected since."""
        if self._record is None or not self.can_undo:
            return False
        self.flush()
        changes = self._book(self._record).undo()
        self._write((change.index, change.before) for change in changes)
        self._announce(change.index for change in changes)
        return True

    def set_locked(self, locked: bool) -> None:
        """Close the mask to accepts and hand edits, or open it."""
        if self._record is None or self._record.locked == locked:
            return
        self.flush()
        self._record.locked = locked
        if self._watcher is not None and self._watcher.layer is not None:
            self._watcher.layer.editable = not locked
        self._announce(())

    def _on_layer_lost(self, kind: str) -> None:
        if kind == "mask":
            self.detach()

    def _on_layer_restored(self, kind: str) -> None:
        if kind == "mask":
            self.attach()
            self._say("The mask layer was deleted; here it is again, as it was.")

    def _keep_lock(self) -> None:
        # napari opens layers for editing again when their data or the number of dimensions on screen change.
        layer = self._watcher.layer if self._watcher is not None else None
        if layer is not None and self._record is not None and layer.editable == self._record.locked:
            layer.editable = not self._record.locked

    def _book(self, record: ScanRecord) -> MaskBook:
        return self._books.setdefault(record.case, MaskBook(record))

    def _carry_out(self, plan: AcceptPlan) -> None:
        if self._record is not None:
            self._write((change.index, change.after) for change in plan.changes)
            self._book(self._record).commit(plan)
            self._announce(change.index for change in plan.changes)

    def _write(self, slices: Iterable[tuple[SliceIndex, LabelMap]]) -> None:
        layer = self._watcher.layer if self._watcher is not None else None
        if layer is None:
            return
        indices, values = changed_pixels(layer.data, slices)
        if values.size:
            layer.data_setitem(indices, values)

    def _take(self, t: int, z: int, strokes: int) -> None:
        layer = self._watcher.layer if self._watcher is not None else None
        if layer is None or self._record is None:
            return
        labels = np.asarray(layer.data[t, z] if layer.ndim == 4 else layer.data[z]).astype(np.uint8)
        if self._book(self._record).take_from_layer((t, z), labels):
            self._announce([(t, z)])

    def _announce(self, indices: Iterable[SliceIndex]) -> None:
        for t, z in indices:
            self.slice_changed.emit(self._record, t, z)
        self.changed.emit()

    def _say_plan(self, plan: AcceptPlan) -> None:
        parts = []
        if plan.kept:
            parts.append(f"{_slices(plan.kept)} corrected by hand stayed as {'they are' if plan.kept > 1 else 'it is'}")
        if plan.unpredicted:
            parts.append(f"{_slices(plan.unpredicted)} had no prediction yet")
        if parts:
            self._say(f"Accepted {_slices(len(plan.changes))}; {' and '.join(parts)}.")

    def _say(self, text: str, level: str = "info") -> None:
        self.noticed.emit(Notice(text, level))


def _indices(record: ScanRecord, scope: str, key: FrameKey) -> list[SliceIndex]:
    n_t, n_z = record.cine.shape[:2]
    if scope == "slice":
        return [(key.t, key.z)]
    if scope == "frame":
        return [(key.t, z) for z in range(n_z)]
    if scope == "cine":
        return [(t, z) for t in range(n_t) for z in range(n_z)]
    raise ValueError(f"A scope is 'slice', 'frame' or 'cine', not {scope!r}.")


def _slices(count: int) -> str:
    return f"{count} slice{'s' * (count != 1)}"
