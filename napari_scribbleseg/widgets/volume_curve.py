"""Volumes over time: ED and ES marked, and a click that leads to the frame."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_scribbleseg.cardiac.measurement import Phases, VolumeCurves
from napari_scribbleseg.labels import LV, MYO, RV
from napari_scribbleseg.widgets.parts import position_of
from napari_scribbleseg.widgets.style import Palette, class_colours

Volumes = npt.NDArray[np.float64]

HEIGHT_PX = 118
FONT_PX = 10
_NAMES = {LV: "LV", RV: "RV", MYO: "Myo"}
_WIDTHS = {MYO: 1.2, RV: 1.8, LV: 2.2}
"""Drawn in this order: what matters most lies on top."""


class VolumeCurve(QWidget):
    """Draws volumes over the phases and says which phase was asked for; decides nothing."""

    asked = Signal(int)
    """Phase that was clicked, dragged over, or reached by an arrow key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: VolumeCurves | None = None
        self._phases: Phases | None = None
        self._here = self._hovered = -1
        self._palette: Palette | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Volumes over time")
        self.setAccessibleDescription("Click to show a phase. Arrow keys move by one phase.")

    def show_curves(self, curves: VolumeCurves | None, phases: Phases | None) -> None:
        """Show volumes, NaN where they are not known yet, and which phases are ED and ES."""
        self._curves, self._phases = curves, phases
        self.update()

    def show_phase(self, t: int) -> None:
        """Mark the phase on screen; -1 for none."""
        if t != self._here:
            self._here = t
            self.update()

    def recolour(self, palette: Palette) -> None:
        """Take the colours of a theme."""
        self._palette = palette
        self.update()

    def sizeHint(self) -> QSize:
        """Return a height that leaves room for the rest."""
        return QSize(240, HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        """Return the same height; any width will do."""
        return QSize(120, HEIGHT_PX)

    # where things lie --------------------------------------------------------------------------------------------

    @property
    def n_phases(self) -> int:
        """Return how many phases are drawn."""
        return self._curves.lv_ml.size if self._curves is not None else 0

    @property
    def top_ml(self) -> float:
        """Return the volume at the upper end of the axis: a round number above all that is drawn."""
        highest = max((float(np.nanmax(v)) for _, v in self._volumes() if np.isfinite(v).any()), default=0.0)
        return nice_above(highest)

    def area(self) -> QRectF:
        """Return where the curves lie, within axes and legend."""
        return QRectF(30, 16, max(self.width() - 30 - 8, 1), max(self.height() - 16 - 15, 1))

    def point(self, t: float, ml: float) -> QPointF:
        """Return where a volume at a phase is drawn."""
        area, last = self.area(), max(self.n_phases - 1, 1)
        return QPointF(area.left() + area.width() * t / last, area.bottom() - area.height() * ml / self.top_ml)

    def phase_at(self, position: QPointF) -> int:
        """Return the phase nearest to a position, -1 where there is none."""
        if not self.n_phases or not self.rect().contains(position.toPoint()):
            return -1
        area = self.area()
        t = round((position.x() - area.left()) / area.width() * (self.n_phases - 1))
        return min(max(t, 0), self.n_phases - 1)

    def _volumes(self) -> Iterator[tuple[int, Volumes]]:
        if self._curves is not None:
            yield MYO, self._curves.myo_ml
            yield RV, self._curves.rv_ml
            yield LV, self._curves.lv_ml

    # drawing -----------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw axes, ED and ES, the phase on screen, the curves and a line that says what they are there."""
        if self._palette is None or self._curves is None:
            return
        painter = QPainter(self)
        font = QFont(self.font())
        font.setPixelSize(FONT_PX)
        painter.setFont(font)
        self._draw_axes(painter, self._palette)
        self._draw_marks(painter, self._palette)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = class_colours(self._palette)
        for label, volumes in self._volumes():
            self._draw_curve(painter, volumes, QPen(QColor(colours[label]), _WIDTHS[label]))
        self._draw_dots(painter, self._palette, colours)
        self._draw_legend(painter, self._palette, colours)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._palette.accent), 1.0))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _draw_axes(self, painter: QPainter, palette: Palette) -> None:
        area, top = self.area(), self.top_ml
        for share in (0.0, 0.5, 1.0):
            y = area.bottom() - share * area.height()
            painter.setPen(QPen(QColor(palette.line), 1.0))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(palette.dim))
            box = QRectF(0, y - 8, area.left() - 5, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{share * top:g}")
        self._draw_times(painter)

    def _draw_times(self, painter: QPainter) -> None:
        area, last = self.area(), self.n_phases - 1
        frame_ms = self._curves.frame_ms if self._curves is not None else None
        for t in sorted({0, last // 2, last}):
            text = f"{t * frame_ms:.0f}" if frame_ms else str(t)
            text += (" ms" if frame_ms else "") if t == last else ""
            x = self.point(t, 0).x()
            wide = QFontMetricsF(painter.font()).horizontalAdvance(text) + 2
            left = min(max(x - wide / 2, area.left()), self.width() - wide - 2)
            painter.drawText(QRectF(left, area.bottom() + 2, wide, 13), Qt.AlignmentFlag.AlignCenter, text)

    def _draw_marks(self, painter: QPainter, palette: Palette) -> None:
        area = self.area()
        for t, name in self._named():
            x = self.point(t, 0).x()
            painter.setPen(QPen(QColor(palette.dim), 1.0, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            after = x + 26 < area.right()
            align = Qt.AlignmentFlag.AlignLeft if after else Qt.AlignmentFlag.AlignRight
            painter.setPen(QColor(palette.text))
            painter.drawText(QRectF(x + 3 if after else x - 27, area.bottom() - 14, 24, 12), align, name)
        for t, colour in ((self._hovered, palette.dim), (self._here, palette.text)):
            if 0 <= t < self.n_phases:
                x = self.point(t, 0).x()
                painter.setPen(QPen(QColor(colour), 1.0))
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _named(self) -> list[tuple[int, str]]:
        phases = self._phases
        if phases is None or self.n_phases < 2:
            return []
        return [(phases.ed, "ED"), (phases.es, "ES")] if phases.ed != phases.es else [(phases.ed, "ED")]

    def _draw_curve(self, painter: QPainter, volumes: Volumes, pen: QPen) -> None:
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for run in runs(volumes):
            points = [self.point(t, float(volumes[t])) for t in run]
            if len(points) > 1:
                painter.drawPolyline(QPolygonF(points))
            else:
                painter.setBrush(pen.color())
                painter.drawEllipse(points[0], 1.5, 1.5)

    def _draw_dots(self, painter: QPainter, palette: Palette, colours: dict[int, str]) -> None:
        for t, _ in self._named():
            for label, volumes in self._volumes():
                if label != MYO and np.isfinite(volumes[t]):
                    painter.setPen(QPen(QColor(palette.background), 1.0))
                    painter.setBrush(QColor(colours[label]))
                    painter.drawEllipse(self.point(t, float(volumes[t])), 3.5, 3.5)

    def _draw_legend(self, painter: QPainter, palette: Palette, colours: dict[int, str]) -> None:
        """Say above the curves what the volumes are at the phase pointed at, else on screen."""
        t = self._hovered if self._hovered >= 0 else self._here
        metrics, x = QFontMetricsF(painter.font()), self.area().left()
        shown = [(label, volumes) for label, volumes in reversed(list(self._volumes()))]
        for label, volumes in shown:
            here = volumes[t] if 0 <= t < self.n_phases else math.nan
            text = f"{_NAMES[label]} {here:.0f}" if math.isfinite(here) else _NAMES[label]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours[label]))
            painter.drawEllipse(QPointF(x + 4, 7), 3.5, 3.5)
            painter.setPen(QColor(palette.text))
            painter.drawText(QPointF(x + 11, 11), text)
            x += 11 + metrics.horizontalAdvance(text) + 12
        painter.setPen(QColor(palette.dim))
        where = f"mL at t {t}" if 0 <= t < self.n_phases else "mL"
        box = QRectF(x, 0, self.width() - x - 8, 14)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, where)

    # mouse and keys ----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for the phase under the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._ask(self.phase_at(position_of(event)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at a phase; with the button held, ask for each that is dragged over."""
        t = self.phase_at(position_of(event))
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(t)
        if t != self._hovered:
            self._hovered = t
            self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        """Point at nothing."""
        self._hovered = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by one phase, over the end to the beginning."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self.n_phases:
            super().keyPressEvent(event)
        else:
            self._ask((max(self._here, 0) + step) % self.n_phases)

    def _ask(self, t: int) -> None:
        if t >= 0 and t != self._here:
            self.asked.emit(t)


def nice_above(value: float) -> float:
    """Return 1, 1.5, 2, 3, 4, 5, 6 or 8 times a power of ten, the least one that is not below `value`."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return float(next((step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8) if step * power >= value), 10 * power))


def runs(volumes: Volumes) -> list[npt.NDArray[np.intp]]:
    """Return the stretches of phases without a gap in which a volume is known."""
    known = np.flatnonzero(np.isfinite(volumes))
    return [run for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1) if run.size]
