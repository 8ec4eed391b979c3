"""Which slices count at end-diastole and end-systole: a row of squares each, and a click switches one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFont, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_scribbleseg.widgets.parts import position_of
from napari_scribbleseg.widgets.style import GREEN, Palette, blend

SliceIndex = tuple[int, int]

NAME_PX = 22
ROW_PX = 15
NUMBERS_PX = 12
WIDEST_PX = 26


@dataclass(frozen=True)
class SwitchRow:
    """One phase.

    Attributes
    ----------
    name : str
    t : int
    holds : frozenset of int
        Slices that hold LV or myocardium.
    left_out : frozenset of int
        Slices that a person left out.
    """

    name: str
    t: int
    holds: frozenset[int] = frozenset()
    left_out: frozenset[int] = frozenset()

    def describe(self, z: int) -> str:
        """Say what a slice is worth here."""
        where = f"z {z} at {self.name}"
        if z in self.left_out:
            return f"{where}: left out; click to let it count"
        if z in self.holds:
            return f"{where}: counts; click to leave it out"
        return f"{where}: no left ventricle here"


class SliceSwitch(QWidget):
    """Shows which slices count and says which one was clicked; decides nothing."""

    toggled = Signal(int, int)
    """Phase and position of a slice that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[SwitchRow] = ()
        self._n_slices = 0
        self._here: SliceIndex | None = None
        self._palette: Palette | None = None
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Slices that count at end-diastole and end-systole")
        self.setAccessibleDescription("Click a slice to leave it out of the volumes of that phase, or to take it in.")

    def show_rows(self, rows: Sequence[SwitchRow], n_slices: int, here: SliceIndex | None) -> None:
        """Show phases, each with its slices from the first to the last, and the slice on screen."""
        resized = len(rows) != len(self._rows)
        self._rows, self._n_slices, self._here = rows, n_slices, here
        if resized:
            self.updateGeometry()
        self.update()

    def show_here(self, here: SliceIndex | None) -> None:
        """Mark the slice on screen."""
        if here != self._here:
            self._here = here
            self.update()

    def recolour(self, palette: Palette) -> None:
        """Take the colours of a theme."""
        self._palette = palette
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of all rows."""
        return QSize(120, max(len(self._rows), 1) * ROW_PX + NUMBERS_PX)

    def minimumSizeHint(self) -> QSize:
        """Return the same."""
        return self.sizeHint()

    def cell(self, row: int, z: int) -> QRectF:
        """Return the square of a slice in a row."""
        width = min((self.width() - NAME_PX - 1) / max(self._n_slices, 1), WIDEST_PX)
        return QRectF(NAME_PX + z * width, row * ROW_PX, width, ROW_PX)

    def found_at(self, position: QPointF) -> tuple[int, int] | None:
        """Return row and slice at a position, None outside all squares."""
        cells = [(row, z) for row in range(len(self._rows)) for z in range(self._n_slices)]
        return next((found for found in cells if self.cell(*found).contains(position)), None)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the squares, the name of each phase and the numbers of the slices."""
        if self._palette is None:
            return
        painter = QPainter(self)
        font = QFont(self.font())
        font.setPixelSize(10)
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row in range(len(self._rows)):
            self._draw_row(painter, self._palette, row)
        self._draw_numbers(painter, self._palette)
        painter.end()

    def _draw_row(self, painter: QPainter, palette: Palette, row: int) -> None:
        shown = self._rows[row]
        painter.setPen(QColor(palette.text))
        box = QRectF(0, row * ROW_PX, NAME_PX, ROW_PX)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown.name)
        for z in range(self._n_slices):
            square = self.cell(row, z).adjusted(1, 1.5, -1, -1.5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(_colour(palette, z in shown.holds, z in shown.left_out)))
            painter.drawRoundedRect(square, 1.5, 1.5)
            if z in shown.left_out:
                painter.setPen(QPen(QColor(palette.warning), 1.5))
                painter.drawLine(square.bottomLeft(), square.topRight())
            if self._here == (shown.t, z):
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(palette.text), 1.5))
                painter.drawRoundedRect(square.adjusted(-0.5, -0.5, 0.5, 0.5), 2, 2)

    def _draw_numbers(self, painter: QPainter, palette: Palette) -> None:
        painter.setPen(QColor(palette.dim))
        step = 1 if self.cell(0, 0).width() >= 14 else 2
        for z in range(0, self._n_slices, step):
            box = QRectF(self.cell(0, z).left() - 4, len(self._rows) * ROW_PX, self.cell(0, z).width() + 8, NUMBERS_PX)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(z))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Say which slice was clicked."""
        found = self.found_at(position_of(event)) if event.button() == Qt.MouseButton.LeftButton else None
        if found is not None:
            self.toggled.emit(self._rows[found[0]].t, found[1])

    def event(self, event: QEvent) -> bool:
        """Say in a tooltip what the slice under the mouse is worth."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self.found_at(QPointF(event.pos()))
            if found is None:
                QToolTip.hideText()
            else:
                row, z = found
                QToolTip.showText(event.globalPos(), self._rows[row].describe(z), self)
            return True
        return bool(super().event(event))


def _colour(palette: Palette, holds: bool, left_out: bool) -> str:
    if holds and not left_out:
        return blend(GREEN, palette.background, 0.2)
    return blend(palette.foreground, palette.background, 0.1 if holds else 0.55)
