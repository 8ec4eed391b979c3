"""Training as a person asks for it: what to train on, from where, and what has come of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LAYER_NAMES
from napari_scribbleseg.qt.mailbox import Mailbox
from napari_scribbleseg.qt.prediction_bridge import PredictionBridge
from napari_scribbleseg.qt.scan_desk import ScanDesk
from napari_scribbleseg.qt.training import Start, Training
from napari_scribbleseg.qt.values import MakeRunner, Preview, RunRequest
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Notice, RunState, ScribbleEdit, StateChanged, StepReport

if TYPE_CHECKING:
    from napari_scribbleseg.qt.record import ScanRecord
    from napari_scribbleseg.types import FrameKey


class RunDesk(QObject):
    """Check and start runs, feed them with strokes and the slice on screen, and stream what they predict.

    Parameters
    ----------
    make_runner : callable
    scans : ScanDesk
    """

    state_changed = Signal(object)
    step_reported = Signal(object)
    held_out_reported = Signal(object)
    noticed = Signal(object)
    checkpointed = Signal(object)
    preparation_reported = Signal(object)
    strokes_changed = Signal(int, int)
    prediction_changed = Signal()
    run_started = Signal()

    def __init__(self, make_runner: MakeRunner, scans: ScanDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scans = scans
        self._mailbox = mailbox = Mailbox()
        self.training = Training(make_runner, mailbox, self)
        self.predictions = PredictionBridge(
            mailbox, self._record_of, scans.current_key, lambda: scans.stage.layer("prediction"), self
        )
        self.settings = TrainSettings()
        self.continuing = False
        self._seen = self._told = self._reports = 0
        self.training.state_changed.connect(self._on_state)
        self.training.held_out_reported.connect(self.held_out_reported)
        self.training.preparation_reported.connect(self.preparation_reported)
        self.training.noticed.connect(self.noticed)
        self.training.checkpointed.connect(self.checkpointed)
        self.predictions.step_reported.connect(self._on_step)
        self.predictions.changed.connect(self.prediction_changed)
        scans.edited.connect(self._on_edit)
        scans.moved.connect(self._on_moved)
        scans.image_lost.connect(self._on_image_lost)

    # starting --------------------------------------------------------------------------------------------------------

    def train(self, settings: TrainSettings, fresh: bool) -> bool:
        """Start a run on all strokes of the session; False after a notice."""
        if self.training.active:
            return self._refuse("Training is under way already.")
        self._scans.flush()
        key = self._scans.current_key()
        problem = self._problem()
        if problem or key is None:
            return self._refuse(problem or "Open a scan first, then draw some strokes on it.")
        start = Start() if fresh or not self.training.start_point.fits(settings) else self.training.start_point
        self._warn_of_missing()
        if not start:
            self._forget_predictions()
        self.settings = settings
        return self._start(settings, start, key)

    def complete(self, then: Callable[[], None]) -> bool:
        """Predict the whole scan on screen with the last weights, then call `then`; False after a notice."""
        key = self._scans.current_key()
        if key is None:
            return self._refuse("Open a scan first.")
        if self.training.active:
            return self._refuse("Stop training first; then the missing slices can be predicted.")
        if not self.training.start_point:
            return self._refuse("Nothing was trained yet, so there is nothing to predict with.")
        settings = dataclasses.replace(self.settings, steps=0)
        return self._start(settings, self.training.start_point, key, then)

    def _start(
        self, settings: TrainSettings, start: Start, key: FrameKey, then: Callable[[], None] | None = None
    ) -> bool:
        records = self._scans.worklist.with_strokes()
        shown = self._scans.record
        if shown is not None and shown not in records:
            records.append(shown)
        request = RunRequest(
            settings=settings,
            cines=tuple(record.cine for record in records),
            edits=tuple(edit for record in records for edit in record.edits()),
            focus=key,
            checkpoint=start.checkpoint,
            weights=start.weights,
        )
        self.continuing = bool(start)
        self.predictions.last_step = start.step
        self._told = 0
        if not start:
            self._seen = 0
        if not self.training.start(request, then):
            return self._refuse("The last run has not ended yet; try again in a moment.")
        self.predictions.start()
        self.run_started.emit()
        self._tell_strokes()
        return True

    def _problem(self) -> str:
        if not len(self._scans.worklist):
            return "Open a scan first, then draw some strokes on it."
        drawn = self._labels_drawn()
        if not drawn:
            return "There are no strokes yet: draw some of at least two classes, for example LV and Background."
        if len(drawn) == 1:
            (only,) = drawn
            other = "LV" if only == BACKGROUND_SCRIBBLE else "Background"
            return (
                f"Only {LAYER_NAMES[only]} is drawn, and the model needs at least two classes to tell apart: "
                f"draw some strokes of another one too, for example {other}."
            )
        return ""

    def _warn_of_missing(self) -> None:
        missing = [name for label, name in LAYER_NAMES.items() if label not in self._labels_drawn()]
        if missing:
            names = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
            self.noticed.emit(Notice(f"No strokes of {names} yet: the model cannot find what it was never shown."))

    def _labels_drawn(self) -> frozenset[int]:
        return frozenset().union(*(record.labels_drawn for record in self._scans.worklist))

    # under way -------------------------------------------------------------------------------------------------------

    @property
    def strokes(self) -> tuple[int, int]:
        """Return (strokes that the model has seen, strokes drawn)."""
        drawn = sum(record.n_strokes for record in self._scans.worklist)
        total = self._told or drawn
        return min(self._seen, total), total

    @property
    def model_step(self) -> int:
        """Return the steps behind the newest weights."""
        return max(self.predictions.last_step, self.training.start_point.step)

    @property
    def trained_method(self) -> str:
        """Return the method behind the session's weights, "" where there are none."""
        return self.settings.method if self.training.start_point or self.model_step else ""

    def stale_slices(self) -> int:
        """Return how many slices of the scan on screen lack a prediction by the newest weights."""
        record = self._scans.record
        if record is None or not (self.training.start_point or self.training.active):
            return 0
        return record.stale(0 if self.training.active else self.model_step)

    def send_scan(self, case: str) -> None:
        """Pass a scan that came late, and its strokes, to the run under way."""
        record = self._record_of(case)
        if record is not None and self.training.active:
            for edit in record.edits():
                self.training.edit(edit, record.cine)

    def show_previews(self, previews: Iterable[Preview]) -> None:
        """Write an instant preview where predictions go; the next run overwrites it. Not while one is under way."""
        for preview in previews:
            self._mailbox.put(preview)
        self.predictions.stop()

    def close(self) -> bool:
        """End the run and take what it left; return whether its thread ended in time."""
        ended = self.training.close()
        self.predictions.discard()
        return ended

    def forget(self) -> None:
        """End the run and drop its weights, as before another session is opened."""
        self.close()
        self.training.start_point = Start()
        self._seen = self._told = 0
        self.predictions.last_step = 0

    def _record_of(self, case: str) -> ScanRecord | None:
        return self._scans.worklist.get(case)

    def _forget_predictions(self) -> None:
        for record in self._scans.worklist:
            if record.n_predicted:
                record.forget_predictions()
        layer = self._scans.stage.layer("prediction")
        if layer is not None:
            layer.refresh(thumbnail=False, highlight=False, extent=False)
        self.prediction_changed.emit()

    def _on_state(self, event: StateChanged) -> None:
        if event.state is RunState.FINISHED:
            self.predictions.stop()
        self.state_changed.emit(event)

    def _on_step(self, report: StepReport) -> None:
        self._seen = report.strokes_seen
        # A stroke counts at once, and its run knows of it a step later at the latest.
        self._reports += 1
        if self._reports > 1 or report.strokes_total >= self._told:
            self._told = report.strokes_total
        self.step_reported.emit(report)
        self._tell_strokes()

    def _on_edit(self, edit: ScribbleEdit) -> None:
        if self._told:
            self._told += edit.strokes
            self._reports = 0
        record = self._record_of(edit.key.case)
        if record is not None:
            self.training.edit(edit, record.cine)
        self._tell_strokes()

    def _on_moved(self) -> None:
        key, record = self._scans.current_key(), self._scans.record
        if key is not None and record is not None:
            self.training.focus(key, record.cine)
        self.prediction_changed.emit()

    def _on_image_lost(self, _case: str) -> None:
        ending = "it can be shown again from the list of scans."
        if self.training.active:
            self.training.stop()
            ending = f"training stops, and {ending}"
        self._refuse(f"The image of the scan was removed or replaced. Its strokes and masks are kept; {ending}")

    def _tell_strokes(self) -> None:
        self.strokes_changed.emit(*self.strokes)

    def _refuse(self, text: str) -> bool:
        self.noticed.emit(Notice(text, "warning"))
        return False
