"""Which scan is worked on, which others the session holds, and where the session is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QMenu,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from napari_scribbleseg.io.names import is_nifti
from napari_scribbleseg.qt.slice_overlay import is_overlay
from napari_scribbleseg.widgets import dialogs
from napari_scribbleseg.widgets.parts import button, chevron, column, line, row
from napari_scribbleseg.widgets.sentences import scan_details
from napari_scribbleseg.widgets.series_dialog import ask_series

if TYPE_CHECKING:
    from napari.layers import Image
    from qtpy.QtGui import QDragEnterEvent, QDropEvent

    from napari_scribbleseg.qt.workbench import Workbench
    from napari_scribbleseg.widgets.style import Palette

_ROWS_SHOWN = 3


class ScanPanel(QWidget):
    """Open scans, choose among them, and save or reopen the session."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self.open_button = button(
            "Open scan…", "Open a cine or a volume: NIfTI (.nii, .nii.gz), or a file of a DICOM series", self.open_scan
        )
        self.dicom_button = button(
            "DICOM…", "Open a DICOM folder; where it holds several series, you choose one", self.open_dicom
        )
        self.sample_button = button(
            "Sample", "Open the built-in synthetic cine: 10 slices, 20 phases", workbench.open_sample
        )
        self.layer_combo = self._make_layer_combo()
        self.scan_list = self._make_list()
        self.session_label = line()
        self.session_menu_button = self._make_session_menu()
        column(
            self,
            row(self.open_button, self.dicom_button, self.sample_button),
            self.layer_combo,
            self.scan_list,
            row(self.session_label, self.session_menu_button, stretch=0),
        )
        self.setAcceptDrops(True)
        workbench.scans_changed.connect(self.refresh)
        workbench.scan_shown.connect(self.refresh)
        workbench.session_changed.connect(self._show_session)
        layers = workbench.viewer.layers.events
        layers.inserted.connect(self.refresh_layers)
        layers.removed.connect(self.refresh_layers)
        self.destroyed.connect(lambda: _disconnect(layers, refresh))
        refresh = self.refresh_layers
        self.refresh()
        path = workbench.session_path
        self._show_session(str(path) if path else "")

    def open_scan(self) -> None:
        """Ask for a scan and open it."""
        path = dialogs.ask_open_file(self, "Open a cine or a volume", dialogs.SCANS)
        if path is not None:
            self._workbench.open_scan(path)

    def open_dicom(self) -> None:
        """Ask for a folder and open a DICOM series of it."""
        folder = dialogs.ask_folder(self, "Open a DICOM folder")
        if folder is not None:
            self.open_folder(folder)

    def open_folder(self, folder: Path) -> None:
        """Open the DICOM series of a folder, or the one of several that a person chooses."""
        series = self._workbench.list_series(folder)
        path = ask_series(self, series) if series else None
        if path is not None:
            self._workbench.open_scan(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Welcome files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open what was dropped: folders as DICOM, files as scans; many files of one series open it once."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        opened: set[Path] = set()
        for path in paths:
            if path.is_dir():
                self.open_folder(path)
            elif is_nifti(path) or path.parent not in opened:
                self._workbench.open_scan(path)
                opened |= set() if is_nifti(path) else {path.parent}

    def refresh(self, _case: str = "") -> None:
        """Show the worklist as it is now."""
        scans = self._workbench.scans()
        self.scan_list.blockSignals(True)
        self.scan_list.clear()
        for scan in scans:
            item = QTreeWidgetItem([scan.title or scan.case, scan.state])
            item.setData(0, Qt.ItemDataRole.UserRole, scan.case)
            details = scan_details(scan.shape, scan.n_strokes, scan.n_accepted)
            item.setToolTip(0, f"{scan.title or scan.case}: {details}")
            item.setToolTip(1, details)
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.scan_list.addTopLevelItem(item)
            if scan.case == self._workbench.shown_case:
                self.scan_list.setCurrentItem(item)
        self.scan_list.blockSignals(False)
        self._fit_list(len(scans))
        self.refresh_layers()

    def refresh_layers(self, _event: object = None) -> None:
        """Offer the image layers that something else opened."""
        names = [layer.name for layer in self._foreign_layers()]
        self.layer_combo.blockSignals(True)
        self.layer_combo.clear()
        self.layer_combo.addItem("Use an image layer…")
        self.layer_combo.addItems(names)
        self.layer_combo.blockSignals(False)
        self.layer_combo.setVisible(bool(names))

    def _foreign_layers(self) -> list[Image]:
        from napari.layers import Image

        own = self._workbench.layer("image")
        images = [layer for layer in self._workbench.viewer.layers if isinstance(layer, Image) and layer is not own]
        return [layer for layer in images if not is_overlay(layer)]

    def _use_layer(self, index: int) -> None:
        foreign = self._foreign_layers()
        if 0 < index <= len(foreign):
            self._workbench.use_layer(foreign[index - 1])
        self.refresh_layers()

    def _show_clicked(self) -> None:
        item = self.scan_list.currentItem()
        if item is not None:
            case = item.data(0, Qt.ItemDataRole.UserRole)
            if case != self._workbench.shown_case:
                self._workbench.show_scan(case)

    def _show_session(self, path: str) -> None:
        name = path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
        self.session_label.setText(f"Session: {name}" if name else "No session yet")
        self.session_label.setToolTip(path or "A session starts with the first scan and saves itself")
        self.save_as_action.setEnabled(bool(name))

    def recolour(self, palette: Palette) -> None:
        """Take the colours of a theme."""
        self.session_menu_button.setIcon(chevron(palette.dim, down=True))

    def save_as(self) -> None:
        """Ask for a folder and copy the session there."""
        path = dialogs.ask_new_folder(self, "Save the session as a folder", "my-session")
        if path is not None:
            self._workbench.save_session_as(path)

    def open_session(self) -> None:
        """Ask for a session folder and open it."""
        path = dialogs.ask_folder(self, "Open a session folder")
        if path is not None:
            self._workbench.open_session(path)

    def _make_list(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setColumnCount(2)
        tree.setHeaderHidden(True)
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setAccessibleName("Scans of this session")
        tree.setToolTip("The scans of this session; click one to show it")
        tree.currentItemChanged.connect(lambda *_: self._show_clicked())
        return tree

    def _fit_list(self, n_scans: int) -> None:
        height = self.scan_list.sizeHintForRow(0) if n_scans else 0
        self.scan_list.setFixedHeight(max(1, min(n_scans, _ROWS_SHOWN)) * max(height, 18) + 6)
        self.scan_list.setVisible(n_scans > 0)

    def _make_layer_combo(self) -> QComboBox:
        combo = QComboBox()
        combo.setToolTip("Segment an image layer that is already in napari")
        combo.setAccessibleName("Image layer to segment")
        combo.activated.connect(self._use_layer)
        return combo

    def _make_session_menu(self) -> QToolButton:
        menu_button = QToolButton()
        menu_button.setText("Session")
        menu_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        menu_button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        menu_button.setToolTip("Save this session under another name, or open another")
        menu_button.setAccessibleName("Session")
        menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(menu_button)
        self.save_as_action = menu.addAction("Save as…", self.save_as)
        self.open_session_action = menu.addAction("Open…", self.open_session)
        self.reopen_action = menu.addAction("Reopen last", lambda: self._workbench.reopen_last())
        menu_button.setMenu(menu)
        return menu_button


def _disconnect(layers: object, callback: object) -> None:
    layers.inserted.disconnect(callback)  # type: ignore[attr-defined]
    layers.removed.disconnect(callback)  # type: ignore[attr-defined]
