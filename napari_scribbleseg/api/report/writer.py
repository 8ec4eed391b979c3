"""The four files of a report."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.api.report.content import make_content
from napari_scribbleseg.api.report.files import describe_report, make_line, to_csv
from napari_scribbleseg.api.report.html import make_html
from napari_scribbleseg.api.report.origin import strip_origin
from napari_scribbleseg.api.report.pdf import Pictures, make_pdf
from napari_scribbleseg.io import ScanError, write_atomically
from napari_scribbleseg.io.errors import writing
from napari_scribbleseg.labels import LV, LabelMap

if TYPE_CHECKING:
    from napari_scribbleseg.cardiac.measurement import Measurement
    from napari_scribbleseg.types import Cine


@dataclass(frozen=True)
class ReportFiles:
    """Where the files of a report lie."""

    html: Path
    pdf: Path
    json: Path
    csv: Path

    @classmethod
    def below(cls, folder: Path) -> ReportFiles:
        """Return the files of a report in a folder."""
        return cls(folder / "report.html", folder / "report.pdf", folder / "indices.json", folder / "indices.csv")


def write_report(
    cine: Cine,
    mask: LabelMap,
    measurement: Measurement,
    out: str | os.PathLike[str],
    *,
    origin: Mapping[str, Any],
    anonymise: bool = False,
) -> ReportFiles:
    """Write `report.html`, `report.pdf`, `indices.json` and `indices.csv`.

    No path, and nothing of a DICOM header that names a patient, gets into any of them. The title of the scan does,
    which may come from a file name, unless the report is anonymised; then it is called by its content.

    Parameters
    ----------
    cine : the scan
    mask : uint8 (t, z, y, x), training codes: what was measured
    measurement : of this mask
    out : folder; made where it is missing, and files of the same names in it are replaced
    origin : who made the mask, from `describe_origin`
    anonymise : name no file

    Raises
    ------
    ScanError
        For a mask or a measurement that is not of this scan, or files that cannot be written.
    """
    _require_match(cine, mask, measurement)
    files = ReportFiles.below(Path(out))
    with writing(files.html):  # pages take seconds; whether they can be written is known before
        files.html.parent.mkdir(parents=True, exist_ok=True)
    told = strip_origin(origin) if anonymise else dict(origin)
    content = make_content(cine, measurement, told, anonymise=anonymise)
    pictures = Pictures(cine, mask, measurement)
    described = describe_report(cine, mask, measurement, told, anonymise=anonymise)
    line = make_line(cine, measurement, told, anonymise=anonymise)
    for path, text in (
        (files.html, make_html(content, pictures).encode()),
        (files.pdf, make_pdf(content, pictures)),
        (files.json, (json.dumps(described, indent=1, allow_nan=False) + "\n").encode()),
        (files.csv, to_csv([line]).encode()),
    ):
        with writing(path):
            write_atomically(path, text)
    return files


def _require_match(cine: Cine, mask: LabelMap, measurement: Measurement) -> None:
    if mask.shape != cine.shape:
        raise ScanError(
            f"The mask has the shape {mask.shape}, but the scan has {cine.shape} (t, z, y, x); choose the mask that "
            f"belongs to this scan."
        )
    if mask.dtype.kind not in "iub" or int(mask.min()) < 0 or int(mask.max()) > LV:
        raise ScanError(f"A mask must hold whole numbers from 0 to {LV} only, so no report was written.")
    if len(measurement.curves.lv_ml) != cine.shape[0]:
        raise ScanError("The measurement is of another scan: its number of phases differs; measure again.")
