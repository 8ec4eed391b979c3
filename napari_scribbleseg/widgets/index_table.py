"""The table of indices: left and right ventricle, each beside its value for the size of the body."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from napari_scribbleseg.api.report.content import HEADS, Row
from napari_scribbleseg.api.report.wording import UNKNOWN
from napari_scribbleseg.widgets.parts import label

_INDEXED = (2, 3)
_TIPS = {
    "EDV": "End-diastolic volume: pixels × pixel area × distance between slices, summed over the slices that count",
    "ESV": "End-systolic volume",
    "SV": "Stroke volume, EDV − ESV",
    "EF": "Ejection fraction, SV / EDV",
    "Mass": "Myocardial volume at end-diastole × 1.05 g/mL",
    "CO": "Cardiac output, SV × heart rate; divided by the body surface, the cardiac index",
}
_SLOTS = ("EDV", "ESV", "SV", "EF", "CO", "Mass")
_WHERE_KNOWN = ("CO",)
"""Takes no room while no heart rate is known."""


class IndexTable(QWidget):
    """Shows rows; its own rows stay in place, so that nothing jumps while numbers come in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(1)
        self._headings = [self._cell(0, column + 1, text, "dim") for column, text in enumerate(HEADS)]
        self._names = [self._name(line) for line in range(len(_SLOTS))]
        columns = range(len(HEADS))
        self.cells = [[self._cell(line + 1, c + 1, "", _role(line, c)) for c in columns] for line in range(len(_SLOTS))]
        for column in range(1, len(HEADS) + 1):
            self._grid.setColumnStretch(column, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Table of results")
        self.show_rows(())

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show rows; those that are missing stay empty."""
        found = {row.short or "Mass": row for row in rows}
        indexed = any(row.lv_indexed not in ("", UNKNOWN) for row in rows)
        for column, heading in enumerate(self._headings):
            heading.setVisible(indexed or column not in _INDEXED)
        for line, name in enumerate(_SLOTS):
            self._show_row(line, name, found.get(name), indexed)

    def _show_row(self, line: int, name: str, row: Row | None, indexed: bool) -> None:
        known = row is not None and row.lv != UNKNOWN
        shown = known or name not in _WHERE_KNOWN
        self._names[line].setText(f"{name}  {row.unit}" if row is not None else name)
        self._names[line].setVisible(shown)
        texts = row.cells if row is not None else (UNKNOWN, UNKNOWN if name != "Mass" else "", "", "")
        for column, cell in enumerate(self.cells[line]):
            cell.setText(texts[column])
            cell.setVisible(shown and (indexed or column not in _INDEXED))

    def text(self, name: str, column: int = 0) -> str:
        """Return what stands in a cell."""
        return self.cells[_SLOTS.index(name)][column].text()

    def _name(self, line: int) -> QLabel:
        made = label(_SLOTS[line], "dim")
        made.setToolTip(_TIPS[_SLOTS[line]])
        self._grid.addWidget(made, line + 1, 0)
        return made

    def _cell(self, line: int, column: int, text: str = "", role: str = "") -> QLabel:
        made = label(text, role)
        made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(made, line, column)
        return made


def _role(line: int, column: int) -> str:
    if column in _INDEXED:
        return "dim"
    return "strong" if _SLOTS[line] == "EF" else ""
