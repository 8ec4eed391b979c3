from __future__ import annotations

import pytest

from napari_scribbleseg.qt import stopwatch
from napari_scribbleseg.qt.stopwatch import Stopwatch


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(stopwatch.time, "monotonic", lambda: now[0])
    return now


def test_only_the_time_while_it_runs_counts_on_top_of_what_it_began_with(clock):
    watch = Stopwatch(5.0)
    clock[0] += 10
    assert watch.seconds == 5
    watch.run(True)
    clock[0] += 3
    assert watch.seconds == 8
    watch.run(True)
    clock[0] += 1
    watch.run(False)
    clock[0] += 100
    assert watch.seconds == 9
