"""Write masks as NIfTI or DICOM SEG, strokes as NIfTI, and read strokes of others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qtpy.QtWidgets import QComboBox, QWidget

from napari_scribbleseg.widgets import dialogs
from napari_scribbleseg.widgets.parts import AnswerLabel, button, column, row

if TYPE_CHECKING:
    from napari_scribbleseg.qt.workbench import Workbench

_SCOPES: tuple[str, str] = ("whole scan", "this frame")


class ExportPanel(QWidget):
    """Export the mask (else the prediction) and the strokes; the result says where each slice came from."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self.mask_button = button(
            "Export mask…", "Write a NIfTI mask that lies exactly on the source scan", self.export_mask
        )
        self.scope_combo = QComboBox()
        self.scope_combo.addItems(_SCOPES)
        self.scope_combo.setToolTip("Write all phases, or only the one on screen")
        self.scope_combo.setAccessibleName("What to export")
        self.scribbles_button = button(
            "Export scribbles…", "Write the strokes as NIfTI (0 nothing, 1 RV, 2 Myo, 3 LV, 4 background)"
        )
        self.scribbles_button.clicked.connect(lambda _checked=False: self.export_scribbles())
        self.import_button = button(
            "Import scribbles…", "Paint the strokes of a file into this scan", self.import_scribbles
        )
        self.dicom_button = button(
            "Export DICOM SEG…",
            "Write the mask as a DICOM segmentation of the series it was made on",
            self.export_dicom,
        )
        self.result_label = AnswerLabel()
        column(
            self,
            row(self.mask_button, self.scope_combo, stretch=0),
            self.dicom_button,
            row(self.scribbles_button, self.import_button),
            self.result_label,
        )
        workbench.scan_shown.connect(self._on_scan)
        self._on_scan(workbench.shown_case)

    def export_mask(self) -> None:
        """Ask where to, predict what is missing if wished, and write the mask."""
        complete = self._ask_complete()
        path = None
        if complete is not None:
            path = dialogs.ask_save_file(self, "Export the mask", f"{self._stem()}_seg.nii.gz")
        if complete is not None and path is not None:
            self._export(path, complete)

    def export_dicom(self) -> None:
        """Ask where to and whether to keep the patient's data, and write a DICOM SEG."""
        complete = self._ask_complete()
        keep = dialogs.ask_keep_patient(self) if complete is not None else None
        path = dialogs.ask_dicom_file(self, f"{self._stem()}_seg.dcm") if keep is not None else None
        if complete is not None and path is not None:
            self._export(path, complete, anonymise=not keep)

    def export_scribbles(self) -> None:
        """Ask where to and write the strokes."""
        path = dialogs.ask_save_file(self, "Export the strokes", f"{self._stem()}_scribbles.nii.gz")
        if path is not None:
            written = self._workbench.export_scribbles(path)
            self._say(f"Strokes written to {written.name}." if written else "")

    def import_scribbles(self) -> None:
        """Ask for a file and its convention, and paint its strokes."""
        path = dialogs.ask_open_file(self, "Import strokes")
        preset = dialogs.ask_scribble_preset(self) if path is not None else None
        if path is not None and preset is not None and self._workbench.import_scribbles(path, preset):
            self._say(f"Strokes read from {path.name}.")

    def _ask_complete(self) -> bool | None:
        return dialogs.ask_complete_first(self) if self._workbench.needs_predictions() else False

    def _export(self, path: Path, complete: bool, anonymise: bool = False) -> None:
        if not complete:
            self._write_mask(path, anonymise)
            return
        self._say("Predicting the missing slices; the export follows…")
        if not self._workbench.complete_predictions(lambda: self._write_mask(path, anonymise, asked=False)):
            self._say("")

    def _write_mask(self, path: Path, anonymise: bool, asked: bool = True) -> None:
        frames: Literal["current"] | None = "current" if self.scope_combo.currentIndex() == 1 else None
        summary = self._workbench.export(path, frames, anonymise)
        self._say(f"Written to {summary.path.name}. {summary.sentence}" if summary else "", asked)

    def _stem(self) -> str:
        scan = next((s for s in self._workbench.scans() if s.case == self._workbench.shown_case), None)
        name = (scan.title or scan.case) if scan else "scan"
        name = name.removesuffix(".gz").removesuffix(".nii")
        # A DICOM series may be called anything.
        return re.sub(r"[^\w.-]+", "_", name).strip("_.") or "scan"

    def _say(self, sentence: str, asked: bool = True) -> None:
        self.result_label.say(sentence, asked)

    def _on_scan(self, case: str) -> None:
        for made in (self.mask_button, self.scribbles_button, self.import_button):
            made.setEnabled(bool(case))
        self.dicom_button.setVisible(self._workbench.from_dicom)
        self._say("")
