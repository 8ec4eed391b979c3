"""How long training has lasted; knows no Qt."""

from __future__ import annotations

import time


class Stopwatch:
    """Counts the seconds during which it runs, on top of some that it begins with."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """Return the seconds so far."""
        return self._seconds + (time.monotonic() - self._since if self._since is not None else 0.0)

    def run(self, on: bool) -> None:
        """Count from now on, or stop counting."""
        self._seconds = self.seconds
        self._since = time.monotonic() if on else None
