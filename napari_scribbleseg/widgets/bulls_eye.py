"""The bull's-eye: wall thickness of the 17 segments of the American Heart Association, the apex in the middle."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFont, QHelpEvent, QPainter, QPainterPath, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_scribbleseg.api.report.bulls_eye import DIALS, Dial, segment_wedge
from napari_scribbleseg.cardiac.measurement import BullsEye
from napari_scribbleseg.cardiac.segments import N_SEGMENTS, SEGMENT_NAMES
from napari_scribbleseg.widgets.style import Palette, blend

SIZE_PX = 150
_MAPS = {
    "YlGnBu": ("#ffffd9", "#edf8b1", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#253494", "#081d58"),
    "PuOr_r": ("#2d004b", "#542788", "#8073ac", "#b2abd2", "#d8daeb", "#f7f7f7")
    + ("#fee0b6", "#fdb863", "#e08214", "#b35806", "#7f3b08"),
}
"""ColorBrewer's maps that the report's bull's-eyes are drawn with, by the names that matplotlib has for them."""
_SHARE = (0.04, 0.90)
"""As in the report: the ends of the maps are nearly black."""


class BullsEyePlot(QWidget):
    """Draws one value for each segment, anterior up and the septum to the left; decides nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bulls_eye: BullsEye | None = None
        self._values: Sequence[float] = (math.nan,) * N_SEGMENTS
        self._dial = DIALS[0]
        self._palette: Palette | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Bull's-eye of wall thickness")
        self.setMouseTracking(True)

    def show_values(self, bulls_eye: BullsEye | None, kind: int) -> None:
        """Show thickness at ED (0), at ES (1) or thickening (2), as the report's dials; the tooltip tells all three."""
        unknown = (math.nan,) * N_SEGMENTS
        values = [found.ed_mm, found.es_mm, found.thickening_percent] if (found := bulls_eye) is not None else []
        self._bulls_eye, self._dial = bulls_eye, DIALS[kind]
        self._values = values[kind] if values else unknown
        self.update()

    def recolour(self, palette: Palette) -> None:
        """Take the colours of a theme."""
        self._palette = palette
        self.update()

    def sizeHint(self) -> QSize:
        """Return the room that seventeen numbers need."""
        return QSize(SIZE_PX, SIZE_PX)

    def minimumSizeHint(self) -> QSize:
        """Return the same."""
        return self.sizeHint()

    # where a segment lies ----------------------------------------------------------------------------------------

    def path(self, segment: int) -> QPainterPath:
        """Return the outline of a segment, counted from 1."""
        inner, outer, begin, end = segment_wedge(segment)
        middle, radius = self._circle()
        path = QPainterPath()
        if inner == 0:
            path.addEllipse(middle, outer * radius, outer * radius)
            return path
        path.arcMoveTo(_square(middle, outer * radius), begin)
        path.arcTo(_square(middle, outer * radius), begin, end - begin)
        path.arcTo(_square(middle, inner * radius), end, begin - end)
        path.closeSubpath()
        return path

    def centre(self, segment: int) -> QPointF:
        """Return where the number of a segment, counted from 1, stands."""
        inner, outer, begin, end = segment_wedge(segment)
        middle, radius = self._circle()
        angle, along = math.radians((begin + end) / 2), radius * (inner + outer) / 2 if inner else 0.0
        return QPointF(middle.x() + along * math.cos(angle), middle.y() - along * math.sin(angle))

    def segment_at(self, position: QPointF) -> int:
        """Return the segment at a position, counted from 1; 0 outside."""
        return next((s for s in range(1, N_SEGMENTS + 1) if self.path(s).contains(position)), 0)

    def _circle(self) -> tuple[QPointF, float]:
        size = min(self.width(), self.height())
        return QPointF(self.width() / 2, self.height() / 2), size / 2 - 1.5

    # drawing -----------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the segments and their numbers."""
        if self._palette is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(10)
        painter.setFont(font)
        for segment, value in enumerate(self._values, 1):
            self._draw_segment(painter, self._palette, segment, float(value))
        painter.end()

    def _draw_segment(self, painter: QPainter, palette: Palette, segment: int, value: float) -> None:
        empty = blend(palette.foreground, palette.background, 0.5)
        fill = colour_of(value, self._dial) if math.isfinite(value) else empty
        painter.setPen(QPen(QColor(palette.background), 1.5))
        painter.setBrush(QColor(fill))
        painter.drawPath(self.path(segment))
        if math.isfinite(value):
            painter.setPen(QColor("#101010" if QColor(fill).lightnessF() > 0.42 else "#ffffff"))
            place = self.centre(segment)
            box = QRectF(place.x() - 15, place.y() - 7, 30, 14)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{value:.0f}")

    def event(self, event: QEvent) -> bool:
        """Say in a tooltip what is known about the segment under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            segment = self.segment_at(QPointF(event.pos()))
            if segment:
                QToolTip.showText(event.globalPos(), self.describe(segment), self)
            else:
                QToolTip.hideText()
            return True
        return bool(super().event(event))

    def describe(self, segment: int) -> str:
        """Return name and values of a segment, counted from 1."""
        name = f"{segment} {SEGMENT_NAMES[segment - 1]}"
        found = self._bulls_eye
        if segment == N_SEGMENTS:
            return f"{name}: the apical cap lies beyond short-axis slices"
        if found is None or not math.isfinite(found.ed_mm[segment - 1]):
            return f"{name}: no wall in the slices that count"
        parts = [f"ED {found.ed_mm[segment - 1]:.1f} mm"]
        if math.isfinite(found.es_mm[segment - 1]):
            parts += [f"ES {found.es_mm[segment - 1]:.1f} mm", f"{found.thickening_percent[segment - 1]:+.0f} %"]
        return f"{name}: {', '.join(parts)}"


def colour_of(value: float, dial: Dial) -> str:
    """Return the colour of a value as `#rrggbb`, the ends for values beyond the dial."""
    steps = _MAPS[dial.colours]
    share = min(max((value - dial.low) / (dial.high - dial.low), 0.0), 1.0)
    place = (_SHARE[0] + (_SHARE[1] - _SHARE[0]) * share) * (len(steps) - 1)
    below = min(int(place), len(steps) - 2)
    return blend(steps[below], steps[below + 1], place - below)


def _square(middle: QPointF, radius: float) -> QRectF:
    return QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
