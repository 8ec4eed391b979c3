"""What of the workbench is about looking: opacity, outlines, what is visible, and the playing cine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from napari_scribbleseg.qt.workbench_signals import WorkbenchSignals
from napari_scribbleseg.types import Notice

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_scribbleseg.qt.player import Player
    from napari_scribbleseg.qt.scan_desk import ScanDesk

LayerKind = Literal["image", "scribbles", "prediction", "mask"]

OUTLINE = 2
"""Width of the prediction's outline in pixels."""


class WorkbenchView(WorkbenchSignals):
    """The looks of the scan on screen; a part of :class:`Workbench`."""

    _scans: ScanDesk
    _player: Player

    def layer(self, kind: LayerKind) -> Layer | None:
        """Return a layer of the shown scan, or None where there is none."""
        return self._scans.stage.layer(kind)

    # looks -------------------------------------------------------------------------------------------------------

    def set_overlay_opacity(self, opacity: float) -> None:
        """Set the opacity of the prediction, 0–1."""
        self._scans.stage.set_look("prediction", opacity=min(max(float(opacity), 0.0), 1.0))

    def set_overlay_outline(self, outline: bool) -> None:
        """Draw the prediction as an outline, or filled."""
        self._scans.stage.set_look("prediction", contour=OUTLINE if outline else 0)

    def set_visible(self, kind: LayerKind, visible: bool) -> None:
        """Show or hide a layer of the shown scan."""
        self._scans.stage.set_look(kind, visible=bool(visible))

    def visible(self, kind: LayerKind) -> bool:
        """Return whether a layer of the shown scan is visible."""
        return bool(getattr(self.layer(kind), "visible", False))

    # playing -----------------------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        """Return whether the cine plays."""
        return self._player.playing

    def play(self, on: bool) -> None:
        """Play the cine at the heart rate, or stop."""
        layer = self.layer("image")
        if not on:
            self._player.stop()
        elif layer is None or not self._player.play(layer):
            self._warn("Only a cine of several phases can be played.")

    @property
    def bpm(self) -> float:
        """Heart rate of the playback per minute; from the file's frame time where it has one, else 60."""
        return self._player.bpm

    @bpm.setter
    def bpm(self, bpm: float) -> None:
        self._player.set_bpm(bpm)

    def _warn(self, text: str, level: str = "warning") -> None:
        self.noticed.emit(Notice(text, level))
