"""The strip: every slice of a scan as a small square, phases from left to right, positions from bottom to top."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_scribbleseg.qt.values import SliceMarks
from napari_scribbleseg.widgets.parts import position_of
from napari_scribbleseg.widgets.style import GREEN, Palette, blend, is_light

Scores = npt.NDArray[np.float64]
SliceIndex = tuple[int, int]

HOT = "#F0E442"
"""Okabe and Ito's yellow, as on the canvas; no class has it."""
EMBER = "#B4421E"
HOT_ON_LIGHT, EMBER_ON_LIGHT = "#8A1C00", "#E8963C"
FULL = 0.5
"""The score that is drawn in the strongest colour."""
CELL_PX = (5.0, 10.0)
"""Least and greatest height of a slice's square."""
SQUARES_PX = 60
"""Height that all squares share, where their number allows it."""
BARS_PX = 11
MARGIN_PX = 2
GAP_PX = 3
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class DoubtStrip(QWidget):
    """Shows scores and marks, and says which slice was asked for; decides nothing.

    Above the squares, a bar for each phase shows its mean doubt. A scan of one phase lies on its side: slices from left
    to right.
    """

    asked = Signal(int, int)
    """Phase and position of a slice that was clicked, dragged over, or reached by an arrow key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scores: Scores = np.empty((0, 0))
        self._means: Scores = np.empty(0)
        self._marks = SliceMarks()
        self._here: SliceIndex | None = None
        self._hovered: SliceIndex | None = None
        self._palette: Palette | None = None
        self.describe: Callable[[SliceIndex], str] = lambda _index: ""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Doubt about each slice")
        self.setAccessibleDescription("Phases from left to right, slices from bottom to top. Arrow keys move.")

    def show_scores(self, scores: Scores, means: Scores, marks: SliceMarks, here: SliceIndex | None) -> None:
        """Show `(t, z)` scores of 0–1 (NaN: not known), the mean of each phase, marks and the slice on screen."""
        resized = scores.shape != self._scores.shape
        self._scores, self._means, self._marks, self._here = scores, means, marks, here
        if resized:
            self.updateGeometry()
        self.update()

    def recolour(self, palette: Palette) -> None:
        """Take the colours of a theme."""
        self._palette = palette
        self.update()

    def sizeHint(self) -> QSize:
        """Return a height that fits the number of slices."""
        n_rows = self._grid[1]
        cell = min(max(SQUARES_PX / max(n_rows, 1), CELL_PX[0]), CELL_PX[1]) if n_rows > 1 else 2 * CELL_PX[1]
        bars = BARS_PX + GAP_PX if self._has_bars else 0
        return QSize(200, math.ceil(max(n_rows, 1) * cell) + bars + 2 * MARGIN_PX)

    def minimumSizeHint(self) -> QSize:
        """Return the same height; any width will do."""
        return QSize(60, self.sizeHint().height())

    # where a slice lies ------------------------------------------------------------------------------------------

    @property
    def _lies(self) -> bool:
        return self._scores.shape[0] == 1

    @property
    def _has_bars(self) -> bool:
        return self._scores.shape[0] > 1

    @property
    def _grid(self) -> tuple[int, int]:
        """Columns and rows."""
        n_t, n_z = self._scores.shape
        return (n_z, 1) if self._lies else (n_t, n_z)

    def _area(self) -> QRectF:
        top = MARGIN_PX + (BARS_PX + GAP_PX if self._has_bars else 0)
        return QRectF(MARGIN_PX, top, self.width() - 2 * MARGIN_PX, self.height() - top - MARGIN_PX)

    def cell(self, index: SliceIndex) -> QRectF:
        """Return the square of a slice."""
        columns, rows = self._grid
        area = self._area()
        column, row = (index[1], 0) if self._lies else (index[0], rows - 1 - index[1])
        width, height = area.width() / max(columns, 1), area.height() / max(rows, 1)
        return QRectF(area.left() + column * width, area.top() + row * height, width, height)

    def index_at(self, position: QPointF) -> SliceIndex | None:
        """Return the slice at a position; of a phase's bar, the one at the position on screen."""
        columns, rows = self._grid
        area = self._area()
        if not columns or not rows or not self.rect().contains(position.toPoint()):
            return None
        column = min(max(int((position.x() - area.left()) / area.width() * columns), 0), columns - 1)
        if self._lies:
            return 0, column
        if position.y() < area.top() and self._here is not None:
            return column, self._here[1]
        row = min(max(int((position.y() - area.top()) / area.height() * rows), 0), rows - 1)
        return column, rows - 1 - row

    # drawing -----------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw bars, squares, marks, and rings around the slices pointed at and on screen."""
        if self._palette is None or not self._scores.size:
            return
        painter = QPainter(self)
        if self._has_bars:
            self._draw_bars(painter, self._palette)
        for t, z in np.ndindex(*self._scores.shape):
            self._draw_cell(painter, (t, z), self._palette)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, colour, width in ((self._hovered, self._palette.dim, 1.0), (self._here, self._palette.text, 2.0)):
            if index is not None and index[0] < self._scores.shape[0] and index[1] < self._scores.shape[1]:
                painter.setPen(QPen(QColor(colour), width))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(self.cell(index).adjusted(0.5, 0.5, -0.5, -0.5), 1.5, 1.5)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._palette.accent), 1.0))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _draw_bars(self, painter: QPainter, palette: Palette) -> None:
        here_t = self._here[0] if self._here is not None else -1
        for t, mean in enumerate(self._means):
            square = self.cell((t, 0))
            height = max(min(float(mean) / FULL, 1.0) * BARS_PX, 1.0) if np.isfinite(mean) else 1.0
            bar = QRectF(square.left() + 0.5, MARGIN_PX + BARS_PX - height, square.width() - 1, height)
            colour = palette.text if t == here_t else blend(palette.dim, palette.background, 0.45)
            painter.fillRect(bar, QColor(colour))

    def _draw_cell(self, painter: QPainter, index: SliceIndex, palette: Palette) -> None:
        square = self.cell(index).adjusted(0.5, 0.5, -0.5, -0.5)
        done = index in self._marks.done
        colour = blend(GREEN, palette.background, 0.35) if done else heat(float(self._scores[index]), palette)
        painter.fillRect(square, QColor(colour))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = min(square.width(), square.height()) * 0.24
        painter.setPen(Qt.PenStyle.NoPen)
        if index in self._marks.drawn:
            # A rim keeps the dot visible on every colour of the scale.
            for colour, size in ((palette.background, radius + 1), (palette.text, radius)):
                painter.setBrush(QColor(colour))
                painter.drawEllipse(square.center(), size, size)
        if index in self._marks.suggested:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(GREEN), 2))
            painter.drawRect(square.adjusted(1, 1, -1, -1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    # mouse and keys ----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for the slice under the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._ask(self.index_at(position_of(event)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at a slice; with the button held, ask for each that is dragged over."""
        index = self.index_at(position_of(event))
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(index)
        if index != self._hovered:
            self._hovered = index
            self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        """Point at nothing."""
        self._hovered = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by one slice, as the arrows point."""
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or self._here is None:
            super().keyPressEvent(event)
            return
        along, up = step
        t, z = self._here
        t, z = (t, z + along + up) if self._lies else (t + along, z + up)
        if 0 <= t < self._scores.shape[0] and 0 <= z < self._scores.shape[1]:
            self._ask((t, z))

    def event(self, event: QEvent) -> bool:
        """Say in a tooltip what is known about the slice under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.index_at(QPointF(event.pos()))
            if index is None:
                QToolTip.hideText()
            else:
                text = f"{name_slice(index, self._scores.shape)}: {self.describe(index)}"
                QToolTip.showText(event.globalPos(), text, self, self.cell(index).toRect())
            return True
        return bool(super().event(event))

    def _ask(self, index: SliceIndex | None) -> None:
        if index is not None and index != self._here:
            self.asked.emit(*index)


def heat(score: float, palette: Palette) -> str:
    """Return the colour of a score as `#rrggbb`: the theme's calm grey, through ember, to the glow of the canvas."""
    calm = blend(palette.foreground, palette.text, 0.06)
    if not math.isfinite(score):
        return blend(palette.foreground, palette.background, 0.6)
    ember, hot = (EMBER_ON_LIGHT, HOT_ON_LIGHT) if is_light(palette) else (EMBER, HOT)
    share = min(max(score / FULL, 0.0), 1.0)
    return blend(calm, ember, 2 * share) if share < 0.5 else blend(ember, hot, 2 * share - 1)


def name_slice(index: SliceIndex, shape: tuple[int, ...]) -> str:
    """Return what a slice is called, numbered as the sliders under the canvas are."""
    return f"z {index[1]}" if shape[0] == 1 else f"t {index[0]}, z {index[1]}"
