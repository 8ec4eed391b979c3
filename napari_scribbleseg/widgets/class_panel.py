"""Which class the next stroke draws, and how thick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LAYER_COLOURS, LAYER_NAMES, LV, MYO, NOTHING, RV
from napari_scribbleseg.widgets.keys import key_of
from napari_scribbleseg.widgets.parts import GAP, column, label, row
from napari_scribbleseg.widgets.sentences import brush_sentence

if TYPE_CHECKING:
    from napari_scribbleseg.qt.workbench import Workbench

BRUSH_RANGE = (1, 40)
_LONG_NAMES = {RV: "right ventricle", MYO: "myocardium", LV: "left ventricle", BACKGROUND_SCRIBBLE: "everything else"}


class ClassButton(QPushButton):
    """A class with its colour, name and key; drawn with a ring in its colour while chosen."""

    def __init__(self, code: int) -> None:
        super().__init__()
        name = LAYER_NAMES.get(code, "Eraser")
        key = key_of(f"label_{code}")
        self.code = code
        self.setCheckable(True)
        self.setAccessibleName(name)
        deed = f"Draw {name}: {_LONG_NAMES[code]}" if code else "Erase strokes; the model forgets them too"
        self.setToolTip(f"{deed}  ({key})")
        chip = QLabel()
        chip.setPixmap(_chip(LAYER_COLOURS.get(code)))
        for part in (chip, title := label(name), hint := label(key, "key")):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            part.setStyleSheet("background: transparent;")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(7, 0, 7, 0)
        layout.setSpacing(6)
        layout.addWidget(chip)
        layout.addWidget(title, 1)
        layout.addWidget(hint)

    def recolour(self, chosen: str, line: str) -> None:
        """Style for a theme: the background while chosen, and the colour of the resting border."""
        ring = LAYER_COLOURS.get(self.code, line)
        self.setStyleSheet(
            f"QPushButton {{ min-height: 26px; padding: 0px; border: 2px solid transparent; }}"
            f"QPushButton:focus {{ border: 2px solid {line}; }}"
            f"QPushButton:checked {{ background-color: {chosen}; border: 2px solid {ring}; }}"
        )


class ClassPanel(QWidget):
    """RV, Myo, LV, Background and Eraser, and the size of the brush."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self.buttons = {code: ClassButton(code) for code in (RV, MYO, LV, BACKGROUND_SCRIBBLE, NOTHING)}
        self._group = QButtonGroup(self)
        grid = QGridLayout()
        grid.setSpacing(GAP)
        for index, (code, made) in enumerate(self.buttons.items()):
            self._group.addButton(made, code)
            upper = index < 3
            grid.addWidget(made, 0 if upper else 1, 2 * index if upper else 3 * (index - 3), 1, 2 if upper else 3)
        self._group.idClicked.connect(workbench.select_label)
        self.brush_slider = self._make_slider()
        self.brush_label = label("", "dim")
        self.brush_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.brush_label.setMinimumWidth(96)
        column(self).addLayout(grid)
        self.layout().addLayout(row(label("Brush"), self.brush_slider, self.brush_label, stretch=1))
        workbench.label_changed.connect(self._show_label)
        workbench.brush_changed.connect(self._show_brush)
        workbench.scan_shown.connect(self._on_scan)
        self._show_label(workbench.label)
        self._show_brush(workbench.brush_size)

    def recolour(self, chosen: str, line: str) -> None:
        """Style the buttons for a theme."""
        for made in self.buttons.values():
            made.recolour(chosen, line)

    def _make_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(*BRUSH_RANGE)
        slider.setToolTip(f"Brush diameter  ({key_of('brush_smaller')} thinner, {key_of('brush_larger')} thicker)")
        slider.setAccessibleName("Brush size in pixels")
        slider.valueChanged.connect(self._set_brush)
        return slider

    def _set_brush(self, size: int) -> None:
        self._workbench.brush_size = size

    def _show_label(self, code: int) -> None:
        if code in self.buttons:
            self.buttons[code].setChecked(True)

    def _show_brush(self, size: int) -> None:
        self.brush_slider.blockSignals(True)
        self.brush_slider.setValue(size)
        self.brush_slider.blockSignals(False)
        layer = self._workbench.layer("scribbles")
        self.brush_label.setText(brush_sentence(size, float(layer.scale[-1]) if layer is not None else None))

    def _on_scan(self, _case: str) -> None:
        self._show_brush(self._workbench.brush_size)


def _chip(colour: str | None) -> QPixmap:
    """Return a disc of a class colour, or an empty crossed ring for the eraser."""
    pixmap = QPixmap(28, 28)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if colour is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawEllipse(1, 1, 12, 12)
    else:
        painter.setPen(QPen(QColor("#8C8C8C"), 1.6))
        painter.drawEllipse(2, 2, 10, 10)
        painter.drawLine(4, 10, 10, 4)
    painter.end()
    return pixmap
