"""Plays a cine at the heart rate."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, QTimer, Signal

from napari_scribbleseg.qt.layers import shown_slice

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_scribbleseg.types import Cine

DEFAULT_BPM = 60.0
BPM_RANGE = (10.0, 240.0)
_SHORTEST_TICK_MS = 20


def heart_rate(cine: Cine) -> float:
    """Return the beats per minute that a cine's frame time means, 60 where the file does not say or cannot be right."""
    n_t = cine.shape[0]
    if not cine.frame_ms or n_t < 2:
        return DEFAULT_BPM
    bpm = 60_000.0 / (cine.frame_ms * n_t)
    return bpm if BPM_RANGE[0] <= bpm <= BPM_RANGE[1] else DEFAULT_BPM


class Player(QObject):
    """Move the viewer through the phases in time with the heart.

    The phase follows the clock: a slow computer skips phases and never slows the heart down.
    """

    playing_changed = Signal(bool)

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer: Layer | None = None
        self._started_at = 0.0
        self._first_phase = 0
        self._bpm = DEFAULT_BPM
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    @property
    def playing(self) -> bool:
        """Return whether the cine plays."""
        return self._timer.isActive()

    @property
    def bpm(self) -> float:
        """Return the heart rate of the playback."""
        return self._bpm

    def set_bpm(self, bpm: float) -> None:
        """Change the heart rate, clipped to 10–240 a minute; takes effect at once."""
        self._bpm = min(max(float(bpm), BPM_RANGE[0]), BPM_RANGE[1])
        if self.playing and self._layer is not None:
            self.play(self._layer)

    def play(self, layer: Layer) -> bool:
        """Play the phases of a layer from the one on screen; False for a scan of one phase."""
        if layer.ndim != 4 or layer.data.shape[0] < 2:
            return False
        was_playing = self.playing
        self._layer = layer
        self._first_phase = shown_slice(layer, self._viewer.dims.point)[0]
        self._started_at = time.perf_counter()
        self._timer.start(max(_SHORTEST_TICK_MS, round(60_000 / self._bpm / layer.data.shape[0])))
        if not was_playing:
            self.playing_changed.emit(True)
        return True

    def stop(self) -> None:
        """Stay at the phase on screen."""
        was_playing = self.playing
        self._timer.stop()
        self._layer = None
        if was_playing:
            self.playing_changed.emit(False)

    def _tick(self) -> None:
        if self._layer is None:
            return
        n_t = self._layer.data.shape[0]
        beats = (time.perf_counter() - self._started_at) * self._bpm / 60.0
        phase = (self._first_phase + int(beats * n_t)) % n_t
        world = self._layer.data_to_world((phase, 0, 0, 0))[0]
        axis = self._viewer.dims.ndim - 4
        if self._viewer.dims.point[axis] != world:
            self._viewer.dims.set_point(axis, world)
