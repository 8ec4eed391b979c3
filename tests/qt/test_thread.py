"""A thread that is nicer than the window and never dies without a word."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from napari_scribbleseg.qt import thread as threads
from napari_scribbleseg.qt.mailbox import Mailbox
from napari_scribbleseg.qt.thread import PoliteThread, TrainerThread, giving_way
from napari_scribbleseg.qt.values import RunRequest
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FinishReason, FrameKey, RunState
from tests.qt.stand_ins import Runners

REQUEST = RunRequest(TrainSettings(), (), (), FrameKey("scan", 0, 0))


@pytest.fixture
def make_thread(qapp, qtbot):
    made = []

    def make(runners) -> TrainerThread:
        thread = TrainerThread(runners, REQUEST, Mailbox())
        thread.events = []
        thread.happened.connect(lambda: thread.events.append(thread.next_event()))
        made.append(thread)
        return thread

    yield make
    for thread in made:
        assert thread.stop_and_wait()
    qtbot.waitUntil(lambda: not threads._alive)


@pytest.mark.skipif(sys.platform != "linux", reason="niceness belongs to a thread on Linux only")
def test_the_trainer_has_a_lower_priority_than_the_window_and_gives_way_sooner(make_thread, qtbot):
    thread, found = make_thread(Runners()), []
    interval = sys.getswitchinterval()
    thread.begin()
    priority = lambda runner: found.append(  # noqa: E731
        (os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), sys.getswitchinterval())
    )
    thread.runner.do(priority)
    qtbot.waitUntil(lambda: bool(found))

    assert found[0][0] == min(os.getpriority(os.PRIO_PROCESS, 0) + threads.NICENESS, threads.LEAST)
    assert found[0][1] < interval
    assert thread.stop_and_wait()
    assert sys.getswitchinterval() == interval


def test_the_window_has_its_way_until_the_last_such_thread_has_ended():
    usual = sys.getswitchinterval()
    first, second = giving_way(), giving_way()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(threads.SWITCH_INTERVAL_S)
    second.__exit__(None, None, None)
    assert sys.getswitchinterval() == usual


def test_a_thread_that_nobody_holds_lives_until_it_ends(qapp, qtbot):
    worked, release = threading.Event(), threading.Event()

    class Worker(PoliteThread):
        def work(self) -> None:
            worked.set()
            release.wait(5)

    Worker().begin()
    assert worked.wait(5)
    assert len(threads._alive) == 1
    release.set()
    qtbot.waitUntil(lambda: not threads._alive)


def test_an_error_and_a_silent_end_both_become_one_finished(make_thread, qtbot):
    runners = Runners()
    runners.fails_with = ZeroDivisionError()
    broken = make_thread(runners)
    silent = make_thread(Runners())
    silent.runner.run = lambda: None
    for thread, why in ((broken, "ZeroDivisionError"), (silent, "without saying why")):
        thread.begin()
        qtbot.waitUntil(lambda thread=thread: len(thread.events) == 1)
        (end,) = thread.events
        assert (end.state, end.reason) == (RunState.FINISHED, FinishReason.FAILED)
        assert why in end.message


def test_a_trainer_that_does_not_end_in_time_is_kept_alive_until_it_does(make_thread, qtbot):
    thread = make_thread(Runners())
    thread.begin()
    release = threading.Event()
    started = threading.Event()
    thread.runner.do(lambda runner: (started.set(), release.wait(5)))
    qtbot.waitUntil(started.is_set)

    assert not thread.stop_and_wait(0.05)
    assert thread in threads._alive
    release.set()
    assert thread.stop_and_wait()
