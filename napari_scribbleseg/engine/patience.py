"""When a live run has nothing left to gain."""

from __future__ import annotations

from napari_scribbleseg.types import HeldOutReport

STALL_STEPS = 300
"""Rest when the accuracy on held-out strokes has not risen for so many steps."""
BLIND_STEPS = 1000
"""Rest after so many steps since the last stroke where nothing is held out."""


class Patience:
    """Watches the accuracy on held-out strokes; a new stroke starts it afresh."""

    def __init__(self, stall_steps: int = STALL_STEPS, blind_steps: int = BLIND_STEPS) -> None:
        self._stall_steps = stall_steps
        self._blind_steps = blind_steps
        self.restart(0)

    def restart(self, step: int) -> None:
        """Forget the past; something was drawn at `step`."""
        self._since = step
        self._best: HeldOutReport | None = None

    def observe(self, report: HeldOutReport) -> None:
        """Take a measurement in."""
        if self._best is None or report.accuracy > self._best.accuracy:
            self._best = report

    def is_over(self, step: int) -> bool:
        """Tell whether to rest at `step`."""
        if self._best is None:
            return step - self._since >= self._blind_steps
        return step - max(self._best.step, self._since) >= self._stall_steps
