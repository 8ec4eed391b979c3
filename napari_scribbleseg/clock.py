"""The training clock: which step of how many, and the schedules that depend on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

PAPER_STEPS = 60_000


@dataclass(frozen=True)
class Clock:
    """Step number and planned length of a run.

    Attributes
    ----------
    step : int
        Steps done so far; the step under way has this number.
    total : int
        Planned steps. Milestones of METHODS given for 60 000 steps scale with it.
    """

    step: int
    total: int

    @property
    def paper_step(self) -> int:
        """Return the step of the paper's 60 000 that corresponds to this one: schedules are written in those."""
        return self.step * PAPER_STEPS // max(self.total, 1)

    def scaled(self, paper_step: int) -> int:
        """Return the step of this run that corresponds to `paper_step` of 60 000."""
        return round(paper_step * self.total / PAPER_STEPS)


def ramp(x: float, length: float) -> float:
    """Gaussian ramp-up exp(-5 (1 - clip(x / length, 0, 1))²), from exp(-5) to 1."""
    phase = min(max(x / length, 0.0), 1.0) if length > 0 else 1.0
    return math.exp(-5.0 * (1.0 - phase) ** 2)


def poly(lr0: float, clock: Clock, power: float = 0.9) -> float:
    """Polynomial learning rate lr0 · (1 - t/T)^power of the paper's protocol."""
    return lr0 * float(max(1.0 - clock.step / max(clock.total, 1), 0.0) ** power)
