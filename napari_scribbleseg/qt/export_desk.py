"""Files that leave the house: masks and strokes of the scan on screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.io import ScanError, save_scribbles
from napari_scribbleseg.io.names import is_dicom_name
from napari_scribbleseg.qt.export import export_dicom_seg, export_mask
from napari_scribbleseg.qt.mask_desk import MaskDesk
from napari_scribbleseg.qt.scan_desk import ScanDesk
from napari_scribbleseg.qt.sources import Sources
from napari_scribbleseg.qt.values import ExportSummary
from napari_scribbleseg.types import Notice


class ExportDesk(QObject):
    """Write what is on screen; whatever stands in the way becomes a notice."""

    noticed = Signal(object)

    def __init__(self, scans: ScanDesk, masks: MaskDesk, sources: Sources, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scans, self._masks, self._sources = scans, masks, sources

    def export(
        self, path: Path, frames: Literal["current"] | Sequence[int] | None = None, anonymise: bool = False
    ) -> ExportSummary | None:
        """Write the mask, else the prediction, of some frames or all; as DICOM SEG where the name ends in `.dcm`."""
        key, record = self._scans.current_key(), self._scans.record
        if key is None or record is None:
            return self._refuse("Open a scan first.")
        self._masks.flush()
        chosen = [key.t] if frames == "current" else frames
        try:
            if is_dicom_name(path):
                return export_dicom_seg(record, path, chosen, self._sources, anonymise)
            return export_mask(record, path, chosen, self._sources)
        except ScanError as error:
            return self._refuse(str(error))

    def export_scribbles(self, path: Path) -> Path | None:
        """Write the strokes in layer codes."""
        record = self._scans.record
        if record is None:
            return self._refuse("Open a scan first.")
        self._scans.flush()
        try:
            save_scribbles(path, record.strokes, record.cine)
        except ScanError as error:
            return self._refuse(str(error))
        return path

    def _refuse(self, text: str) -> None:
        self.noticed.emit(Notice(text, "warning"))
