from __future__ import annotations

import shutil

from napari_scribbleseg.bench.report.coverage import find_gaps, tell_gaps, tell_patients, unscored_folds
from napari_scribbleseg.bench.report.reading import read_results
from tests.bench.report.maker import make_bench, make_cell


def gaps(folder):
    return list(tell_gaps(find_gaps(read_results(folder))))


def test_a_finished_grid_has_no_gap_and_a_readout_needs_no_cell_of_its_own(tmp_path):
    make_bench(tmp_path, ("pce", "dmpls", "dmpls_auxiliary", "baseline_grabcut"), (1, 2))
    assert gaps(tmp_path) == []


def test_cells_that_were_not_begun_are_listed_by_row_with_their_folds(tmp_path):
    make_bench(tmp_path, ("pce", "dmpls"), (1, 2, 3))
    for fold in (2, 3):
        shutil.rmtree(tmp_path / "cells" / f"dmpls-fold{fold}-seed0")
    assert gaps(tmp_path) == ["DMPLS: folds 2–3 not begun."]


def test_an_unfinished_cell_tells_its_steps_and_a_failed_one_its_reason(tmp_path):
    make_bench(tmp_path, ("pce", "dmpls"))
    make_cell(tmp_path, "ustm", 2, 3, status="stopped", steps_done=120)
    make_cell(tmp_path, "s2l", 1, status="failed", message="The loss is NaN.")
    assert gaps(tmp_path) == [
        "S2L: fold 1 failed (The loss is NaN).",
        "USTM: fold 2, seed 3 unfinished (120 of 300 steps).",
    ]


def test_a_fold_without_masks_is_trained_and_not_scored(tmp_path):
    results = read_results(make_bench(tmp_path, ("pce",), (1, 5)))
    assert unscored_folds(results) == [5]
    assert find_gaps(results) == []
    assert tell_patients(results) == "4 patients (4 DCM), 8 volumes"
