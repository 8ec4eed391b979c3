from __future__ import annotations

import math

import pytest

from napari_scribbleseg.clock import Clock, poly, ramp


def test_the_ramp_rises_from_exp_minus_five_to_one_and_stays():
    assert ramp(0, 10) == pytest.approx(math.exp(-5))
    assert ramp(5, 10) == pytest.approx(math.exp(-1.25))
    assert ramp(10, 10) == ramp(99, 10) == 1


def test_the_poly_rate_starts_at_lr0_and_ends_at_zero():
    assert poly(0.01, Clock(0, 100)) == 0.01
    assert poly(0.01, Clock(50, 100)) == pytest.approx(0.01 * 0.5**0.9)
    assert poly(0.01, Clock(100, 100)) == 0


def test_milestones_of_sixty_thousand_scale_with_the_run():
    assert Clock(0, 600).scaled(6000) == 60
