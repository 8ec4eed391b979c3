"""The chosen label and brush size, the same for whichever layer is drawn on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, NOTHING, RV

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer

DEFAULT_SIZE = 4
SIZE_RANGE = (1, 40)


class Brush(QObject):
    """Keep label and size in step with the scribble layer, whoever changes them.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    label_changed = Signal(int)
    size_changed = Signal(int)

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer: Labels | None = None
        self._setting = False
        self.label = RV
        self.size = DEFAULT_SIZE

    def attach(self, layer: Labels) -> None:
        """Follow a scribble layer from now on."""
        self.detach()
        layer.brush_size = self.size
        layer.selected_label = self.label or RV
        layer.events.selected_label.connect(self._on_layer)
        layer.events.mode.connect(self._on_layer)
        layer.events.brush_size.connect(self._on_size)
        self._layer = layer

    def detach(self) -> None:
        """Let go of the layer."""
        if self._layer is not None:
            self._layer.events.selected_label.disconnect(self._on_layer)
            self._layer.events.mode.disconnect(self._on_layer)
            self._layer.events.brush_size.disconnect(self._on_size)
        self._layer = None

    def select(self, label: int) -> bool:
        """Draw with a layer code 1–4 or erase with 0 on the scribble layer; False where there is none."""
        if not NOTHING <= label <= BACKGROUND_SCRIBBLE:
            raise ValueError(f"A label is one of 0 to {BACKGROUND_SCRIBBLE}, not {label}.")
        self._set_label(label)
        return self._layer is not None and self.draw_on(self._layer)

    def draw_on(self, layer: Labels) -> bool:
        """Make a layer active with the chosen label; masks have no background strokes, so those erase."""
        if layer not in self._viewer.layers:
            return False
        highest = BACKGROUND_SCRIBBLE if layer is self._layer else LV
        self._setting = True
        try:
            self._viewer.layers.selection.active = layer
            layer.visible = True
            layer.brush_size = self.size
            if NOTHING < self.label <= highest:
                layer.selected_label = self.label
                layer.mode = "paint"
            else:
                layer.mode = "erase"
        finally:
            self._setting = False
        return True

    def set_size(self, size: int) -> None:
        """Set the diameter in pixels, clipped to 1–40."""
        size = min(max(int(size), SIZE_RANGE[0]), SIZE_RANGE[1])
        active = self._viewer.layers.selection.active
        for layer in (self._layer, active):
            if layer is not None and hasattr(layer, "brush_size") and layer.brush_size != size:
                layer.brush_size = size
        if size != self.size:
            self.size = size
            self.size_changed.emit(size)

    def _on_layer(self) -> None:
        if self._setting or self._layer is None:
            return
        if str(self._layer.mode) == "erase":
            self._set_label(NOTHING)
        elif NOTHING < self._layer.selected_label <= BACKGROUND_SCRIBBLE:
            self._set_label(int(self._layer.selected_label))

    def _on_size(self) -> None:
        if self._layer is not None and self._layer.brush_size != self.size:
            self.size = int(self._layer.brush_size)
            self.size_changed.emit(self.size)

    def _set_label(self, label: int) -> None:
        if label != self.label:
            self.label = label
            self.label_changed.emit(label)
