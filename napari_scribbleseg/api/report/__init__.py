"""What a reader takes home of a scan: one page as HTML and PDF, and its numbers as JSON and CSV.

`write_report` writes the four files of a measured mask. `report_study` goes all the way from files: it loads the scan,
predicts where there is no mask, finds what is known of phases and body, measures and writes. `report_batch` does that
for many scans. jinja2 and matplotlib are loaded when the first page is made.
"""

from __future__ import annotations

from napari_scribbleseg.api.report.batch import Batch, report_batch, report_study
from napari_scribbleseg.api.report.origin import describe_origin
from napari_scribbleseg.api.report.studies import Study, find_studies
from napari_scribbleseg.api.report.task import ReportTask
from napari_scribbleseg.api.report.told import choose, read_told
from napari_scribbleseg.api.report.writer import ReportFiles, write_report

__all__ = [
    "Batch",
    "ReportFiles",
    "ReportTask",
    "Study",
    "choose",
    "describe_origin",
    "find_studies",
    "read_told",
    "report_batch",
    "report_study",
    "write_report",
]
