from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_scribbleseg.data.locate import find_by_difference, find_by_motion
from napari_scribbleseg.types import Cine
from tests.synthetic import make_cine


def test_what_beats_is_found_away_from_the_middle():
    cine = make_cine(n_t=10, side=64)
    data = np.pad(cine.data, ((0, 0), (0, 0), (80, 10), (10, 60)), mode="constant", constant_values=200)
    found = find_by_motion(dataclasses.replace(cine, data=data))
    assert found == pytest.approx((32 + 80, 32 + 10), abs=6)


def test_a_still_scan_has_no_motion_to_go_by():
    assert find_by_motion(make_cine(n_t=1)) is None


def moved(n_t: int, y: int, x: int) -> Cine:
    cine = make_cine(n_t=n_t, side=64)
    data = np.pad(cine.data, ((0, 0), (0, 0), (y, 60 - y), (x, 60 - x)), mode="constant", constant_values=200)
    return dataclasses.replace(cine, data=data)


@pytest.mark.parametrize(("y", "x"), [(30, 30), (0, 30), (60, 10)])
def test_what_differs_between_two_phases_is_found(y, x):
    assert find_by_difference(moved(2, y, x)) == pytest.approx((32 + y, 32 + x), abs=4)


def test_the_brightness_of_a_whole_phase_is_no_difference():
    cine = moved(2, 20, 40)
    data = cine.data * np.array([1, 3], np.float32)[:, None, None, None]
    assert find_by_difference(dataclasses.replace(cine, data=data)) == pytest.approx((52, 72), abs=4)


def test_of_two_equal_changes_the_one_nearer_to_the_middle_is_the_heart():
    data = np.zeros((2, 1, 200, 200), np.float32)
    data[1, 0, 90:110, 70:90] = data[1, 0, 5:25, 170:190] = 1
    data[:, 0, 0, :5] = 1
    found = find_by_difference(Cine("scan", data, (8.0, 1.4, 1.4)))
    assert found == pytest.approx((99.5, 79.5), abs=3)


def test_two_equal_phases_differ_nowhere():
    cine = make_cine(n_t=1)
    assert find_by_difference(dataclasses.replace(cine, data=np.concatenate([cine.data, cine.data]))) is None
