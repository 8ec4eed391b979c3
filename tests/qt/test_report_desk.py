"""The report is written beside the window, from the mask on screen, with what was decided about it."""

from __future__ import annotations

import csv
import threading

import numpy as np
import pytest

from napari_scribbleseg.qt.report_desk import write_report
from tests.hearts import beating_mask
from tests.qt.stand_ins import go_to, write_scan
from tests.qt.test_results_desk import found, predict, settle

WINDOW = False
MASK = beating_mask()


class Written:
    """Stands in for `api.report.write_report`."""

    def __init__(self, fails_with: Exception | None = None) -> None:
        self.calls, self.threads, self.fails_with = [], [], fails_with

    def __call__(self, cine, mask, measurement, out, *, origin, anonymise):
        self.threads.append(threading.get_ident())
        self.calls.append((cine, mask, measurement, out, origin, anonymise))
        if self.fails_with is not None:
            raise self.fails_with
        return "files"


@pytest.fixture
def scan_path(tmp_path):
    return write_scan(tmp_path / "heart.nii.gz", MASK.shape)


@pytest.fixture
def measured(bench, qtbot):
    predict(bench)
    settle(bench, qtbot)
    bench.report._write = Written()
    return bench


def write(bench, qtbot, out, **options):
    with qtbot.waitSignal(bench.report.written, timeout=20_000) as blocker:
        assert bench.report.start(out, **options)
        assert bench.report.running
    qtbot.waitUntil(lambda: not bench.report.running)
    assert blocker.args == ["files"]
    return bench.report._write.calls[-1]


def test_the_mask_on_screen_is_reported_with_what_was_decided(measured, qtbot, tmp_path):
    measured.results.choose_phase("ed", 1)
    go_to(measured, 0, 5)
    measured.accept("slice")
    cine, mask, measurement, out, origin, anonymise = write(measured, qtbot, tmp_path / "out", anonymise=True)
    assert cine is measured._scans.record.cine
    np.testing.assert_array_equal(mask, MASK)
    assert (measurement.phases.ed, measurement.phases.ed_source) == (1, "chosen")
    assert out == tmp_path / "out"
    assert origin["made_by"] == "window"
    assert origin["slices"] == {"from_mask": 1, "from_prediction": 59, "from_preview": 0, "never_predicted": 0}
    assert anonymise


def test_it_is_written_beside_the_window(measured, qtbot, tmp_path):
    write(measured, qtbot, tmp_path)
    assert measured.report._write.threads != [threading.get_ident()]


def test_an_error_becomes_one_sentence(measured, qtbot, tmp_path):
    measured.report._write = Written(PermissionError("the folder is read-only"))
    assert measured.report.start(tmp_path)
    qtbot.waitUntil(lambda: not measured.report.running, timeout=20_000)
    assert "The report could not be written: the folder is read-only." in measured.said.text


def test_what_stands_in_the_way_is_said(make_bench, scan_path, qtbot, tmp_path):
    bench = make_bench()
    assert bench.report.problem == "Open a scan first"
    bench.open_scan(scan_path)
    settle(bench, qtbot)
    assert bench.report.problem == "Nothing is measured yet"
    assert not bench.report.start(tmp_path)
    assert bench.said.text == "Nothing is measured yet."


def test_two_reports_do_not_cross(measured, qtbot, tmp_path):
    assert measured.report.start(tmp_path / "a")
    assert not measured.report.start(tmp_path / "b")
    qtbot.waitUntil(lambda: not measured.report.running, timeout=20_000)
    assert [call[3] for call in measured.report._write.calls] == [tmp_path / "a"]


def test_closing_waits_for_the_report(measured, tmp_path):
    assert measured.report.start(tmp_path)
    assert measured.report.close()
    assert len(measured.report._write.calls) == 1


def test_the_numbers_go_to_one_line_of_csv(measured, tmp_path):
    path = tmp_path / "numbers.csv"
    assert measured.report.export_csv(path, anonymise=True) == path
    with path.open() as file:
        (line,) = csv.DictReader(file)
    assert float(line["lv_edv_ml"]) == pytest.approx(found(measured).lv.edv_ml, abs=1e-3)
    assert line["es_phase"] == "3"
    assert line["mask_made_by"] == "window"
    assert "heart" not in line["scan"]


def test_numbers_that_cannot_be_written_are_told(measured, tmp_path, make_bench):
    assert measured.report.export_csv(tmp_path / "nowhere" / "numbers.csv") is None
    assert "folder does not exist" in measured.said.text
    empty = make_bench()
    assert empty.report.export_csv(tmp_path / "numbers.csv") is None
    assert empty.said.text == "Nothing is measured yet."


def test_the_real_report_of_a_scan_that_is_predicted_in_part(bench, qtbot, tmp_path):
    predict(bench, phases=(0, 3))
    settle(bench, qtbot)
    assert "choose ED and ES" in bench.report.problem
    bench.results.choose_phase("ed", 0)
    bench.results.choose_phase("es", 3)
    settle(bench, qtbot)
    bench.report._write = write_report
    with qtbot.waitSignal(bench.report.written, timeout=60_000) as blocker:
        assert bench.report.start(tmp_path / "report")
    (files,) = blocker.args
    for path in (files.html, files.pdf, files.json, files.csv):
        assert path.parent == tmp_path / "report"
        assert path.stat().st_size > 0
