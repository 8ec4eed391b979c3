"""Seconds of a person, against sums worked by hand."""

from __future__ import annotations

import math

import pytest

from napari_scribbleseg.bench.annotate.costs import Costs


def test_a_curved_stroke_far_away_in_another_class():
    # M 1.35, four keys .8, P 1.1, BB .2, three lines 2.7, and 75 mm are 10 cm on the screen: 1.6
    assert Costs().stroke_s(75.0, math.pi, 3, True) == pytest.approx(7.75)


def test_a_dot_beside_the_last_stroke_costs_its_thought_and_a_click():
    assert Costs().stroke_s(0.0, 0.0, 0, False) == pytest.approx(1.35 + 1.1 + 0.2 + 0.9)


def test_looking_through_a_scan_is_a_key_and_a_glance_a_slice():
    assert Costs().look_through_s(20) == pytest.approx(8.6)
