"""When a worker should stop, although its cell is not done."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

from napari_scribbleseg.bench.cells import Order

_LOOK_EVERY_S = 1.0


class StopRequested(Exception):  # noqa: N818 - not an error
    """A worker was asked to stop; the text says why, in words that follow "stopped:"."""


class Watch:
    """Looks out for what ends a worker early: a signal, its time, the end of its parent, or a file that asks for it.

    Parameters
    ----------
    order : Order
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self._signalled = False
        self._looked_at_s = 0.0

    def listen(self) -> None:
        """Take SIGTERM and Ctrl-C as a request to stop; only the main thread of a process may."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._heed)
            signal.signal(signal.SIGINT, self._heed)

    def _heed(self, number: int, frame: FrameType | None) -> None:
        self._signalled = True

    def check(self) -> None:
        """Return while the work may go on.

        Raises
        ------
        StopRequested
            When it should stop.
        """
        if self._order.deadline and time.time() >= self._order.deadline:
            raise StopRequested("out of time")
        if self._signalled:
            raise StopRequested("interrupted")
        if self._order.parent and os.name == "posix" and os.getppid() != self._order.parent:
            raise StopRequested("the run that started it has ended")
        if time.monotonic() - self._looked_at_s >= _LOOK_EVERY_S:
            self._looked_at_s = time.monotonic()
            if self._order.stop_path.exists():
                raise StopRequested("interrupted")
