"""See at once what systems without training make of the strokes, before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QSizePolicy, QStackedWidget, QWidget

from napari_scribbleseg.qt.preview_systems import DEFAULT_SYSTEM
from napari_scribbleseg.qt.values import PreviewSystem
from napari_scribbleseg.widgets.keys import key_of
from napari_scribbleseg.widgets.parts import button, column, line, row

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_scribbleseg.qt.workbench import Workbench

_TIP = "Segment this phase from its strokes at once, without training; the mask layer stays as it is"


class PreviewPanel(QWidget):
    """One button, and beside it the choice of systems or the reason why there can be no preview now."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._systems = [DEFAULT_SYSTEM]
        self._listed = False
        self.button = button("Instant preview", "", self.preview)
        self.system_combo = self._make_combo()
        self.reason_label = line()
        self._side = QStackedWidget()
        self._side.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._side.addWidget(self.system_combo)
        self._side.addWidget(self.reason_label)
        column(self, row(self.button, self._side, stretch=1))
        self._fill()
        workbench.preview.changed.connect(self.refresh)
        self.refresh()

    def preview(self) -> None:
        """Make a preview with the chosen system; whatever is in the way becomes a message."""
        self._workbench.preview.start(self._systems[self.system_combo.currentIndex()])

    def refresh(self) -> None:
        """Show whether there can be a preview now, and if not, why."""
        problem = self._workbench.preview.problem
        tip = f"{_TIP}  ({key_of('preview')})" + (f"\nNot now: {problem}" if problem else "")
        self.button.setEnabled(not problem)
        self.button.setToolTip(tip)
        self.button.setAccessibleDescription(tip)
        self.reason_label.setText(problem)
        self._side.setCurrentWidget(self.reason_label if problem else self.system_combo)

    def showEvent(self, event: QShowEvent) -> None:
        """List the systems on first sight, so that start-up does not wait for them."""
        super().showEvent(event)
        if not self._listed:
            self._listed = True
            self._systems = self._workbench.preview.systems()
            self._fill()

    def _fill(self) -> None:
        self.system_combo.clear()
        for index, system in enumerate(self._systems):
            self.system_combo.addItem(system.name)
            self.system_combo.setItemData(index, _source(system), Qt.ItemDataRole.ToolTipRole)
        self.system_combo.setToolTip("\n".join(["How the strokes become a mask", *map(_source, self._systems)]))

    def _make_combo(self) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName("System of the instant preview")
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(10)
        combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # Letters are keys of the dock, not of the list that was used last.
        combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return combo


def _source(system: PreviewSystem) -> str:
    return f"{system.title} ({system.reference})" if system.reference else system.title
