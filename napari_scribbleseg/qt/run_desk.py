"""Training as a person asks for it: what to train on, from where, and what has come of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LAYER_NAMES
from napari_scribbleseg.qt.mailbox import Mailbox
from napari_scribbleseg.qt.prediction_bridge import PredictionBridge
from napari_scribbleseg.qt.scan_desk import ScanDesk
from napari_scribbleseg.qt.stopwatch import Stopwatch
from napari_scribbleseg.qt.training import Start, Training
from napari_scribbleseg.qt.values import MakeRunner, Preview, RunRequest, WeightsOrigin
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Checkpoint, Notice, RunState, ScribbleEdit, StateChanged, StepReport

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
    history_changed = Signal(object, float)
    """`WeightsOrigin` that the session's training began with, None for from scratch, and the seconds since."""

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
        self.started_from: WeightsOrigin | None = None
        self.post = PostProcessing()
        self.only_case = ""
        self._stopwatch = Stopwatch()
        self.weights_coming = False
        """Whether the weights of a session that was opened a moment ago are still being read."""
        self._seen = self._told = self._reports = 0
        self.training.state_changed.connect(self._on_state)
        self.training.held_out_reported.connect(self.held_out_reported)
        self.training.preparation_reported.connect(self.preparation_reported)
        self.training.noticed.connect(self.noticed)
        self.training.checkpointed.connect(self._on_checkpoint)
        self.predictions.step_reported.connect(self._on_step)
        self.predictions.changed.connect(self.prediction_changed)
        scans.edited.connect(self._on_edit)
        scans.moved.connect(self._on_moved)
        scans.image_lost.connect(self._on_image_lost)

    # starting --------------------------------------------------------------------------------------------------------

    def train(self, settings: TrainSettings, start: Start, only_shown: bool = False) -> bool:
        """Start a run on the strokes of the session, or of the scan on screen alone; False after a notice."""
        if self.training.active:
            return self._refuse("Training is under way already.")
        self._scans.flush()
        key, shown = self._scans.current_key(), self._scans.record
        if key is None or shown is None:
            return self._refuse("Open a scan first, then draw some strokes on it.")
        knows_hearts = start.entry is not None or (start.goes_on and self.started_from is not None)
        drawn = shown.labels_drawn if only_shown else self._labels_drawn()
        problem = _problem(drawn, knows_hearts)
        if problem:
            return self._refuse(problem)
        if not knows_hearts:
            self._warn_of_missing(drawn)
        if not start:
            self._forget_predictions()
        self.settings = settings
        self.only_case = key.case if only_shown else ""
        if not start.goes_on:
            self._begin_from(start)
        return self._start(settings, start, key)

    def complete(self, start: Start, then: Callable[[], None]) -> bool:
        """Predict the whole scan on screen with some weights, then call `then`; False after a notice."""
        key = self._scans.current_key()
        if key is None:
            return self._refuse("Open a scan first.")
        if self.training.active:
            return self._refuse("Stop training first; then the missing slices can be predicted.")
        if not start:
            return self._refuse("Nothing was trained yet, so there is nothing to predict with.")
        return self._start(dataclasses.replace(self.settings, steps=0), start, key, then)

    def _start(
        self, settings: TrainSettings, start: Start, key: FrameKey, then: Callable[[], None] | None = None
    ) -> bool:
        records = [r for r in self._scans.worklist.with_strokes() if not self.only_case or r.case == self.only_case]
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
            source=str(start.entry.path) if start.entry is not None else "",
            post=self.post,
        )
        if then is not None:
            # Somebody waits for the predictions, and for nothing else.
            request = dataclasses.replace(request, doubt_at_end_s=0.0)
        self.continuing = start.goes_on
        self.predictions.weights = self.started_from if settings.steps else self.origin_of(start)
        self.predictions.last_step = start.step
        self._told = 0
        if not start.goes_on:
            self._seen = 0
        if not self.training.start(request, then):
            return self._refuse("The last run has not ended yet; try again in a moment.")
        self.predictions.start()
        self.run_started.emit()
        self._tell_strokes()
        return True

    def origin_of(self, start: Start) -> WeightsOrigin | None:
        """Return what slices predicted from a start say of themselves; None for weights of this session alone."""
        return start.entry.origin if start.entry is not None else self.started_from if start else None

    def _begin_from(self, start: Start) -> None:
        origin = start.entry.origin if start.entry is not None else None
        self.recall(dataclasses.replace(origin, tuned=True) if origin is not None else None, 0.0)
        self.history_changed.emit(self.started_from, 0.0)

    @property
    def trained_s(self) -> float:
        """Return the seconds of training since the session's training began."""
        return self._stopwatch.seconds

    def recall(self, origin: WeightsOrigin | None, trained_s: float) -> None:
        """Take up what the session's training began with, and how long it lasted so far."""
        self.started_from, self._stopwatch = origin, Stopwatch(trained_s)

    def set_post(self, post: PostProcessing) -> None:
        """Put other things right in predictions from now on, and in those that a run under way has shown."""
        self.post = post
        self.training.set_post(post)

    def _warn_of_missing(self, drawn: frozenset[int]) -> None:
        missing = [name for label, name in LAYER_NAMES.items() if label not in drawn]
        if missing:
            names = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
            self.noticed.emit(Notice(f"No strokes of {names} yet: the model cannot find what it was never shown."))

    def _labels_drawn(self) -> frozenset[int]:
        return frozenset().union(*(record.labels_drawn for record in self._scans.worklist))

    # under way -------------------------------------------------------------------------------------------------------

    @property
    def strokes(self) -> tuple[int, int]:
        """Return (strokes that the model has seen, strokes drawn)."""
        drawn = sum(record.n_strokes for record in self._scans.worklist if self._in_scope(record.case))
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

    def stale_slices(self, start: Start) -> int:
        """Return how many slices of the scan on screen lack a prediction by the newest weights, which are `start`."""
        record = self._scans.record
        if record is None or not (start or self.training.active):
            return 0
        return record.stale(0 if self.training.active else self.model_step)

    def send_scan(self, case: str) -> None:
        """Pass a scan that came late, and its strokes, to the run under way."""
        record = self._record_of(case)
        if record is not None and self.training.active and self._in_scope(case):
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
        self.recall(None, 0.0)
        self.only_case = ""
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
        self._stopwatch.run(event.state is RunState.RUNNING)
        if event.state is RunState.FINISHED:
            self.predictions.stop()
        self.state_changed.emit(event)

    def _on_checkpoint(self, checkpoint: Checkpoint) -> None:
        self.checkpointed.emit(checkpoint)
        self.history_changed.emit(self.started_from, self.trained_s)

    def _on_step(self, report: StepReport) -> None:
        self._seen = report.strokes_seen
        # A stroke counts at once, and its run knows of it a step later at the latest.
        self._reports += 1
        if self._reports > 1 or report.strokes_total >= self._told:
            self._told = report.strokes_total
        self.step_reported.emit(report)
        self._tell_strokes()

    def _on_edit(self, edit: ScribbleEdit) -> None:
        in_scope = self._in_scope(edit.key.case)
        if self._told and in_scope:
            self._told += edit.strokes
            self._reports = 0
        record = self._record_of(edit.key.case)
        if record is not None and in_scope:
            self.training.edit(edit, record.cine)
        self._tell_strokes()

    def _in_scope(self, case: str) -> bool:
        return not self.only_case or case == self.only_case

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


def _problem(drawn: frozenset[int], knows_hearts: bool) -> str:
    """Return why nothing can be learned from the classes drawn, "" where something can."""
    if knows_hearts:
        return "" if drawn else "There are no strokes yet: draw one where the mask is wrong, then fine-tune."
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
