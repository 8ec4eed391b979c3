"""How fast a run goes and how long it has run."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class Pace:
    """Steps per second over the last seconds, and the time spent training, pauses left out.

    Parameters
    ----------
    now : callable
        Clock in seconds; replaced in tests.
    window_s : float
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, window_s: float = 5.0) -> None:
        self._now = now
        self._window_s = window_s
        self.reset()

    def reset(self) -> None:
        """Start counting anew, with the clock stopped."""
        self._marks: deque[tuple[float, int]] = deque()
        self._spent_s = 0.0
        self._since: float | None = None

    def go(self) -> None:
        """Let the clock run."""
        if self._since is None:
            self._since = self._now()
            self._marks.clear()

    def halt(self) -> None:
        """Stop the clock."""
        if self._since is not None:
            self._spent_s += self._now() - self._since
            self._since = None

    def mark(self, step: int) -> None:
        """Note that `step` steps are done by now."""
        now = self._now()
        self._marks.append((now, step))
        while len(self._marks) > 2 and now - self._marks[0][0] > self._window_s:
            self._marks.popleft()

    @property
    def elapsed_s(self) -> float:
        """Return seconds spent training."""
        return self._spent_s + (self._now() - self._since if self._since is not None else 0.0)

    @property
    def steps_per_s(self) -> float:
        """Return the recent speed, 0 while unknown."""
        if len(self._marks) < 2:
            return 0.0
        (t0, s0), (t1, s1) = self._marks[0], self._marks[-1]
        return (s1 - s0) / (t1 - t0) if t1 > t0 else 0.0
