"""Finds out which slices of a labels layer a person changed, cheaply enough to be asked after every stroke."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.qt.layers import shown_slice
from napari_scribbleseg.qt.record import SliceIndex

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer

DEBOUNCE_MS = 40
SCAN_BUDGET_S = 0.002
"""Comparing a whole cine takes some milliseconds; it is done in pieces of at most this between the window's events."""


class SliceWatcher(QObject):
    """Compare a labels layer with the last known state of its slices after strokes, undo, redo and fills.

    The layer's `paint` event comes once per stroke, before the pixels change, and not on undo or redo; those show as
    a refresh without a change of position. So no payload is read: the visible slice is compared soon after either
    event, and the others, which an undo or a fill in 3D may have touched, a little later in small pieces. Nothing is
    ever written to the layer.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : napari.layers.Labels
        uint8 data, `(t, z, y, x)` or `(z, y, x)`.
    known : uint8 (t, z, y, x)
        Last known state; only read here. Whoever receives `slice_changed` brings it up to date.
    """

    slice_changed = Signal(int, int, int)
    """Phase, position, and how many strokes since the last signal (undo and redo count as none)."""

    def __init__(self, viewer: Viewer, layer: Labels, known: LabelMap, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer: Labels | None = layer
        self._known = known
        self._strokes = 0
        self._position = tuple(viewer.dims.point)
        self._next = self._left = 0
        self._soon = _timer(self, DEBOUNCE_MS, self._look)
        self._later = _timer(self, 0, self._scan)
        layer.events.paint.connect(self._on_paint)
        layer.events.set_data.connect(self._on_refresh)

    @property
    def layer(self) -> Labels | None:
        """Return the layer, None after :meth:`release`."""
        return self._layer

    def release(self) -> None:
        """Look a last time, then let go of the layer."""
        if self._layer is None:
            return
        self.look_now()
        self._layer.events.paint.disconnect(self._on_paint)
        self._layer.events.set_data.disconnect(self._on_refresh)
        self._soon.stop()
        self._later.stop()
        self._layer = None

    def look_now(self) -> None:
        """Compare whatever is still waiting to be compared, at once."""
        if self._soon.isActive():
            self._soon.stop()
            self._look()
        while self._left:
            self._compare_next()
        self._later.stop()

    def _on_paint(self) -> None:
        self._strokes += 1
        self._soon.start()

    def _on_refresh(self) -> None:
        # A refresh comes with every scroll, too, and then nothing was drawn.
        position = tuple(self._viewer.dims.point)
        if position == self._position:
            self._soon.start()
        self._position = position

    def _look(self) -> None:
        if self._layer is None:
            return
        data = self._data()
        if data is None:
            return
        t, z = shown_slice(self._layer, self._viewer.dims.point)
        self._compare(data, (t, z))
        # A fill or an undo elsewhere: all slices, starting behind the visible one.
        n_t, n_z = data.shape[:2]
        self._next, self._left = t * n_z + z + 1, n_t * n_z - 1
        self._later.start()

    def _scan(self) -> None:
        end = time.perf_counter() + SCAN_BUDGET_S
        while self._left and time.perf_counter() < end:
            self._compare_next()
        if self._left:
            self._later.start()
        else:
            self._strokes = 0

    def _compare_next(self) -> None:
        data = self._data()
        if data is None:
            self._left = 0
            return
        n_t, n_z = data.shape[:2]
        flat = self._next % (n_t * n_z)
        self._next, self._left = flat + 1, self._left - 1
        self._compare(data, divmod(flat, n_z))

    def _compare(self, data: LabelMap, index: SliceIndex) -> None:
        if not np.array_equal(data[index], self._known[index]):
            strokes, self._strokes = self._strokes, 0
            self.slice_changed.emit(*index, strokes)

    def _data(self) -> LabelMap | None:
        """Return the layer's array as `(t, z, y, x)`; None when something replaced it by another shape."""
        if self._layer is None:
            return None
        data = np.asarray(self._layer.data)
        data = data if data.ndim == 4 else data[None]
        return data if data.shape == self._known.shape else None


def _timer(parent: QObject, interval_ms: int, slot: object) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    timer.timeout.connect(slot)
    return timer
