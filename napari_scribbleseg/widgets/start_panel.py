"""What the next training begins with, and on which scans' strokes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QWidget

from napari_scribbleseg.types import RunState
from napari_scribbleseg.widgets import dialogs
from napari_scribbleseg.widgets.parts import column, label, row

if TYPE_CHECKING:
    from napari_scribbleseg.qt.start_desk import StartChoice
    from napari_scribbleseg.qt.workbench import Workbench

ALL_SCANS, THIS_SCAN = "the strokes of all scans", "the strokes of this scan"
FILE = "Weights file…"
_TITLE_WIDTH = 78
_FREE = (RunState.IDLE, RunState.FINISHED)


class StartPanel(QWidget):
    """A list of weights; once strokes lie on several scans, the choice between all of them and the one on screen."""

    licence_needed = Signal(object)
    """`StartChoice` of weights whose licence must be accepted first."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._choices: list[StartChoice] = []
        self.combo = _combo("Start from", "What the next run begins with; pretrained weights know hearts already")
        self.scope_combo = _combo("Learn from", "The strokes of all scans of the session, or of the one on screen")
        self.scope_combo.addItems((ALL_SCANS, THIS_SCAN))
        self._scope = QWidget()
        self._scope.setLayout(_titled(self.scope_combo))
        column(self, _titled(self.combo), self._scope).setContentsMargins(0, 0, 0, 0)
        self.combo.activated.connect(self._choose)
        workbench.starts.changed.connect(self.refresh)
        workbench.state_changed.connect(self._on_state)
        workbench.scans_changed.connect(self._show_scope)
        self.refresh()
        self._show_scope()

    @property
    def only_shown(self) -> bool:
        """Return whether to learn from the scan on screen alone."""
        return self._scope.isVisibleTo(self) and self.scope_combo.currentText() == THIS_SCAN

    def refresh(self) -> None:
        """List what there is to begin with."""
        starts = self._workbench.starts
        self._choices = starts.choices()
        self.combo.clear()
        for choice in self._choices:
            self.combo.addItem(choice.title)
        self.combo.insertSeparator(len(self._choices))
        self.combo.addItem(FILE)
        chosen = starts.chosen
        self.combo.setCurrentIndex(next((i for i, c in enumerate(self._choices) if c == chosen), -1))

    def _choose(self, index: int) -> None:
        starts = self._workbench.starts
        if index >= len(self._choices):
            path = dialogs.ask_weights_file(self)
            if path is not None:
                starts.choose_file(path)
        elif not starts.choose(self._choices[index]):
            self.licence_needed.emit(self._choices[index])
        self.refresh()

    def _show_scope(self) -> None:
        drawn_on = sum(scan.n_strokes > 0 for scan in self._workbench.scans())
        self._scope.setVisible(drawn_on > 1)

    def _on_state(self, _change: object) -> None:
        free = self._workbench.state in _FREE
        self.combo.setEnabled(free)
        self.scope_combo.setEnabled(free)


def _titled(combo: QComboBox) -> QHBoxLayout:
    title = label(combo.accessibleName())
    title.setBuddy(combo)
    title.setMinimumWidth(_TITLE_WIDTH)
    return row(title, combo, stretch=1)


def _combo(name: str, tip: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(tip)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    # Letters are keys of the dock, not of the list that was used last.
    combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return combo
