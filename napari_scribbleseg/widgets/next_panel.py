"""What to look at next: the strip of doubt, a jump to the worst slice, and masks suggested from accepted neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QCheckBox, QComboBox, QWidget

from napari_scribbleseg.qt.doubt_book import phase_scores
from napari_scribbleseg.qt.suggestion_desk import DEFAULT_REACH, MAX_REACH
from napari_scribbleseg.widgets.doubt_strip import DoubtStrip, name_slice
from napari_scribbleseg.widgets.keys import key_of
from napari_scribbleseg.widgets.parts import button, column, line, row

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_scribbleseg.qt.workbench import Workbench
    from napari_scribbleseg.widgets.style import Palette

REFRESH_MS = 60
_SUGGEST_TIP = (
    "Carry the accepted slices of this phase over to its neighbours along the motion of the heart; "
    "the suggestions are shown dashed and are no labels"
)


class NextPanel(QWidget):
    """Shows where the network doubts itself and leads there; shows suggestions and hands them over."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self.strip = DoubtStrip()
        self.strip.describe = workbench.next.explain
        self.strip.asked.connect(lambda t, z: workbench.next.go_to((t, z)))
        self.here_label = line()
        self.next_button = button(
            "Most doubtful", f"Show the slice that most needs you, then the one after it  ({key_of('next_doubt')})"
        )
        self.next_button.clicked.connect(lambda _checked=False: workbench.next.go_next())
        self.overlay_box = QCheckBox("Glow")
        self.overlay_box.setToolTip(f"Let what the network doubts glow on the image  ({key_of('doubt_overlay')})")
        self.overlay_box.toggled.connect(workbench.next.set_overlay)
        self.suggest_button = button("Suggest", "", self.suggest)
        self.reach_box = self._make_reach()
        self.take_button = button(
            "Take", f"Put the suggestion for this slice into the mask  ({key_of('take_suggestion')})", self.take
        )
        self.take_all_button = button("All", "Put all suggestions into the mask", self.take_all)
        self.take_all_button.setAccessibleName("Take all suggestions")
        self.drop_button = button("Drop", "Forget all suggestions", self.drop)
        # Suggestions are decided on before others are made, so both need the same room.
        self._asking = _beside(self.suggest_button, self.reach_box)
        self._deciding = _beside(self.take_button, self.take_all_button, self.drop_button)
        column(
            self,
            self.strip,
            row(self.here_label, self.overlay_box, stretch=0),
            row(self.next_button, self._asking, self._deciding),
        )
        # A sweep reports many slices a second; the strip follows at the pace of the eye.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        workbench.next.changed.connect(self._refresh_soon)
        workbench.next.suggestions.changed.connect(self.refresh)
        workbench.next.overlay_changed.connect(self._show_overlay)
        self.refresh()

    def recolour(self, palette: Palette) -> None:
        """Take the colours of a theme."""
        self.strip.recolour(palette)

    def suggest(self) -> None:
        """Ask for suggestions; whatever is in the way becomes a message."""
        self._workbench.next.suggestions.start(self.reach_box.currentIndex() + 1)

    def take(self) -> None:
        """Take the suggestion for the slice on screen."""
        self._workbench.next.suggestions.take("slice")

    def take_all(self) -> None:
        """Take all suggestions."""
        self._workbench.next.suggestions.take("all")

    def drop(self) -> None:
        """Forget all suggestions."""
        self._workbench.next.suggestions.drop()

    def refresh(self) -> None:
        """Show everything as it is now."""
        desk = self._workbench.next
        scores, here = desk.scores(), desk.here
        self.strip.setVisible(scores.size > 0)
        self.strip.show_scores(scores, phase_scores(scores), desk.marks(), here)
        self._show_here(scores.shape)
        self.next_button.setEnabled(here is not None)
        self._show_suggestions()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while the panel was folded away."""
        super().showEvent(event)
        self.refresh()

    def _show_here(self, shape: tuple[int, ...]) -> None:
        desk, here = self._workbench.next, self._workbench.next.here
        if here is None:
            self.here_label.setText("Open a scan first")
            self.here_label.setToolTip("")
            return
        name = name_slice(here, shape)
        self.here_label.setText(f"{name}: {desk.describe(here)}")
        self.here_label.setToolTip(f"{name}: {desk.explain(here)}")

    def _show_suggestions(self) -> None:
        desk = self._workbench.next.suggestions
        waiting, problem = len(desk.pending), desk.problem
        tip = _SUGGEST_TIP + (f"\nNot now: {problem}" if problem else "")
        self.suggest_button.setEnabled(not problem)
        self.suggest_button.setText("At work…" if desk.running else "Suggest")
        self.suggest_button.setToolTip(tip)
        self.suggest_button.setAccessibleDescription(tip)
        self.take_button.setEnabled(desk.here is not None)
        self._asking.setVisible(waiting == 0)
        self._deciding.setVisible(waiting > 0)
        self.take_all_button.setText(f"All {waiting}")

    def _make_reach(self) -> QComboBox:
        box = QComboBox()
        box.addItems([f"± {reach}" for reach in range(1, MAX_REACH + 1)])
        box.setCurrentIndex(DEFAULT_REACH - 1)
        box.setToolTip("How many phases to either side; in a scan of one phase, slices")
        box.setAccessibleName("Reach of suggestions in phases")
        return box

    def _refresh_soon(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _show_overlay(self, on: bool) -> None:
        self.overlay_box.blockSignals(True)
        self.overlay_box.setChecked(on)
        self.overlay_box.blockSignals(False)


def _beside(*widgets: QWidget) -> QWidget:
    owner = QWidget()
    owner.setLayout(row(*widgets))
    return owner
