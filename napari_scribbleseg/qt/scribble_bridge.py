"""From the scribble layer to edits: what a person draws, erases, undoes and redoes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LabelMap
from napari_scribbleseg.qt.record import ScanRecord, unknown_labels
from napari_scribbleseg.qt.slice_watch import SliceWatcher
from napari_scribbleseg.types import Notice, ScribbleEdit

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer


class Revisions:
    """Counts the edits of a session."""

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def next(self) -> int:
        """Return the number of a new edit, from 1."""
        self.last += 1
        return self.last


class ScribbleBridge(QObject):
    """Turn what changes on a scribble layer into `ScribbleEdit` values and keep the scan's record up to date.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : napari.layers.Labels
        Never written to.
    record : ScanRecord
        Its `strokes` follow the layer.
    revisions : Revisions
        The session's counter.
    """

    edited = Signal(object)
    noticed = Signal(object)

    def __init__(
        self, viewer: Viewer, layer: Labels, record: ScanRecord, revisions: Revisions, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._record = record
        self._revisions = revisions
        self._warned = False
        self._seen = record.strokes.copy()
        self._watcher = SliceWatcher(viewer, layer, self._seen, self)
        self._watcher.slice_changed.connect(self._take)

    @property
    def layer(self) -> Labels | None:
        """Return the layer, None after :meth:`release`."""
        return self._watcher.layer

    def flush(self) -> None:
        """Take what was drawn a moment ago without waiting for the timer."""
        self._watcher.look_now()

    def release(self) -> None:
        """Take the last strokes and let go of the layer."""
        self._watcher.release()

    def _take(self, t: int, z: int, strokes: int) -> None:
        layer = self._watcher.layer
        if layer is None:
            return
        data = layer.data
        labels = np.asarray(data[t, z] if data.ndim == 4 else data[z])
        self._seen[t, z] = np.minimum(labels, 255)
        valid = self._checked(labels)
        if np.array_equal(valid, self._record.strokes[t, z]):
            return
        self._record.set_strokes((t, z), valid)
        # An undo or an eraser stroke is news for the trainer too, so nothing counts as less than one.
        revision = self._record.revisions[t, z] = self._revisions.next()
        edit = ScribbleEdit(self._record.key((t, z)), valid, revision, max(strokes, 1))
        self.edited.emit(edit)

    def _checked(self, labels: LabelMap) -> LabelMap:
        if not unknown_labels(labels):
            return labels
        if not self._warned:
            self._warned = True
            text = f"Only the labels 1 to {BACKGROUND_SCRIBBLE} are strokes; what was drawn with others is left out."
            self.noticed.emit(Notice(text, "warning"))
        return np.where(labels <= BACKGROUND_SCRIBBLE, labels, 0).astype(np.uint8)
