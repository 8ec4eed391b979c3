from __future__ import annotations

import math

import pytest

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.methods.schedules import regularisation_weight


def test_the_weight_grows_in_stairs_to_a_tenth():
    assert regularisation_weight(Clock(0, 60_000), 300) == pytest.approx(0.1 * math.exp(-5))
    assert regularisation_weight(Clock(299, 60_000), 300) == regularisation_weight(Clock(0, 60_000), 300)
    # Stair 100 of 200.
    assert regularisation_weight(Clock(30_000, 60_000), 300) == pytest.approx(0.1 * math.exp(-5 * 0.25))
    assert regularisation_weight(Clock(30_000, 60_000), 150) == pytest.approx(0.1)
    assert regularisation_weight(Clock(60_000, 60_000), 300) == pytest.approx(0.1)


def test_a_short_run_goes_through_the_same_schedule():
    assert regularisation_weight(Clock(50, 100), 300) == regularisation_weight(Clock(30_000, 60_000), 300)
