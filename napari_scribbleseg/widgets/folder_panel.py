"""Masks for a whole folder of scans, with the weights at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QProgressBar, QSizePolicy, QWidget

from napari_scribbleseg.widgets import dialogs
from napari_scribbleseg.widgets.parts import button, column, line, row
from napari_scribbleseg.widgets.sentences import folder_sentence

if TYPE_CHECKING:
    from napari_scribbleseg.qt.workbench import Workbench

_STEPS_PER_SCAN = 100
_TIP = "Segment every scan of a folder with the weights chosen above; each mask gets a JSON file beside it"


class FolderPanel(QWidget):
    """One button; while a folder is being segmented, how far it is and a button that stops it."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self.button = button("Apply to folder…", _TIP, self.apply)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress through the folder")
        self.bar.setToolTip("How far the folder is")
        self.name_label = line()
        self.cancel_button = button("Cancel", "Stop; masks that are written stay", workbench.folder.cancel)
        self.cancel_button.setAccessibleName("Cancel the folder")
        self.cancel_button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._progress = self._make_progress()
        column(self, self.button, self._progress)
        workbench.folder.changed.connect(self.refresh)
        self.refresh()

    def apply(self) -> None:
        """Ask for the folders and begin; whatever is in the way becomes a message."""
        source = dialogs.ask_folder(self, "Segment all scans in this folder")
        target = dialogs.ask_folder(self, "Write the masks to this folder") if source is not None else None
        if source is not None and target is not None:
            self._workbench.folder.start(source, target)

    def refresh(self) -> None:
        """Show how far it is, or whether it can begin."""
        folder = self._workbench.folder
        self.button.setVisible(not folder.running)
        self._progress.setVisible(folder.running)
        problem = "" if folder.running else folder.problem
        self.button.setEnabled(not problem)
        self.button.setToolTip(f"{_TIP}\nNot now: {problem}" if problem else _TIP)
        progress = folder.progress
        self.bar.setRange(0, max(progress.total, 1) * _STEPS_PER_SCAN)
        self.bar.setValue(round(progress.done * _STEPS_PER_SCAN))
        self.name_label.setText(folder_sentence(int(progress.done), progress.total, progress.name))

    def _make_progress(self) -> QWidget:
        page = QWidget()
        text = QWidget()
        column(text, self.name_label, self.bar).setContentsMargins(0, 0, 0, 0)
        column(page, row(text, self.cancel_button, stretch=0)).setContentsMargins(0, 0, 0, 0)
        return page
