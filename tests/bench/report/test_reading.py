from __future__ import annotations

import json

import pytest

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.report.reading import ReportError, read_results
from tests.bench.report.maker import make_bench, make_cell


def test_scores_are_found_by_row_and_post_processing(tmp_path):
    results = read_results(make_bench(tmp_path, ("pce", "dmpls"), (1, 2)))
    assert len(results.scores_of("pce")) == 2 * 4 * 2 * 3
    assert {score.post for score in results.scores_of("dmpls", "largest")} == {"largest"}
    assert results.scores_of("ustm") == ()
    assert results.scores_of("pce")[0].patient == "patient001"


def test_a_readout_is_found_under_its_own_key(tmp_path):
    results = read_results(make_bench(tmp_path, ("dmpls",)))
    assert len(results.scores_of("dmpls_auxiliary")) == len(results.scores_of("dmpls"))


@pytest.mark.parametrize("status", ["running", "stopped", "failed"])
def test_scores_of_a_cell_that_is_not_done_do_not_count(tmp_path, status):
    make_bench(tmp_path, ("pce",))
    make_cell(tmp_path, "dmpls", status=status)
    results = read_results(tmp_path)
    assert results.scores_of("dmpls") == ()
    assert [cell.status for cell in results.cells] == [status, "done"]


def test_a_cell_json_may_describe_its_row(tmp_path):
    make_bench(tmp_path, ("pce",))
    path = tmp_path / "cells" / "pce-fold1-seed0" / "cell.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "row": {"key": "pce"}}))
    assert read_results(tmp_path).cells[0].row == "pce"


def test_a_folder_without_results_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(ReportError, match="is it a folder of `bench run`"):
        read_results(tmp_path)


def test_a_benchmark_without_a_finished_cell_is_refused(tmp_path):
    make_bench(tmp_path, ())
    make_cell(tmp_path, "pce", status="running")
    with pytest.raises(ReportError, match="No finished cell"):
        read_results(tmp_path)


def test_damaged_files_are_named(tmp_path):
    make_bench(tmp_path, ("pce",))
    scores = tmp_path / "cells" / "pce-fold1-seed0" / "scores.csv"
    scores.write_text(scores.read_text().replace("0.", "nought.", 1))
    with pytest.raises(ReportError, match=r"scores\.csv"):
        read_results(tmp_path)
    (scores.parent / "cell.json").write_text("{")
    with pytest.raises(BenchError, match=r"cell\.json"):
        read_results(tmp_path)
    (scores.parent / "cell.json").write_text("{}")
    with pytest.raises(ReportError, match="does not tell row"):
        read_results(tmp_path)
