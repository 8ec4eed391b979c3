"""How the overlay looks, which layers are visible, and playing the cine."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QDoubleSpinBox, QSlider, QWidget

from napari_scribbleseg.widgets.keys import key_of
from napari_scribbleseg.widgets.parts import button, column, label, row

if TYPE_CHECKING:
    from napari_scribbleseg.qt.workbench import LayerKind, Workbench

KINDS = {"image": "Image", "scribbles": "Strokes", "prediction": "Prediction", "mask": "Mask"}


class ViewPanel(QWidget):
    """Opacity and outline of the prediction, layers to show, playback at the heart rate."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self.opacity_slider = self._make_opacity()
        self.outline_box = QCheckBox("Outline")
        self.outline_box.setToolTip("Draw the prediction as a line, so that the image shows")
        self.outline_box.toggled.connect(workbench.set_overlay_outline)
        self.show_boxes = {kind: self._make_toggle(kind) for kind in KINDS}
        self.play_button = button(
            "Play", f"Play the cine at the heart rate, or stop  ({key_of('play')})", self._toggle_play
        )
        self.bpm_box = self._make_bpm()
        column(
            self,
            row(label("Prediction"), self.opacity_slider, self.outline_box, stretch=1),
            row(*self.show_boxes.values()),
            row(self.play_button, label("at"), self.bpm_box, stretch=0),
        )
        workbench.playing_changed.connect(self._show_playing)
        workbench.scan_shown.connect(self._on_scan)
        self._on_scan(workbench.shown_case)

    def _make_opacity(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, 100)
        slider.setToolTip(f"Opacity of the prediction  (hold {key_of('hide')} to hide all overlays)")
        slider.setAccessibleName("Opacity of the prediction in percent")
        slider.valueChanged.connect(lambda value: self._workbench.set_overlay_opacity(value / 100))
        return slider

    def _make_toggle(self, kind: str) -> QCheckBox:
        made = QCheckBox(KINDS[kind])
        made.setToolTip(f"Show or hide the {KINDS[kind].lower()} layer")
        made.setChecked(True)
        chosen = cast("LayerKind", kind)
        made.toggled.connect(lambda on: self._workbench.set_visible(chosen, on))
        return made

    def _make_bpm(self) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(20, 240)
        box.setDecimals(0)
        box.setSuffix(" bpm")
        box.setToolTip("Heart rate of the playback; from the file where it says")
        box.setAccessibleName("Heart rate of the playback per minute")
        box.valueChanged.connect(self._set_bpm)
        return box

    def _set_bpm(self, bpm: float) -> None:
        self._workbench.bpm = bpm

    def _toggle_play(self) -> None:
        self._workbench.play(not self._workbench.playing)

    def _show_playing(self, playing: bool) -> None:
        self.play_button.setText("Stop playing" if playing else "Play")
        self.play_button.setAccessibleName(self.play_button.text())

    def _on_scan(self, case: str) -> None:
        for made in (self.play_button, self.opacity_slider, self.outline_box):
            made.setEnabled(bool(case))
        self.bpm_box.blockSignals(True)
        self.bpm_box.setValue(self._workbench.bpm)
        self.bpm_box.blockSignals(False)
        overlay = self._workbench.layer("prediction")
        if overlay is not None:
            self.opacity_slider.blockSignals(True)
            self.opacity_slider.setValue(round(100 * overlay.opacity))
            self.opacity_slider.blockSignals(False)
        for kind in KINDS:
            layer = self._workbench.layer(cast("LayerKind", kind))
            if layer is not None:
                layer.events.visible.connect(self._show_visible)
        self._show_visible()

    def _show_visible(self, _event: object = None) -> None:
        for kind, made in self.show_boxes.items():
            chosen = cast("LayerKind", kind)
            exists = self._workbench.layer(chosen) is not None
            made.setEnabled(exists)
            made.blockSignals(True)
            made.setChecked(exists and self._workbench.visible(chosen))
            made.blockSignals(False)
