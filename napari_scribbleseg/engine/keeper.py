"""Fine-tuning never ends worse than it has been: the best weights by held-out strokes are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from napari_scribbleseg.types import HeldOutReport

if TYPE_CHECKING:
    from torch import Tensor

Weights = Mapping[str, "Tensor"]

MARGIN = 0.02
"""Held-out strokes are few: a loss of less than this is no evidence."""


class Keeper:
    """Remembers the weights that did best on the held-out strokes, the starting weights among them.

    Attributes
    ----------
    best, last : HeldOutReport or None
        The best and the latest measurement.
    """

    def __init__(self) -> None:
        self.best: HeldOutReport | None = None
        self.last: HeldOutReport | None = None
        self._weights: Weights = {}

    def observe(self, report: HeldOutReport, weights: Callable[[], Weights]) -> None:
        """Take a measurement in; `weights` gives private copies of those that were measured."""
        self.last = report
        if self.best is None or report.accuracy >= self.best.accuracy:
            self.best, self._weights = report, weights()

    def forget(self) -> None:
        """Start over: the strokes have changed, and with them what is measured."""
        self.best = self.last = None
        self._weights = {}

    def better(self) -> Weights | None:
        """Return the remembered weights where the latest are worse by more than a little, else None."""
        if self.best is None or self.last is None or self.last.accuracy >= self.best.accuracy - MARGIN:
            return None
        return self._weights

    def explain(self) -> str:
        """Say what was kept and why."""
        assert self.best is not None
        assert self.last is not None
        kept = f"the weights of step {self.best.step}" if self.best.step else "the weights it started from"
        return (
            f"Training on did not help: of the strokes that were held out {self.last.accuracy:.0%} were right after "
            f"{self.last.step} steps and {self.best.accuracy:.0%} before, so {kept} are kept."
        )
