"""Where the trainer leaves predictions for the window: the latest of each slice wins, nothing piles up."""

from __future__ import annotations

import threading

from napari_scribbleseg.types import FrameKey, Prediction, StepReport


class Mailbox:
    """A thread-safe box of predictions and the last step report."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._predictions: dict[FrameKey, Prediction] = {}
        self._report: StepReport | None = None

    def put(self, item: Prediction | StepReport) -> None:
        """Leave something; an older item of the same slice, or an older report, is dropped."""
        with self._lock:
            if isinstance(item, Prediction):
                self._predictions[item.key] = item
            else:
                self._report = item

    def take(self, first: FrameKey | None = None) -> Prediction | None:
        """Take a prediction out, that of `first` before all others; None when there is none."""
        with self._lock:
            if first is not None and first in self._predictions:
                return self._predictions.pop(first)
            for key in self._predictions:
                return self._predictions.pop(key)
        return None

    def take_report(self) -> StepReport | None:
        """Take the last step report out; None when nothing came since."""
        with self._lock:
            report, self._report = self._report, None
        return report

    def clear(self) -> None:
        """Throw everything away."""
        with self._lock:
            self._predictions.clear()
            self._report = None

    def __len__(self) -> int:
        with self._lock:
            return len(self._predictions)
