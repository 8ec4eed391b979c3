"""The dock: all panels in one column that fits a laptop's screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QDialog,
    QFrame,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from napari_scribbleseg.widgets.accept_panel import AcceptPanel
from napari_scribbleseg.widgets.advanced_panel import AdvancedPanel
from napari_scribbleseg.widgets.class_panel import ClassPanel
from napari_scribbleseg.widgets.curve_panel import CurvePanel
from napari_scribbleseg.widgets.export_panel import ExportPanel
from napari_scribbleseg.widgets.folder_panel import FolderPanel
from napari_scribbleseg.widgets.help import RESEARCH_USE, AboutBox, CheatSheet
from napari_scribbleseg.widgets.keys import bind_keys, key_of
from napari_scribbleseg.widgets.licence_dialog import LicenceDialog
from napari_scribbleseg.widgets.message_strip import MessageStrip
from napari_scribbleseg.widgets.next_panel import NextPanel
from napari_scribbleseg.widgets.parts import Section, button, label, pile, row
from napari_scribbleseg.widgets.preview_panel import PreviewPanel
from napari_scribbleseg.widgets.results_panel import ResultsPanel
from napari_scribbleseg.widgets.scan_panel import ScanPanel
from napari_scribbleseg.widgets.style import palette_of, sheet
from napari_scribbleseg.widgets.train_panel import TrainPanel
from napari_scribbleseg.widgets.view_panel import ViewPanel

if TYPE_CHECKING:
    from napari_scribbleseg.qt.start_desk import StartChoice
    from napari_scribbleseg.qt.workbench import Workbench

WIDTH = 360
SETTLE_MS = 1500
"""So long after it was unfolded a section is brought into view whenever its height turns out to be another."""


class ScribbleDock(QWidget):
    """Everything that a person does beside drawing.

    Parameters
    ----------
    workbench : Workbench
        What the panels show and govern; it outlives the dock.
    """

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scribbleseg")
        self.workbench = workbench
        self._dialog: QDialog | None = None
        self._make_panels()
        self.messages = MessageStrip()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self._area = self._make_scroll_area()
        layout.addWidget(self._area, 1)
        layout.addWidget(self.messages)
        layout.addLayout(self._make_footer())
        workbench.noticed.connect(self.messages.show_notice)
        workbench.first_mask.licence_asked.connect(self.ask_licence)
        self.train_panel.start_panel.licence_needed.connect(self.ask_licence)
        self.results_panel.headlined.connect(self._headline_results)
        self._revealing = QTimer(self)
        self._revealing.setSingleShot(True)
        self._revealing.setInterval(SETTLE_MS)
        self.sections["results"].toggled.connect(lambda expanded: expanded and self._revealing.start())
        bar = self._area.verticalScrollBar()
        bar.rangeChanged.connect(lambda *_: self._revealing.isActive() and self._reveal_results())
        bar.actionTriggered.connect(lambda _action: self._revealing.stop())
        self.setMinimumWidth(WIDTH)
        self._leave_keys_to_the_canvas()
        self.recolour()
        self._follow_viewer()

    def sizeHint(self) -> QSize:
        """Return a width that leaves most of a laptop's screen to the image."""
        return QSize(WIDTH, 680)

    def recolour(self, _event: object = None) -> None:
        """Take the colours of napari's theme."""
        palette = palette_of(self.workbench.viewer)
        self.setStyleSheet(sheet(palette))
        for section in self.sections.values():
            section.recolour(palette)
        self.scan_panel.recolour(palette)
        self.class_panel.recolour(palette.foreground, palette.secondary)
        self.next_panel.recolour(palette)
        self.curve_panel.recolour(palette)
        self.results_panel.recolour(palette)

    def show_cheat_sheet(self) -> None:
        """Show all keys."""
        self._open(CheatSheet(self))

    def show_about(self) -> None:
        """Show what this is and whose method it is."""
        self._open(AboutBox(palette_of(self.workbench.viewer).link, self))

    def ask_licence(self, choice: StartChoice | None = None) -> None:
        """Show the licence of the weights that come with the program; once accepted, `choice` is what is begun with."""
        starts = self.workbench.starts
        dialog = LicenceDialog(*starts.licence_texts(), self)

        def use() -> None:
            starts.accept_licence()
            if choice is not None:
                starts.choose(choice)

        dialog.accepted.connect(use)
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        self._open(dialog)

    def _open(self, dialog: QDialog) -> None:
        if self._dialog is not None:
            self._dialog.close()
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._forget_dialog)
        self._dialog = dialog
        dialog.show()

    def _forget_dialog(self, _result: int) -> None:
        # Not when it is destroyed: an answered dialog is gone before anybody can be told which one it was.
        self._dialog = None

    def _headline_results(self, text: str) -> None:
        self.sections["results"].setText(f"Results: {text}" if text else "Results")

    def _reveal_results(self) -> None:
        section, bar = self.sections["results"], self._area.verticalScrollBar()
        bottom = section.geometry().bottom() - self._area.viewport().height()
        # As little as is needed, but never beyond its own title.
        bar.setValue(min(max(bar.value(), bottom), section.y()))

    def _make_panels(self) -> None:
        workbench = self.workbench
        self.scan_panel = ScanPanel(workbench)
        self.class_panel = ClassPanel(workbench)
        self.preview_panel = PreviewPanel(workbench)
        self.advanced_panel = AdvancedPanel(workbench)
        self.train_panel = TrainPanel(workbench, self.advanced_panel.settings)
        self.advanced_panel.connect_trainer(self.train_panel)
        self.next_panel = NextPanel(workbench)
        self.curve_panel = CurvePanel(workbench)
        self.accept_panel = AcceptPanel(workbench)
        self.results_panel = ResultsPanel(workbench)
        self.view_panel = ViewPanel(workbench)
        self.export_panel = ExportPanel(workbench)
        self.folder_panel = FolderPanel(workbench)
        self.sections = {
            "scan": Section("Scan", self.scan_panel),
            "draw": Section("Draw", pile(self.class_panel, self.preview_panel)),
            "train": Section("Train", self.train_panel),
            "next": Section("Next", self.next_panel),
            "curves": Section("Curves", self.curve_panel, expanded=False),
            "mask": Section("Mask", self.accept_panel),
            "results": Section("Results", self.results_panel, expanded=False),
            "export": Section("Export", pile(self.export_panel, self.folder_panel)),
            "view": Section("View", self.view_panel, expanded=False),
            "advanced": Section("Advanced", self.advanced_panel, expanded=False),
        }

    def _make_scroll_area(self) -> QScrollArea:
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(6, 0, 6, 4)
        layout.setSpacing(2)
        for section in self.sections.values():
            layout.addWidget(section)
        layout.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        return area

    def _make_footer(self) -> QVBoxLayout:
        self.keys_button = button("Keys", f"Show all keys  ({key_of('help')})", self.show_cheat_sheet, "flat")
        self.about_button = button("About", "Version, licence, citation", self.show_about, "flat")
        disclaimer = label(RESEARCH_USE, "small")
        for made in (self.keys_button, self.about_button):
            made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        line = row(disclaimer, self.keys_button, self.about_button, stretch=0)
        line.setContentsMargins(8, 0, 6, 2)
        return line

    def _leave_keys_to_the_canvas(self) -> None:
        # A clicked button that keeps the focus would take the arrow keys, a spin box all letters. Tab still gets there.
        for widget in (*self.findChildren(QAbstractButton), *self.findChildren(QSlider)):
            if widget.focusPolicy() == Qt.FocusPolicy.StrongFocus:
                widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for box in self.findChildren(QAbstractSpinBox):
            box.editingFinished.connect(box.clearFocus)

    def _follow_viewer(self) -> None:
        viewer = self.workbench.viewer
        recolour = self.recolour
        viewer.events.theme.connect(recolour)
        actions = {
            "preview": self.preview_panel.preview,
            "train": self.train_panel.toggle,
            "suggest": self.next_panel.suggest,
            "help": self.show_cheat_sheet,
        }
        unbind = bind_keys(viewer, self.workbench, actions)

        def let_go() -> None:
            viewer.events.theme.disconnect(recolour)
            unbind()

        # A plain function: when `destroyed` comes, the dock's own methods can no longer be called.
        self.destroyed.connect(let_go)
