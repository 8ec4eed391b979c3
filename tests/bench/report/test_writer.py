from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from napari_scribbleseg.bench import report
from napari_scribbleseg.bench.report import ReportError, write_report
from tests.bench.report.maker import make_bench, make_masks, make_scans
from tests.test_layers_of_the_house import imports_of

SHEETS = ("table1.csv", "table2.csv", "lambda.csv", "differences.csv", "patients.csv", "loop.csv", "classical.csv")
FIGURES = ("volumes", "differences", "lambda", "case")
ROWS = ("pce", "dmpls", "dmpls_lambda_1", "can_crf", "baseline_grabcut")


@pytest.fixture
def folder(tmp_path):
    make_bench(tmp_path, ROWS, patients=3)
    make_masks(tmp_path, ("pce", "dmpls", "baseline_grabcut"), patients=3)
    make_scans(tmp_path, (1, 2, 3))
    return tmp_path


@pytest.fixture
def without_matplotlib(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "matplotlib" else find(name))


def test_a_report_has_page_tables_and_figures_and_every_link_leads_to_a_file(folder):
    written = write_report(folder)
    names = {path.name for path in written.files}
    assert names == {"report.md", *SHEETS, *(f"{name}.{ending}" for name in FIGURES for ending in ("png", "pdf"))}
    assert {path.name for path in (folder / "report").iterdir()} == names
    page = written.page.read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(([^)]+)\)", page)) == {f"{name}.png" for name in FIGURES}
    assert (folder / "report" / "case.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "report" / "case.pdf").read_bytes().startswith(b"%PDF")
    assert written.gaps == ()
    assert any(finding.startswith("**DMPLS − pCE = ") for finding in written.findings)


def test_the_same_results_give_the_same_files_and_patients_can_be_left_out(tmp_path):
    make_bench(tmp_path, ("pce", "dmpls"), patients=2)
    make_scans(tmp_path, (1, 2))
    first, second = (write_report(tmp_path, tmp_path / name, show_scans=False) for name in ("first", "second"))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert {path.stem for path in first if path.suffix == ".png"} == {"volumes", "differences"}
    assert "case.png" not in first.page.read_text(encoding="utf-8")


def test_without_matplotlib_the_tables_are_written_and_the_page_says_so(folder, without_matplotlib):
    written = write_report(folder)
    assert {path.name for path in written.files} == {"report.md", *SHEETS}
    assert "matplotlib is not installed" in written.page.read_text(encoding="utf-8")


def test_figures_that_cannot_be_drawn_are_named(tmp_path):
    make_bench(tmp_path, ("pce",), patients=2)
    written = write_report(tmp_path)
    assert len(written.gaps) == 3
    assert "no test_scans.h5" in written.gaps[2]
    assert {path.stem for path in written.files if path.suffix == ".png"} == {"volumes"}


def test_a_report_of_nothing_is_refused(tmp_path):
    with pytest.raises(ReportError):
        write_report(tmp_path)
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("path", sorted(Path(report.__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_matplotlib_is_loaded_only_when_a_figure_is_drawn(path):
    assert not [found for found in imports_of(path) if found.module.startswith("matplotlib") and not found.lazy]
