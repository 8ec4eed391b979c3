"""Which DICOM series of a folder to open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from napari_scribbleseg.widgets.parts import label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_scribbleseg.io.dicom import SeriesSummary

_COLUMNS = ("Series", "Description", "Slices", "Phases", "Size", "Note")
_DESCRIPTION, _NOTE = 1, 5
_LONGEST_PX = 240
_PADDING_PX = 12


class SeriesDialog(QDialog):
    """A table of series, the likeliest chosen; those that cannot be opened are grey and say why.

    Parameters
    ----------
    series : from `list_series`: cines first
    """

    def __init__(self, series: Sequence[SeriesSummary], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._series = list(series)
        self.setWindowTitle("Choose a series")
        self.resize(760, 360)
        self.tree = self._make_tree()
        standard = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(standard.Open | standard.Cancel)
        for made in self.buttons.buttons():
            made.setIcon(QIcon())  # some styles' icons suit no theme
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(label("This folder holds several series. Which one shall be opened?", wrap=True))
        layout.addWidget(self.tree)
        layout.addWidget(self.buttons)
        self.tree.currentItemChanged.connect(lambda *_: self._refresh())
        self.tree.itemDoubleClicked.connect(lambda *_: self.accept())
        self._choose_first()
        self._refresh()

    @property
    def chosen(self) -> Path | None:
        """Return the path of the series that is marked; None where it cannot be opened."""
        item = self.tree.currentItem()
        series = self._series[self.tree.indexOfTopLevelItem(item)] if item is not None else None
        return series.path if series is not None and not series.problem else None

    def accept(self) -> None:
        """Close with a choice, where there is one."""
        if self.chosen is not None:
            super().accept()

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setHeaderLabels(list(_COLUMNS))
        tree.setRootIsDecorated(False)
        tree.setWordWrap(True)  # a note is a sentence or two
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setAccessibleName("Series of this folder")
        tree.setToolTip("Series of this folder: cines first, the largest first")
        for series in self._series:
            tree.addTopLevelItem(_item(series))
        tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        # A protocol with a long name must not push the notes out of sight.
        tree.header().setSectionResizeMode(_DESCRIPTION, QHeaderView.ResizeMode.Interactive)
        wanted = max((tree.fontMetrics().horizontalAdvance(series.description) for series in self._series), default=0)
        tree.setColumnWidth(_DESCRIPTION, max(100, min(wanted + 2 * _PADDING_PX, _LONGEST_PX)))
        tree.header().setSectionResizeMode(_NOTE, QHeaderView.ResizeMode.Stretch)
        tree.header().sectionResized.connect(lambda *_: _fit_rows(tree))
        return tree

    def _choose_first(self) -> None:
        first = next((i for i, series in enumerate(self._series) if not series.problem), None)
        if first is not None:
            self.tree.setCurrentItem(self.tree.topLevelItem(first))

    def _refresh(self) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Open).setEnabled(self.chosen is not None)


def _fit_rows(tree: QTreeWidget) -> None:
    """Give each row the height that its note needs; a tree does not do it for wrapped text."""
    probe, width = label(wrap=True), max(tree.columnWidth(_NOTE) - _PADDING_PX, 1)
    probe.setFont(tree.font())
    for item in (tree.topLevelItem(row) for row in range(tree.topLevelItemCount())):
        probe.setText(item.text(_NOTE))
        item.setSizeHint(_NOTE, QSize(1, probe.heightForWidth(width) + _PADDING_PX // 2))


def _item(series: SeriesSummary) -> QTreeWidgetItem:
    note = series.problem or " ".join(series.warnings)
    counts = ("", "") if series.problem else (str(series.n_slices), str(series.n_phases))
    number = "" if series.number is None else str(series.number)
    item = QTreeWidgetItem([number, series.description, *counts, f"{series.columns} × {series.rows}", note])
    for column in range(len(_COLUMNS)):
        item.setToolTip(column, series.description if column == _DESCRIPTION else note or series.description)
    if series.problem:
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
    return item


def ask_series(parent: QWidget, series: Sequence[SeriesSummary]) -> Path | None:
    """Return the path of the only series, or of the one that a person chooses; None where nobody does."""
    if len(series) == 1:
        return series[0].path
    dialog = SeriesDialog(series, parent)
    return dialog.chosen if dialog.exec() else None
