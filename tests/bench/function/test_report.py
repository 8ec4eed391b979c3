from __future__ import annotations

import csv
import json
import math

import pytest

from napari_scribbleseg.bench.function import report
from napari_scribbleseg.bench.function.figures import draw_bland_altman, draw_correlation
from napari_scribbleseg.bench.function.indices import INDICES
from napari_scribbleseg.bench.function.report import write_function_report
from tests.bench.function.rows import HEADER, make_row, make_rows


@pytest.fixture
def unpainted(monkeypatch):
    """Spare the seconds that figures take."""
    for name in ("draw_bland_altman", "draw_correlation"):
        monkeypatch.setattr(report, name, lambda out, rows: [])


def test_a_page_two_figures_a_sheet_and_a_json_file_are_written(tmp_path):
    written = write_function_report(tmp_path / "out", HEADER, make_rows())
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    pictures = ["bland_altman.pdf", "bland_altman.png", "correlation.pdf", "correlation.png"]
    assert names == sorted([*pictures, "function.json", "patients.csv", "report.md"])
    assert sorted(path.name for path in written.files) == names
    page = written.page.read_text()
    for words in ("3 patients of ACDC (5, 10, 25)", "![bland_altman](bland_altman.png)", "| LV EDV, mL | 3 | 3.3 |"):
        assert words in page
    assert "a CPU, torch 2.13" in page


def test_aims_are_told_as_reached_or_missed(unpainted, tmp_path):
    findings = "\n".join(write_function_report(tmp_path, HEADER, make_rows()).findings)
    assert "LV EDV: mean absolute error **3.3 mL** (aim ≤ 8: reached)" in findings
    assert "LV EF: mean absolute error **3.3 points** (aim ≤ 4: reached)" in findings
    assert "LV EDV: Pearson r **.896** (aim ≥ .970: missed)" in findings
    far = [make_row(5, "DCM", 9.0), make_row(10, "DCM", 9.0, 60.0)]
    assert (
        "mean absolute error **9.0 mL** (aim ≤ 8: missed)" in write_function_report(tmp_path, HEADER, far).findings[0]
    )


def test_numbers_can_be_read_back(unpainted, tmp_path):
    rows = make_rows()
    write_function_report(tmp_path, HEADER, rows)
    with (tmp_path / "patients.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    for line, row in zip(lines, rows, strict=True):
        assert (int(line["patient"]), line["group"]) == (row.patient, row.group)
        for index in INDICES:
            assert float(line[f"ours_{index.key}"]) == row.ours[index.key]
            assert float(line[f"expert_{index.key}"]) == row.truth[index.key]
    summary = json.loads((tmp_path / "function.json").read_text())
    assert summary["agreement"]["lv_edv_ml"]["mae"] == 3.3333
    assert summary["aims"]["lv_edv_ml"] == {"mae": 8.0, "r": 0.97, "reached": False}
    assert summary["values"][2]["flags"] == ["few_slices"]
    assert summary["weights"]["sha256"] == HEADER["weights"]["sha256"]


def test_weights_that_know_the_patients_are_told(unpainted, tmp_path):
    known = write_function_report(tmp_path, {**HEADER, "shipped": True}, make_rows())
    assert "trained on the strokes of patients 1–80" in known.findings[-1]
    assert "1–80" not in "".join(write_function_report(tmp_path, HEADER, make_rows()).findings)


def test_a_patient_without_a_ventricle_is_named_and_left_blank(unpainted, tmp_path):
    rows = [*make_rows(), make_row(30, "HCM", 0.0, lv_ef_percent=math.nan)]
    written = write_function_report(tmp_path, HEADER, rows)
    assert "for 30" in written.findings[-1]
    assert "– / 100.0" in written.page.read_text()
    assert json.loads((tmp_path / "function.json").read_text())["values"][3]["ours"]["lv_ef_percent"] is None


def test_a_lone_value_a_missing_one_and_a_group_without_a_name_can_be_drawn(tmp_path):
    rows = [make_row(5, "", 1.0), make_row(10, "HCM", 0.0, lv_ef_percent=math.nan)]
    for draw in (draw_bland_altman, draw_correlation):
        assert [path.suffix for path in draw(tmp_path, rows)] == [".png", ".pdf"]


def test_the_same_numbers_make_the_same_files(unpainted, tmp_path):
    one, two = (write_function_report(tmp_path / name, HEADER, make_rows()).files for name in "ab")
    for first, second in zip(one, two, strict=True):
        assert first.read_bytes() == second.read_bytes()
