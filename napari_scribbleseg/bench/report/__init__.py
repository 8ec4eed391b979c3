"""A report of a benchmark: the paper's tables and figures from a bench folder, each number beside the paper's."""

from __future__ import annotations

from napari_scribbleseg.bench.report.reading import ReportError
from napari_scribbleseg.bench.report.writer import Report, write_report

__all__ = ["Report", "ReportError", "write_report"]
