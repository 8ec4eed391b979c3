from __future__ import annotations

import math

import numpy as np
import pytest

from napari_scribbleseg.bench.function.agreement import find_agreement, pairs
from napari_scribbleseg.bench.function.indices import INDICES
from tests.bench.function.rows import make_row, make_rows


def test_agreement_worked_by_hand():
    """Differences -2, 1 and 7: mean 2, mean of the absolute ones 10/3, sample's variance 21, t for 2 degrees 4.303."""
    found = find_agreement(np.array([48.0, 61.0, 47.0]), np.array([50.0, 60.0, 40.0]))
    sd = math.sqrt(21)
    assert (found.n, found.bias) == (3, pytest.approx(2.0))
    assert found.mae == pytest.approx(10 / 3)
    assert (found.limits_low, found.limits_high) == pytest.approx((2 - 1.96 * sd, 2 + 1.96 * sd))
    assert (found.bias_low, found.bias_high) == pytest.approx(
        (2 - 4.3027 * sd / 3**0.5, 2 + 4.3027 * sd / 3**0.5), 1e-4
    )
    assert found.r == pytest.approx(np.corrcoef([48, 61, 47], [50, 60, 40])[0, 1])


def test_the_same_values_agree_wholly():
    values = np.array([10.0, 20.0, 40.0])
    found = find_agreement(values, values)
    assert (found.mae, found.bias, found.limits_low, found.limits_high) == (0, 0, 0, 0)
    assert found.r == pytest.approx(1)


def test_swapping_the_two_turns_the_bias_and_nothing_else(rng):
    ours, truth = rng.normal(100, 20, (2, 12))
    one, other = find_agreement(ours, truth), find_agreement(truth, ours)
    assert other.bias == pytest.approx(-one.bias)
    assert (other.limits_low, other.limits_high) == pytest.approx((-one.limits_high, -one.limits_low))
    assert (other.mae, other.r) == pytest.approx((one.mae, one.r))


def test_one_patient_has_an_error_but_no_spread_and_none_has_nothing():
    one = find_agreement(np.array([3.0]), np.array([1.0]))
    assert (one.n, one.mae, one.bias) == (1, 2.0, 2.0)
    assert math.isnan(one.r)
    assert math.isnan(one.limits_low)
    none = find_agreement(np.array([]), np.array([]))
    assert none.n == 0
    assert math.isnan(none.mae)


def test_values_that_do_not_vary_have_no_correlation():
    assert math.isnan(find_agreement(np.array([1.0, 1.0]), np.array([1.0, 2.0])).r)


def test_a_patient_without_a_value_is_left_out_of_that_index_alone():
    ef = next(index for index in INDICES if index.key == "lv_ef_percent")
    rows = [*make_rows(), make_row(30, "HCM", 0.0, lv_ef_percent=math.nan)]
    assert [len(values) for values in pairs(rows, ef)] == [3, 3]
    assert [len(values) for values in pairs(rows, INDICES[0])] == [4, 4]
