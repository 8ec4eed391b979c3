from __future__ import annotations

import math

import pytest

from napari_scribbleseg.bench.report.reading import Score
from napari_scribbleseg.bench.report.statistics import (
    by_patient,
    by_volume,
    compare,
    differences,
    interval_of,
    summarise,
)
from tests.bench.report.maker import CLASSES, DIAGONAL_MM


def score(label="RV", dice=0.5, patient="patient001", phase="ED", seed=0, hd95_mm=10.0, empty=False):
    return Score("pce", 1, seed, patient, "DCM", phase, label, "none", dice, hd95_mm, empty_prediction=empty)


def volume(dices, **place):
    return [score(label, dice, **place) for label, dice in zip(CLASSES, dices, strict=True)]


def named(*values):
    return {(f"patient{i:03d}", "ED"): value for i, value in enumerate(values)}


def test_the_deviation_is_the_populations():
    summary = summarise([*volume((0.4, 0.6, 0.8)), *volume((0.6, 0.6, 0.8), phase="ES")])
    assert summary.dice["RV"].mean == pytest.approx(0.5)
    assert summary.dice["RV"].sd == pytest.approx(0.1)  # √((.1² + .1²) / 2); the sample's would be .141
    assert summary.dice["Myo"].sd == 0


def test_the_mean_column_averages_the_classes_means_and_deviations_as_the_paper_does():
    summary = summarise([*volume((0.4, 0.5, 0.9)), *volume((0.6, 0.9, 0.9), phase="ES")])
    assert summary.dice["mean"].mean == pytest.approx((0.5 + 0.7 + 0.9) / 3)
    assert summary.dice["mean"].sd == pytest.approx((0.1 + 0.2 + 0.0) / 3)


def test_another_seed_does_not_make_the_spread_over_volumes_look_smaller():
    one = [*volume((0.4, 0.4, 0.4)), *volume((0.8, 0.8, 0.8), phase="ES")]
    other = [*volume((0.8, 0.8, 0.8), seed=1), *volume((0.4, 0.4, 0.4), phase="ES", seed=1)]
    summary = summarise([*one, *other])
    assert summary.dice["mean"].sd == pytest.approx(0.2)
    assert (summary.volumes, summary.scored, len(summary.seed_means)) == (2, 12, 2)


def test_an_empty_prediction_is_counted_and_keeps_the_diagonal():
    rows = [*volume((0.5, 0.5, 0.5)), score("RV", 0.0, phase="ES", hd95_mm=DIAGONAL_MM, empty=True)]
    summary = summarise([*rows, score("Myo", phase="ES"), score("LV", phase="ES")])
    assert summary.empty_predictions == 1
    assert summary.hd95_mm["RV"].mean == pytest.approx((10 + DIAGONAL_MM) / 2)


def test_a_row_without_one_of_the_classes_has_no_summary():
    assert summarise([score("RV"), score("Myo")]) is None


def test_a_volume_is_the_mean_of_its_classes_and_seeds():
    found = by_volume([*volume((0.3, 0.6, 0.9)), *volume((0.5, 0.8, 1.0), seed=1), *volume((0, 0, 0), phase="ES")])
    assert found == {("patient001", "ED"): pytest.approx((0.6 + 2.3 / 3) / 2), ("patient001", "ES"): 0}


def test_a_patient_is_the_mean_of_both_phases():
    assert by_patient([*volume((0.3, 0.6, 0.9)), *volume((0.5, 0.8, 1.1), phase="ES")]) == {
        ("patient001", "DCM"): pytest.approx(0.7)
    }


def test_the_paired_t_test_agrees_with_one_worked_by_hand():
    # Differences 1, 2, 3: mean 2, s = 1, t = 2√3; with 2 degrees of freedom p = 1 - t / √(t² + 2).
    found = compare(named(2.0, 4.0, 6.0), named(1.0, 2.0, 3.0))
    t = 2 * math.sqrt(3)
    assert (found.n, found.difference) == (3, 2)
    assert found.p == pytest.approx(1 - t / math.sqrt(t * t + 2))


def test_only_shared_volumes_are_compared():
    found = compare(named(2.0, 4.0, 6.0), {**named(1.0, 2.0), ("patient099", "ED"): 50.0})
    assert (found.n, found.difference) == (2, 1.5)
    assert compare(named(1.0), {}) is None


@pytest.mark.parametrize("other", [(1.0, 2.0, 3.0), (1.5, 2.5, 3.5)])
def test_equal_differences_have_no_test(other):
    assert compare(named(1.0, 2.0, 3.0), named(*other)).p is None


def test_a_single_pair_has_no_test():
    assert compare(named(1.0), named(0.5)).p is None


def test_the_t_interval_agrees_with_one_worked_by_hand():
    # 1, 2, 3: s = 1; with 2 degrees of freedom t(.975) = .95 √2 / √(1 - .95²) = 4.3027.
    interval = interval_of([1.0, 2.0, 3.0])
    half = 0.95 * math.sqrt(2 / (1 - 0.95**2)) / math.sqrt(3)
    assert interval.mean == 2
    assert (interval.low, interval.high) == (pytest.approx(2 - half), pytest.approx(2 + half))


def test_the_bootstrap_agrees_with_one_worked_by_hand():
    # Of two values, a resample has the mean 0 or 1 with probability ¼ each, far beyond 2.5 %.
    interval = interval_of([0.0, 1.0])
    assert (interval.bootstrap_low, interval.bootstrap_high) == (0, 1)


def test_the_bootstrap_gives_the_same_interval_every_time():
    values = [0.1, 0.4, 0.2, 0.7, 0.3]
    assert interval_of(values) == interval_of(values)
    found = interval_of(values)
    assert found.low < found.bootstrap_low < found.mean < found.bootstrap_high < found.high


def test_one_patient_has_a_mean_and_no_interval():
    interval = interval_of([0.5])
    assert interval.mean == 0.5
    assert math.isnan(interval.low)
    assert math.isnan(interval.bootstrap_high)


def test_differences_follow_the_names():
    assert differences(named(3.0, 5.0), named(1.0, 1.0)) == [2, 4]
