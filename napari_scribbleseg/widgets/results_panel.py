"""Results: indices, volumes over time, wall thickness, what to check, and the report."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QApplication, QCheckBox, QComboBox, QWidget

from napari_scribbleseg.api.report.content import list_rows
from napari_scribbleseg.qt.results_table import as_text, headline, phase_text, so_far
from napari_scribbleseg.widgets import dialogs
from napari_scribbleseg.widgets.body_form import BodyForm
from napari_scribbleseg.widgets.bulls_eye import BullsEyePlot
from napari_scribbleseg.widgets.index_table import IndexTable
from napari_scribbleseg.widgets.keys import key_of
from napari_scribbleseg.widgets.parts import AnswerLabel, button, column, label, line, row, stack
from napari_scribbleseg.widgets.slice_switch import SliceSwitch, SwitchRow
from napari_scribbleseg.widgets.volume_curve import VolumeCurve

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_scribbleseg.cardiac.measurement import Flag, Measurement
    from napari_scribbleseg.qt.workbench import Workbench
    from napari_scribbleseg.widgets.style import Palette

REFRESH_MS = 60
_DIALS = ("ED wall, mm", "ES wall, mm", "Thickening, %")


class ResultsPanel(QWidget):
    """Shows what is measured, leads to frames, and hands on what a person decides about it."""

    headlined = Signal(str)
    """The result in a few words; "" where there is none."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench, self._desk = workbench, workbench.results
        self._headline = ""
        self._warning = self._dim = self._link = "#888888"
        self.source_label = line()
        self.table = IndexTable()
        self.curve = VolumeCurve()
        self.curve.asked.connect(lambda t: self._desk.go_to(t))
        self.phases_label = line()
        self._make_choices()
        self.bulls_eye = BullsEyePlot()
        self.dial_combo = self._make_dials()
        self.switch = SliceSwitch()
        self.switch.toggled.connect(self._switch_slice)
        self.body = BodyForm(self._desk)
        self.flags_label = label("", "", wrap=True)
        self._make_files()
        self._lay_out()
        # A sweep measures a few times a second, and playing moves many times: the panel follows at the eye's pace.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._desk.changed.connect(self._on_change)
        self._desk.moved.connect(self._show_here)
        workbench.report.changed.connect(self._show_report)
        workbench.report.written.connect(self._say_report)
        workbench.scan_shown.connect(lambda _case: self._say(""))
        self.refresh()

    def recolour(self, palette: Palette) -> None:
        """Take the colours of a theme."""
        self._warning, self._dim, self._link = palette.warning, palette.dim, palette.link
        for plot in (self.curve, self.bulls_eye, self.switch):
            plot.recolour(palette)
        self._show_flags()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while the panel was folded away."""
        super().showEvent(event)
        self.refresh()

    # what is shown -----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show everything as it is now."""
        found = self._certain
        self._show_source()
        self.table.show_rows(list_rows(found) if found is not None else ())
        self._show_phases(found)
        self._show_bulls_eye()
        self._show_slices(found)
        self.body.refresh(found.heart_rate_bpm if found is not None else None)
        self._show_flags()
        self._show_report()
        for made in (self.copy_button, self.csv_button):
            made.setEnabled(found is not None)
        self._show_here()

    @property
    def _certain(self) -> Measurement | None:
        return self._desk.results.certain

    def _on_change(self) -> None:
        text = headline(self._desk.results)
        if text != self._headline:
            self._headline = text
            self.headlined.emit(text)
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _show_source(self) -> None:
        results = self._desk.results
        coverage = results.coverage
        text = coverage.sentence if results.case else "Open a scan first"
        tip = text
        if results.problem:
            text = tip = results.problem
        elif results.measurement is not None and results.certain is None:
            text = f"{so_far(coverage)}: numbers follow"
            tip = f"{tip}. ED and ES are certain once all phases are there, or you choose both."
        self.source_label.setText(text)
        self.source_label.setToolTip(tip)

    def _show_phases(self, found: Measurement | None) -> None:
        several = self._desk.shape[0] > 1
        for made in (self.curve, self.phases_label, self.ed_button, self.es_button, self.find_button):
            made.setVisible(several)
        measured = self._desk.results.measurement
        phases = found.phases if found is not None else None
        self.curve.show_curves(measured.curves if measured is not None else None, phases)
        parts = []
        if phases is not None:
            parts = [phase_text("ED", phases.ed, phases.ed_source), phase_text("ES", phases.es, phases.es_source)]
        text = "     ".join(parts) or "ED and ES follow"
        self.phases_label.setText(text)
        self.phases_label.setToolTip(text)
        choices = self._desk.choices
        self.find_button.setEnabled(choices.ed is not None or choices.es is not None)

    def _show_bulls_eye(self) -> None:
        found = self._certain
        self.bulls_eye.show_values(found.bulls_eye if found is not None else None, self.dial_combo.currentIndex())

    def _show_slices(self, found: Measurement | None) -> None:
        rows = []
        if found is not None:
            names = {found.phases.es: "ES", found.phases.ed: "ED"}
            for t in sorted(names, key=lambda t: names[t]):
                at = [(z, counts) for phase, z, counts in found.slices if phase == t]
                left_out = frozenset(z for z, counts in at if not counts)
                rows.append(SwitchRow(names[t], t, frozenset(z for z, _ in at), left_out))
        self.switch.show_rows(rows, self._desk.shape[1], self._desk.here)

    def _show_here(self) -> None:
        if not self.isVisible():
            return
        here = self._desk.here
        self.curve.show_phase(here[0] if here is not None else -1)
        self.switch.show_here(here)
        self.count_box.blockSignals(True)
        self.count_box.setEnabled(here is not None)
        self.count_box.setChecked(here is not None and self._desk.counts(here))
        self.count_box.blockSignals(False)

    def _show_flags(self) -> None:
        found = self._certain
        flags = sorted(found.flags, key=lambda flag: flag.severity != "warning") if found is not None else []
        self.flags_label.setText("".join(self._flag_line(flag) for flag in flags))
        self.flags_label.setVisible(bool(flags))

    def _flag_line(self, flag: Flag) -> str:
        colour = self._warning if flag.severity == "warning" else self._dim
        return f'<p style="margin:1px 0"><span style="color:{colour}">●</span>&nbsp;{escape(flag.text)}</p>'

    def _show_report(self) -> None:
        desk = self._workbench.report
        tip = "Write one page as HTML and PDF, and all numbers as JSON and CSV, to a folder"
        self.report_button.setText("Writing…" if desk.running else "Report…")
        self.report_button.setEnabled(not desk.problem)
        self.report_button.setToolTip(f"{tip}\nNot now: {desk.problem}" if desk.problem else tip)

    # what a person does ------------------------------------------------------------------------------------------

    def copy(self) -> None:
        """Put the table on the clipboard."""
        found = self._certain
        if found is not None:
            QApplication.clipboard().setText(as_text(found, self._desk.results.coverage.sentence))
            self._say("The table is on the clipboard; paste it into a spreadsheet.")

    def export_csv(self) -> None:
        """Ask where to and write the numbers."""
        path = dialogs.ask_csv_file(self, f"{self._stem()}_indices.csv")
        anonymise = self.anonymise_box.isChecked()
        written = self._workbench.report.export_csv(path, anonymise) if path is not None else None
        if written is not None:
            self._say(f"Numbers written to {written.name}.")

    def write_report(self) -> None:
        """Ask where to and write the report."""
        path = dialogs.ask_new_folder(self, "Write the report to a folder", f"{self._stem()}_report")
        if path is not None and self._workbench.report.start(path, anonymise=self.anonymise_box.isChecked()):
            self._say("The report is being written…")

    def _switch_slice(self, t: int, z: int) -> None:
        """Show the slice that was clicked, and switch it where there is something to switch."""
        self._desk.go_to(t, z)
        found = self._certain
        if found is not None and any((phase, position) == (t, z) for phase, position, _ in found.slices):
            self._desk.toggle_slice((t, z))

    def _say_report(self, files: Any) -> None:
        address = files.html.absolute().as_uri()
        link = f'<a style="color: {self._link}" href="{address}">{escape(files.html.name)}</a>'
        folder = escape(files.html.parent.name)
        self.result_label.say(f"Report written to {folder}: open {link}", asked=False)

    def _say(self, text: str) -> None:
        self.result_label.say(text)

    def _stem(self) -> str:
        scan = next((s for s in self._workbench.scans() if s.case == self._workbench.shown_case), None)
        name = (scan.title or scan.case) if scan else "scan"
        return name.removesuffix(".gz").removesuffix(".nii")

    # widgets -----------------------------------------------------------------------------------------------------

    def _make_choices(self) -> None:
        desk = self._desk
        self.ed_button = button("ED here", f"Take this phase for end-diastole  ({key_of('ed_here')})")
        self.es_button = button("ES here", f"Take this phase for end-systole  ({key_of('es_here')})")
        self.find_button = button("Find", "Take the phases of the largest and smallest LV volume again")
        self.find_button.setAccessibleName("Find end-diastole and end-systole")
        self.ed_button.clicked.connect(lambda _checked=False: desk.choose_phase("ed"))
        self.es_button.clicked.connect(lambda _checked=False: desk.choose_phase("es"))
        self.find_button.clicked.connect(lambda _checked=False: desk.find_phases())
        self.count_box = QCheckBox("Counts")
        self.count_box.setToolTip(f"Whether this slice counts in this phase  ({key_of('slice_counts')})")
        self.count_box.toggled.connect(lambda _on: desk.toggle_slice())

    def _make_dials(self) -> QComboBox:
        combo = QComboBox()
        combo.addItems(_DIALS)
        combo.setToolTip("What the bull's-eye shows; point at a segment for all its numbers")
        combo.setAccessibleName("What the bull's-eye shows")
        combo.currentIndexChanged.connect(lambda _index: self._show_bulls_eye())
        return combo

    def _make_files(self) -> None:
        self.report_button = button("Report…", "", self.write_report)
        self.anonymise_box = QCheckBox("No names")
        self.anonymise_box.setToolTip("Name no file in the report and the CSV")
        self.copy_button = button("Copy", "Put the table on the clipboard, for a spreadsheet", self.copy)
        self.copy_button.setAccessibleName("Copy the table")
        self.csv_button = button("CSV…", "Write all numbers to a CSV file", self.export_csv)
        self.result_label = AnswerLabel()
        self.result_label.setOpenExternalLinks(True)

    def _lay_out(self) -> None:
        beside = QWidget()
        side = column(beside, self.dial_combo, self.switch, self.body)
        side.setContentsMargins(0, 0, 0, 0)
        side.addStretch(1)
        column(
            self,
            self.source_label,
            self.table,
            stack(self.curve, self.phases_label),
            row(self.ed_button, self.es_button, self.find_button, self.count_box),
            row(self.bulls_eye, beside, stretch=1),
            self.flags_label,
            row(self.report_button, self.anonymise_box, self.copy_button, self.csv_button, stretch=0),
            self.result_label,
        )
