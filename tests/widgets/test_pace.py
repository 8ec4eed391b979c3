from __future__ import annotations

import pytest

from napari_scribbleseg.widgets.pace import Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_pauses_do_not_count_as_time_spent(clock):
    pace = Pace(clock)
    pace.go()
    clock.now += 5
    pace.halt()
    clock.now += 60
    pace.go()
    clock.now += 2
    assert pace.elapsed_s == 7


def test_speed_is_that_of_the_last_seconds(clock):
    pace = Pace(clock, window_s=5)
    pace.go()
    for step in range(10):  # one a second at first
        pace.mark(step)
        clock.now += 1
    for step in range(10, 60):  # then ten a second
        pace.mark(step)
        clock.now += 0.1
    assert pace.steps_per_s == pytest.approx(10, rel=0.2)


def test_speed_is_unknown_before_two_reports(clock):
    pace = Pace(clock)
    pace.mark(3)
    assert pace.steps_per_s == 0


def test_reset_forgets_time_and_speed(clock):
    pace = Pace(clock)
    pace.go()
    pace.mark(0)
    clock.now += 1
    pace.mark(9)
    pace.reset()
    assert (pace.elapsed_s, pace.steps_per_s) == (0, 0)
