from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from napari_scribbleseg.bench.watch import StopRequested, Watch


def test_nothing_ends_a_worker_that_nobody_stops(order):
    Watch(order(parent=os.getppid())).check()


def test_a_signal_ends_it(order):
    watch = Watch(order())
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        watch.listen()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequested, match="interrupted"):
            watch.check()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_the_end_of_its_time_ends_it(order):
    with pytest.raises(StopRequested, match="out of time"):
        Watch(order(deadline=time.time() - 1)).check()
    Watch(order(deadline=time.time() + 60)).check()


def test_a_signal_at_the_end_of_its_time_is_no_interruption(order):
    watch = Watch(order(deadline=time.time() - 1))
    watch._heed(signal.SIGTERM, None)
    with pytest.raises(StopRequested, match="out of time"):
        watch.check()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a process does not know its parent's end")
def test_the_end_of_its_parent_ends_it(order):
    with pytest.raises(StopRequested, match="has ended"):
        Watch(order(parent=os.getppid() + 1)).check()


def test_a_file_beside_the_cells_ends_it_wherever_it_runs(order):
    made = order()
    Path(made.out).mkdir()
    made.stop_path.touch()
    with pytest.raises(StopRequested, match="interrupted"):
        Watch(made).check()
    Watch(replace(made, run="another")).check()
