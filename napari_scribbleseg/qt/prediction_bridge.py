"""From the trainer's mailbox to the prediction layer, a few milliseconds at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_scribbleseg.qt.mailbox import Mailbox
from napari_scribbleseg.qt.record import NEVER, ScanRecord
from napari_scribbleseg.qt.values import WeightsOrigin
from napari_scribbleseg.types import FrameKey, Prediction

if TYPE_CHECKING:
    from napari.layers import Labels

TICK_MS = 40
DRAIN_BUDGET_S = 0.008
REPORT_EVERY_S = 0.2


class PredictionBridge(QObject):
    """Write predictions in place into their records and refresh the layer only where the shown slice changed.

    Strokes and masks are never touched.

    Parameters
    ----------
    mailbox : Mailbox
    record_of : callable
        Case → `ScanRecord`, or None for a scan that is gone.
    current_key : callable
        The slice on screen, or None.
    layer : callable
        The prediction layer of the shown scan, or None.
    """

    changed = Signal()
    """New predictions arrived; at most five times a second, and at once for the slice on screen."""
    step_reported = Signal(object)

    def __init__(
        self,
        mailbox: Mailbox,
        record_of: Callable[[str], ScanRecord | None],
        current_key: Callable[[], FrameKey | None],
        layer: Callable[[], Labels | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._mailbox, self._record_of = mailbox, record_of
        self._current_key, self._layer = current_key, layer
        self._reported_at = 0.0
        self._unreported = False
        self.last_step = 0
        self.weights: WeightsOrigin | None = None
        """What the predictions of the run come from, where that is told of them."""
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Look into the mailbox from now on."""
        self._timer.start()

    def stop(self) -> None:
        """Take everything that is left and stop looking."""
        self._timer.stop()
        self._drain(float("inf"))
        self._report(force=True)

    def discard(self) -> None:
        """Stop looking and throw away what is left, as when a new run begins from scratch."""
        self._timer.stop()
        self._mailbox.clear()

    def age(self, key: FrameKey | None) -> tuple[int, float] | None:
        """Return (steps, seconds) since a slice was predicted; None where it never was."""
        record = self._record_of(key.case) if key else None
        if key is None or record is None or record.steps[key.t, key.z] == NEVER:
            return None
        steps = max(self.last_step - int(record.steps[key.t, key.z]), 0)
        return steps, time.monotonic() - float(record.times[key.t, key.z])

    def _tick(self) -> None:
        report = self._mailbox.take_report()
        if report is not None:
            self.last_step = report.step
            self.step_reported.emit(report)
        self._drain(DRAIN_BUDGET_S)
        self._report()

    def _drain(self, budget_s: float) -> None:
        end = time.perf_counter() + budget_s
        current = self._current_key()
        shown = False
        while time.perf_counter() < end and (prediction := self._mailbox.take(current)) is not None:
            shown |= self._write(prediction, current)
        layer = self._layer() if shown else None
        if layer is not None:
            # Thumbnail, highlight and extent cost more than the slice itself and do not matter here.
            layer.refresh(thumbnail=False, highlight=False, extent=False)
        if shown:
            self._report(force=True)

    def _write(self, prediction: Prediction, current: FrameKey | None) -> bool:
        record = self._record_of(prediction.key.case)
        if record is None:
            return False
        index = (prediction.key.t, prediction.key.z)
        is_shown = prediction.key == current
        differs = is_shown and not np.array_equal(record.prediction[index], prediction.labels)
        if not record.set_prediction(prediction, time.monotonic(), self.weights):
            return False
        self._unreported = True
        self.last_step = max(self.last_step, prediction.step)
        return differs

    def _report(self, force: bool = False) -> None:
        now = time.monotonic()
        if self._unreported and (force or now - self._reported_at >= REPORT_EVERY_S):
            self._unreported, self._reported_at = False, now
            self.changed.emit()
