from __future__ import annotations

import pytest

from napari_scribbleseg.bench.report.reading import read_results
from napari_scribbleseg.bench.report.tables import (
    budget_differs,
    difference_from,
    lambda_points,
    make_differences,
    make_lines,
    patient_differences,
    row_of,
    runner_up,
    seconds_per_volume,
    section_rows,
    uneven_folds,
)
from napari_scribbleseg.bench.rows import ROWS
from tests.bench.report.maker import make_bench, make_cell


def results_of(folder, *rows, **changes):
    return read_results(make_bench(folder, rows, **changes))


def line_of(results, key):
    return make_lines(results, [row_of(key)])[0]


def test_every_row_is_compared_with_dmpls_and_dmpls_with_the_second_best(tmp_path):
    results = results_of(tmp_path, "pce", "ustm", "rloss", "dmpls", "dual_cps", "full_sup")
    assert runner_up(results) == "rloss"
    assert line_of(results, "dmpls").against == "rloss"
    assert line_of(results, "full_sup").against == "dmpls"
    assert line_of(results, "dmpls").tests["dice"].difference > 0
    assert line_of(results, "pce").tests["dice"].difference < 0


def test_a_row_that_was_not_run_has_a_line_without_numbers(tmp_path):
    line = line_of(results_of(tmp_path, "dmpls"), "s2l")
    assert line.summary is None
    assert line.tests == {"dice": None, "hd95_mm": None}
    assert line_of(results_of(tmp_path, "dmpls"), "dmpls").tests["dice"] is None


def test_full_supervision_with_fewer_masks_than_the_papers_is_marked(tmp_path):
    results = results_of(tmp_path, "dmpls", "full_sup", "uamt", folds=(1, 2, 5))
    assert line_of(results, "full_sup").note == "60 patients with masks (paper: 80)"
    assert line_of(results, "uamt").note == ""
    assert line_of(results, "dmpls").note == ""


def test_seconds_a_volume_are_shared_by_the_readouts_of_a_cell(tmp_path):
    results = results_of(tmp_path, "pce", "dmpls")
    assert seconds_per_volume(results, "pce") == pytest.approx(0.5)
    assert seconds_per_volume(results, "dmpls") == pytest.approx(0.25)
    assert seconds_per_volume(results, "ustm") is None


def test_the_lambda_curve_takes_dmpls_as_one_half_and_any_other_weight(tmp_path):
    make_bench(tmp_path, ("dmpls", "dmpls_lambda_1", "dmpls_lambda_0.01"))
    make_cell(tmp_path, "dmpls_lambda_0.05", dice=lambda *place: 0.7)
    points = lambda_points(read_results(tmp_path))
    assert [point.weight for point in points] == [0.01, 0.05, 0.5, 1.0]
    assert points[1].interval.mean == pytest.approx(0.7)
    assert points[1].interval.n == 4


def test_the_gain_over_another_row_is_a_mean_over_patients(tmp_path):
    def dice(row, patient, phase, label, seed):
        return 0.5 + (0.1 * patient if row == "dmpls" else 0)

    results = results_of(tmp_path, "pce", "dmpls", dice=dice)
    assert list(patient_differences(results, "pce").values()) == pytest.approx([0.1, 0.2, 0.3, 0.4])
    found = difference_from(results, row_of("pce"))
    assert (found.per_patient.n, found.per_volume.n) == (4, 8)
    assert found.per_patient.mean == pytest.approx(0.25)
    # s² of .1 … .4 is .05 / 3; t(.975, 3) = 3.18245
    assert found.per_patient.low == pytest.approx(0.25 - 3.18245 * (0.05 / 3 / 4) ** 0.5, abs=1e-5)


def test_rows_without_scores_have_no_difference(tmp_path):
    found = make_differences(results_of(tmp_path, "pce", "dmpls"), section_rows("scribbles"))
    assert {difference.row.key for difference in found} == {"pce"}


def test_unequal_budgets_and_folds_are_noticed(tmp_path):
    make_bench(tmp_path, ("pce", "dmpls", "ustm", "baseline_grabcut"))
    assert budget_differs(read_results(tmp_path)) == {}
    assert uneven_folds(read_results(tmp_path), ROWS) == ((1,), {})
    make_cell(tmp_path, "s2l", 2, settings={"steps": 500})
    results = read_results(tmp_path)
    assert budget_differs(results) == {"steps": [300, 500]}
    assert uneven_folds(results, ROWS) == ((1,), {"s2l": (2,)})
