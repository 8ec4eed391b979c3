"""Threads beside the window: nicer than it, held until they end; the one that trains always says how it ended."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator

from qtpy.QtCore import QObject, QThread, Signal

from napari_scribbleseg.qt.mailbox import Mailbox
from napari_scribbleseg.qt.values import MakeRunner, RunRequest
from napari_scribbleseg.types import Event, FinishReason, Prediction, RunState, StateChanged, StepReport

log = logging.getLogger(__name__)

NICENESS = 10
LEAST = 19
SWITCH_INTERVAL_S = 0.001
"""How long such a thread may keep the interpreter while the window waits for it; Python's default is five times it."""

_alive: set[PoliteThread] = set()
"""Threads under way: Qt ends the process when a running QThread is collected, so they are held here."""


class PoliteThread(QThread):
    """A thread that gives way to the window; a subclass says in :meth:`work` what it does."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.finished.connect(self._forget)

    def begin(self) -> None:
        """Start the thread at a low priority."""
        _alive.add(self)
        self.start(QThread.Priority.LowPriority)

    def run(self) -> None:
        """Work; called by Qt on the new thread."""
        be_nice()
        with giving_way():
            self.work()

    def work(self) -> None:
        """Do what the thread is for; must not raise."""
        raise NotImplementedError

    def _forget(self) -> None:
        # A thread says that it is finished an instant before it is.
        self.wait()
        _alive.discard(self)


class TrainerThread(PoliteThread):
    """Run a trainer beside the window.

    Events wait in order until :meth:`next_event` takes them; :attr:`happened` says on the thread that made this object
    that there is one. Predictions and step reports go to the mailbox instead, where the latest wins.

    Parameters
    ----------
    make_runner : callable
        Makes the runner from the request and an `emit` function; must not block.
    request : RunRequest
    mailbox : Mailbox
    """

    happened = Signal()

    def __init__(
        self, make_runner: MakeRunner, request: RunRequest, mailbox: Mailbox, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._mailbox = mailbox
        self._ended = False
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.request = request
        self.runner = make_runner(request, self._emit)

    def work(self) -> None:
        """Train until the runner ends."""
        try:
            self.runner.run()
        except Exception as error:  # a dead window is worse than any error in here
            log.exception("The trainer stopped with an error")
            why = str(error) or type(error).__name__
            self._end(f"Training stopped because of an error: {why}. Your strokes are safe.")
        else:
            self._end("Training ended without saying why. Your strokes are safe.")

    def next_event(self) -> Event | None:
        """Take the oldest event that waits; None when there is none."""
        try:
            return self._events.get_nowait()
        except queue.Empty:
            return None

    def stop_and_wait(self, timeout_s: float = 5.0) -> bool:
        """Cancel, wait for the thread, and return whether it ended in time.

        A thread that has not ended goes on to its next step boundary and is kept alive until then.
        """
        if self.isRunning():
            self.runner.cancel()
        return bool(self.wait(int(timeout_s * 1000)))

    def _emit(self, event: Event) -> None:
        if isinstance(event, Prediction | StepReport):
            self._mailbox.put(event)
            return
        if isinstance(event, StateChanged) and event.state is RunState.FINISHED:
            if self._ended:
                return
            self._ended = True
        self._events.put(event)
        self.happened.emit()

    def _end(self, sentence: str) -> None:
        if not self._ended:
            self._emit(StateChanged(RunState.FINISHED, FinishReason.FAILED, sentence))


_guard = threading.Lock()
_giving_way: list[float] = []
"""One entry for each thread that gives way: the switch interval that it found."""


@contextlib.contextmanager
def giving_way() -> Iterator[None]:
    """Let the window have the interpreter sooner, until the last thread that gives way has ended."""
    with _guard:
        _giving_way.append(sys.getswitchinterval() if not _giving_way else _giving_way[0])
        sys.setswitchinterval(min(_giving_way[0], SWITCH_INTERVAL_S))
    try:
        yield
    finally:
        with _guard:
            usual = _giving_way.pop()
            if not _giving_way:
                sys.setswitchinterval(usual)


def be_nice() -> None:
    """Give way to the window: lower the priority of the calling thread where the system can."""
    set_priority: Callable[[int, int, int], None] | None = getattr(os, "setpriority", None)
    # On Linux niceness belongs to the thread; elsewhere this would slow the window down too.
    if set_priority is not None and sys.platform == "linux":
        try:
            thread = threading.get_native_id()
            set_priority(os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + NICENESS, LEAST))
        except OSError:
            log.debug("The system keeps the trainer's priority as it is", exc_info=True)
