"""Small building blocks that every panel uses: buttons, labels, rows and collapsible sections."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QPointF, Qt, QTimer
from qtpy.QtGui import QColor, QIcon, QMouseEvent, QPainter, QPixmap, QPolygonF
from qtpy.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QCollapsible, QElidingLabel

from napari_scribbleseg.widgets.style import Palette

UNLIMITED = 16777215
"""Qt's QWIDGETSIZE_MAX, which its Python bindings do not name alike."""
GAP = 4


def button(text: str, tip: str, on_click: Callable[[], object] | None = None, role: str = "") -> QPushButton:
    """Return a push button with a tooltip and an accessible name."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setAccessibleName(text.rstrip("…"))
    made.setAccessibleDescription(tip)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    if role:
        made.setProperty("role", role)
    if on_click is not None:
        made.clicked.connect(lambda _checked=False: on_click())
    return made


def label(text: str = "", role: str = "", wrap: bool = False) -> QLabel:
    """Return a text label; `role` is one of the style sheet's."""
    made = QLabel(text)
    made.setWordWrap(wrap)
    made.setIndent(0)
    if role:
        made.setProperty("role", role)
    return made


def line(role: str = "dim") -> QElidingLabel:
    """Return a label of one line that is cut with “…” rather than widening the dock."""
    made = QElidingLabel()
    made.setIndent(0)
    made.setProperty("role", role)
    return made


def row(*widgets: QWidget, stretch: int | None = None) -> QHBoxLayout:
    """Return widgets side by side; the one numbered `stretch` takes the room that is left."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GAP)
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if index == stretch else 0)
    return layout


def stack(*widgets: QWidget) -> QVBoxLayout:
    """Return widgets below each other without gaps."""
    layout = QVBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def column(owner: QWidget, *items: QWidget | QBoxLayout) -> QVBoxLayout:
    """Stack widgets and rows in `owner` with the dock's spacing."""
    layout = QVBoxLayout(owner)
    layout.setContentsMargins(2, 0, 2, 3)
    layout.setSpacing(GAP)
    for item in items:
        if isinstance(item, QWidget):
            layout.addWidget(item)
        else:
            layout.addLayout(item)
    return layout


def pile(*widgets: QWidget) -> QWidget:
    """Return one widget that holds several below each other, without gaps."""
    owner = QWidget()
    layout = stack(*widgets)
    owner.setLayout(layout)
    return owner


class AnswerLabel(QLabel):
    """Says what came of something a person did, and is scrolled to, for it often lies below the button.

    What comes while a person is looking elsewhere scrolls nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setIndent(0)
        self.setProperty("role", "dim")
        self.hide()

    def say(self, text: str, asked: bool = True) -> None:
        """Show a text, none with ""; `asked` is False where the person may be busy with something else by now."""
        wanted = asked or not self.visibleRegion().isEmpty()
        self.setText(text)
        self.setVisible(bool(text))
        if text and wanted:
            QTimer.singleShot(0, self._reveal)  # once it has its place

    def _reveal(self) -> None:
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None and self.isVisible():
            area.ensureWidgetVisible(self, 0, 2 * GAP)


def restyle(widget: QWidget) -> None:
    """Apply the style sheet again after a dynamic property changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def position_of(event: QMouseEvent) -> QPointF:
    """Return where in its widget a mouse event lies, in Qt 5 and 6."""
    return event.position() if hasattr(event, "position") else event.localPos()


def chevron(colour: str, down: bool) -> QIcon:
    """Return a small triangle; drawn, because the fonts of a bare system lack the glyph."""
    pixmap = QPixmap(20, 20)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    points = ((4, 7), (16, 7), (10, 14)) if down else ((7, 4), (14, 10), (7, 16))
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
    painter.end()
    return QIcon(pixmap)


class Section(QCollapsible):
    """A titled part of the dock that folds away; folded, its widgets leave the tab order.

    Parameters
    ----------
    title : str
    content : QWidget
    expanded : bool
    """

    def __init__(self, title: str, content: QWidget, expanded: bool = True) -> None:
        super().__init__(title)
        self.setObjectName("section")
        header = self.toggleButton()
        header.setStyleSheet("")
        header.setProperty("role", "header")
        header.setAccessibleName(f"{title} section")
        header.setToolTip(f"Show or hide “{title}”")
        self.layout().setContentsMargins(0, 1, 0, 1)
        self.layout().setSpacing(1)
        self.setDuration(0)
        self.content().setParent(None)
        self.setContent(content)
        self.toggled.connect(self._fit)
        if expanded:
            self.expand(animate=False)
        else:
            self.collapse(animate=False)
        self._fit(expanded)

    def recolour(self, palette: Palette) -> None:
        """Redraw the triangle in the theme's colour."""
        self.setExpandedIcon(chevron(palette.dim, down=True))
        self.setCollapsedIcon(chevron(palette.dim, down=False))

    def _fit(self, expanded: bool) -> None:
        # QCollapsible freezes the height that it measured; wrapped text may need more later.
        self.content().setMaximumHeight(UNLIMITED if expanded else 0)
        self.content().setVisible(expanded)
