"""From sittings on disk to means, findings, page and figures."""

from __future__ import annotations

import csv
import json

import pytest

from napari_scribbleseg.bench.annotate.report import find, write_annotate_report
from napari_scribbleseg.bench.annotate.results import find_lead, read_results
from napari_scribbleseg.bench.errors import BenchError


@pytest.fixture
def results(annotated):
    return read_results(annotated)


@pytest.fixture
def no_matplotlib(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


def test_a_curve_is_the_mean_over_patients_at_the_end_of_each_stage(results):
    curve = results.curve("finetuned")
    assert [(s.stage, s.round) for s in curve] == [("none", 0), ("three", 0), ("corrected", 1)]
    assert [s["dice"] for s in curve[:2]] == pytest.approx([0.85, 0.91])
    assert curve[1]["compute_s"] == 20


def test_a_patient_with_nothing_left_to_correct_keeps_the_last_point(results):
    last = results.curve("finetuned")[-1]
    assert last.patients == (5, 10)
    assert last["dice"] == pytest.approx((0.92 + 0.92) / 2)
    assert last["annotation_s"] == pytest.approx((50 + 30) / 2)


def test_looks_within_a_stage_are_on_the_curve_over_computing_time(results):
    assert [s["compute_s"] for s in results.looks("curve", "finetuned")] == pytest.approx([1, 5, 20, (25 + 20) / 2])


def test_the_lead_compares_the_same_patients_at_no_more_annotation(results):
    # At 24 s ours is still without strokes: .85 against .65. At 60 s: .92 against .81.
    assert find_lead(results, "finetuned", "growcut") == (pytest.approx(0.11), 60)


def test_findings_say_what_is_reached_and_what_is_missed(results):
    told = list(find(results))
    assert told[0] == "Mean DSC before any stroke: **.850** on 2 patients (aim .860: missed by .010)."
    assert told[1] == "Mean DSC after three strokes: **.910** on 2 patients (aim .890: reached)."
    assert "**.940** on 1 patient" in told[2]
    assert "**100.0%** of their pixels obey (aim 98%: reached)" in told[3]
    assert told[4].startswith("Ours is ahead of every system without training at every point;")
    assert told[4].endswith("the smallest lead is +.110, over GrowCut at 60 s.")


def test_a_system_that_is_ahead_of_ours_is_named(annotated):
    path = annotated / "sittings/curve/growcut/patient010.json"
    sitting = json.loads(path.read_text())
    sitting["points"][1]["dice"] = 0.99
    path.write_text(json.dumps(sitting))
    assert list(find(read_results(annotated)))[-1].startswith(
        "Ours is not ahead at every point; the smallest lead is −.0"
    )


def test_the_report_is_a_page_with_figures_and_tables(annotated):
    report = write_annotate_report(annotated)
    assert {path.name for path in report.files} == {
        *("report.md", "points.csv", "corrections.csv", "summary.json"),
        *("curves.png", "curves.pdf", "corrections.png", "corrections.pdf"),
    }
    assert all(path.stat().st_size > 100 for path in report.files)
    page = report.page.read_text()
    for words in ("**Ours, fine-tuned**", "GrowCut", "keystroke-level model", "abacus", "curves.png", "seed 0"):
        assert words in page


def test_without_matplotlib_the_rest_is_written_and_the_same_each_time(annotated, no_matplotlib):
    report = write_annotate_report(annotated)
    assert {path.suffix for path in report.files} == {".md", ".csv", ".json"}
    assert ".png" not in report.page.read_text()
    before = {path.name: path.read_bytes() for path in report.files}
    again = write_annotate_report(annotated, annotated / "elsewhere")
    assert {path.name: path.read_bytes() for path in again.files} == before


def test_tables_hold_every_point_and_every_stroke(annotated, no_matplotlib):
    report = write_annotate_report(annotated)
    points = list(csv.DictReader((report.page.parent / "points.csv").read_text().splitlines()))
    assert len(points) == 4 + 3 + 1 + 2 + 2
    assert points[0]["system"] == "finetuned"
    assert float(points[0]["dice"]) == 0.8
    (stroke,) = csv.DictReader((report.page.parent / "corrections.csv").read_text().splitlines())
    assert (stroke["patient"], stroke["class"], stroke["obeyed"]) == ("5", "LV", "1")
    summary = json.loads((report.page.parent / "summary.json").read_text())
    assert summary["systems"]["finetuned"][1]["dice"] == 0.91


def test_a_report_needs_neither_ours_nor_corrections(annotated):
    for path in annotated.glob("sittings/*/finetuned/*"):
        path.unlink()
    report = write_annotate_report(annotated)
    assert report.findings == ()
    assert not (report.page.parent / "corrections.png").exists()


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(BenchError, match="holds no results"):
        write_annotate_report(tmp_path)
