"""A bench folder made into a report: tables, figures and the page that holds them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.bench.report.cases import SCANS_NAME, choose_case, draw_case, make_panels
from napari_scribbleseg.bench.report.coverage import find_gaps, tell_gaps
from napari_scribbleseg.bench.report.figures import draw_differences, draw_lambda, draw_volumes
from napari_scribbleseg.bench.report.head import tell_standing
from napari_scribbleseg.bench.report.page import (
    BASE,
    Content,
    Picture,
    make_content,
    tell_findings,
    tell_order,
    write_page,
)
from napari_scribbleseg.bench.report.reading import ReportError, read_results
from napari_scribbleseg.bench.report.sheets import differences_sheet, lambda_sheet, patients_sheet, table_sheet
from napari_scribbleseg.bench.report.tables import difference_from, present, row_of
from napari_scribbleseg.bench.rows import ROWS

Drawing = tuple[Picture, list[Path]]


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes
    ----------
    folder : Path
    files : tuple of Path
        The page first.
    findings : tuple of str
        Sentences in Markdown: how the numbers stand to the paper's, the gain over pCE, the order of the groups.
    gaps : tuple of str
        Sentences on cells that are not done and figures that were not drawn.
    """

    folder: Path
    files: tuple[Path, ...]
    findings: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def page(self) -> Path:
        """The page, Markdown."""
        return self.files[0]

    def __iter__(self) -> Iterator[Path]:
        """Yield the files."""
        return iter(self.files)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object with `folder`, `files`, `findings` and `gaps`."""
        return {
            "folder": str(self.folder),
            "files": [str(path) for path in self.files],
            "findings": list(self.findings),
            "gaps": list(self.gaps),
        }


def write_report(folder: Path, out: Path | None = None, *, show_scans: bool = True) -> Report:
    """Write the tables, figures and page of a benchmark, finished or not.

    Parameters
    ----------
    folder : what `bench run` wrote
    out : folder for the report; by default `folder/report`. What is there under the same names is replaced.
    show_scans : whether to draw a patient's slice across methods. That picture shows the data set's own image; leave it
        out of a report that goes where the data may not.

    Raises
    ------
    ReportError, BenchError
        When the folder holds no results that can be read.
    OSError
        When the report cannot be written.
    """
    results = read_results(Path(folder))
    target = Path(out) if out is not None else results.folder / "report"
    target.mkdir(parents=True, exist_ok=True)
    content = make_content(results)
    drawings, remarks = _draw(target, content, show_scans)
    sheets = [_write(target / name, text) for name, text in _sheets(content).items()]
    page = _write(target / "report.md", write_page(content, [picture for picture, _ in drawings], remarks))
    figures = [path for _, paths in drawings for path in paths]
    findings = (tell_standing(results), *tell_findings(results), *tell_order(results))
    return Report(target, (page, *sheets, *figures), findings, (*tell_gaps(find_gaps(results)), *remarks))


def _write(path: Path, text: str) -> Path:
    write_atomically(path, text.encode("utf-8"))
    return path


def _sheets(content: Content) -> dict[str, str]:
    sheets = {
        "table1.csv": table_sheet(content.table1),
        "table2.csv": table_sheet(content.table2),
        "lambda.csv": lambda_sheet(content.points),
        "differences.csv": differences_sheet(content.differences),
        "patients.csv": patients_sheet(content.results, row_of(BASE)),
    }
    if content.loop:
        sheets["loop.csv"] = table_sheet(content.loop)
    if content.classical:
        sheets["classical.csv"] = table_sheet(content.classical)
    return sheets


def _draw(target: Path, content: Content, show_scans: bool) -> tuple[list[Drawing], list[str]]:
    """Draw what there is to draw; return it, and why the rest is missing."""
    if importlib.util.find_spec("matplotlib") is None:
        return [], ['Figures are left out: matplotlib is not installed (`pip install "napari-scribbleseg[bench]"`).']
    painters: list[Callable[[Path, Content], Drawing | str]] = [_volumes, _differences, _lambda]
    painters += [_case] if show_scans else []
    drawn = [painter(target, content) for painter in painters]
    return [found for found in drawn if not isinstance(found, str)], [why for why in drawn if isinstance(why, str)]


def _volumes(target: Path, content: Content) -> Drawing | str:
    rows = present(content.results, [row for row in ROWS if row.section != "lambda"])
    caption = (
        "DSC of every volume, mean of RV, Myo and LV: a point for each, the box from the first to the third quartile, "
        "the line the median. Diamonds are the paper's means, of its own experiment."
    )
    return Picture("volumes", caption), draw_volumes(target, content.results, rows)


def _differences(target: Path, content: Content) -> Drawing | str:
    found = difference_from(content.results, row_of(BASE))
    if found is None:
        return "The figure of DMPLS − pCE is left out: one of the two has no scores."
    caption = "DMPLS − pCE of every patient, by pathology; the band is the 95 % t interval of the mean."
    return Picture("differences", caption), draw_differences(target, content.results, found)


def _lambda(target: Path, content: Content) -> Drawing | str:
    if len(content.points) < 2:
        return "The λ figure is left out: fewer than two weights λ have scores."
    caption = (
        "Mean DSC by the weight λ, with 95 % t intervals over patients. Diamonds are the two points that the paper "
        "gives as numbers, of its own experiment."
    )
    return Picture("lambda", caption), draw_lambda(target, content.points)


def _case(target: Path, content: Content) -> Drawing | str:
    case = choose_case(content.results)
    if case is None:
        return f"The picture of one patient is left out: the folder has no {SCANS_NAME} with a scored patient."
    caption = (
        f"{case.patient} ({case.group}), {case.phase}, slice {case.z + 1}: the median patient by DSC of DMPLS, and the "
        "middle slice. Numbers are the DSC of the whole volume. The image belongs to the data set: pass it on only as "
        "its terms allow."
    )
    return Picture("case", caption), draw_case(target, case, make_panels(content.results, case))


__all__ = ["Report", "ReportError", "write_report"]
