"""The runner: owns time, listens to the window, and drives an engine on its own thread.

::

    IDLE → STARTING → RUNNING ⇄ PAUSED
                       ↑  ↓
                     RESTING            (nothing left to gain; the next stroke wakes it)
    any of these → FINISHING → FINISHED (with a FinishReason)

A pause or cancel asked for within a step waits for the step's end. Edits are taken in every state. Whatever
happens, `run` ends with exactly one FINISHED.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_scribbleseg.engine.inbox import Inbox
from napari_scribbleseg.engine.patience import Patience
from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.engine.sweep import Sweep
from napari_scribbleseg.types import (
    Cine,
    DoubtReport,
    Event,
    FinishReason,
    FrameKey,
    Prediction,
    PreparationReport,
    RunState,
    ScribbleEdit,
    StateChanged,
)

if TYPE_CHECKING:
    from napari_scribbleseg.engine.cleaner import Cleaner
    from napari_scribbleseg.engine.engine import Engine

FIRST_PREDICTION_STEP = 3
SLICES_AT_ONCE = 4
CHECKPOINT_EVERY_S = 20.0
HELD_OUT_EVERY = 25
DOUBT_SHARE = 0.1
"""Looking for doubt may take this much of a step's time again."""
DOUBT_AT_END_S = 6.0

_log = logging.getLogger(__name__)


class Runner:
    """Implements `types.Trainer` in this process.

    Parameters
    ----------
    build : callable → Engine
        Called on the worker thread, so that importing torch and building never block a window.
    emit : callable (Event)
        Called on the worker thread.
    checkpoint_every_s : float
        Time between checkpoints while training; one more is made at every pause and end.
    doubt_at_end_s : float
        How long a run that is through may look for doubt before it says so.
    post : PostProcessing, optional
        What to put right in predictions before they are shown; by default they are shown as they are.
    """

    def __init__(
        self,
        build: Callable[[], Engine],
        emit: Callable[[Event], None],
        checkpoint_every_s: float = CHECKPOINT_EVERY_S,
        doubt_at_end_s: float = DOUBT_AT_END_S,
        post: PostProcessing | None = None,
    ) -> None:
        self._build = build
        self._emit = emit
        self._checkpoint_every_s = checkpoint_every_s
        self._doubt_at_end_s = doubt_at_end_s
        self._post = post
        self._cleaner: Cleaner | None = None
        self._condition = threading.Condition()
        self._inbox = Inbox(self._condition)
        self._words = 0
        self._focus: FrameKey | None = None
        self._paused = False
        self._cancelled = False
        self._checkpoint_wanted = False
        self._last = StateChanged(RunState.IDLE)
        self._sweep = Sweep()
        self._doubts = Sweep(DOUBT_SHARE)
        self._patience = Patience()
        self._trained_s = 0.0
        self._since_checkpoint_s = 0.0
        self._dirty = False

    # said by the window; returns at once ------------------------------------------------------------------------

    @property
    def state(self) -> RunState:
        """Where the runner is."""
        return self._last.state

    def snapshot(self) -> StateChanged:
        """Return the latest change of state."""
        return self._last

    def add_cine(self, cine: Cine) -> None:
        """Bring in another scan."""
        self._inbox.put_cine(cine)

    def edit(self, edit: ScribbleEdit) -> None:
        """Bring in the strokes of a slice."""
        self._inbox.put(edit)

    def focus(self, key: FrameKey) -> None:
        """Say which slice is on screen."""
        with self._condition:
            self._focus = key
            self._tell()

    def set_paused(self, paused: bool) -> None:
        """Pause after the running step, or go on."""
        with self._condition:
            self._paused = paused
            self._tell()

    def cancel(self) -> None:
        """End after the running step."""
        with self._condition:
            self._cancelled = True
            self._tell()

    def set_post(self, post: PostProcessing) -> None:
        """Put other things right in predictions from now on, and in those that were shown before."""
        with self._condition:
            self._post = post
            self._tell()

    def request_checkpoint(self) -> None:
        """Ask for a Checkpoint event after the running step."""
        with self._condition:
            self._checkpoint_wanted = True
            self._tell()

    def _tell(self) -> None:
        """Count the word, so that one that comes just before the runner waits is not slept over."""
        self._words += 1
        self._condition.notify_all()

    # the worker thread ------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Build the engine and train until the end; blocks, never raises, always emits one FINISHED."""
        reason, message = FinishReason.FAILED, ""
        engine = None
        try:
            self._enter(RunState.STARTING)
            engine = self._build()
            engine.notify = self._emit
            reason, message = self._train(engine)
        except Exception as error:
            reason, message = _explain(error)
        finally:
            self._finish(engine, reason, message)

    def _finish(self, engine: Engine | None, reason: FinishReason, message: str) -> None:
        try:
            self._enter(RunState.FINISHING)
            if engine is not None and self._dirty and reason is not FinishReason.FAILED:
                self._save(engine)
        except Exception as error:
            reason, message = _explain(error)
        finally:
            self._enter(RunState.FINISHED, reason, message)

    def _train(self, engine: Engine) -> tuple[FinishReason, str]:
        while not self._cancelled:
            heard = self._words
            self._take_mail(engine)
            if self._checkpoint_wanted:
                self._save(engine)
            ended = self._ended(engine)
            if ended is not None:
                return self._complete(engine, *ended)
            state = self._desired(engine)
            if state is not self.state:
                self._change(engine, state)
            elif state is RunState.RUNNING:
                self._advance(engine)
            elif not self._predict_stale(engine) and not self._doubt_stale(engine):
                self._wait(heard)
        return FinishReason.CANCELLED, "Stopped."

    def _desired(self, engine: Engine) -> RunState:
        if self._paused:
            return RunState.PAUSED
        resting = engine.settings.schedule != "protocol" and self._patience.is_over(engine.clock.step)
        return RunState.RESTING if resting or not engine.store.scribbled() else RunState.RUNNING

    def _change(self, engine: Engine, state: RunState) -> None:
        if state is RunState.RESTING:
            self._settle(engine)
        if state is not RunState.RUNNING and self._dirty:
            self._save(engine)
        self._enter(state)

    def _ended(self, engine: Engine) -> tuple[FinishReason, str] | None:
        limit_s = engine.settings.time_limit_s
        if engine.clock.step >= engine.clock.total:
            return FinishReason.COMPLETED, f"Finished after {engine.clock.step} steps."
        if limit_s and self._trained_s >= limit_s:
            return FinishReason.TIME_LIMIT, f"Finished after {limit_s:g} s, {engine.clock.step} steps."
        return None

    def _complete(self, engine: Engine, reason: FinishReason, message: str) -> tuple[FinishReason, str]:
        """Predict what is not up to date before the end, unless cancelled."""
        self._enter(RunState.FINISHING)
        self._settle(engine)
        while not self._cancelled and self._predict_stale(engine):
            self._take_mail(engine)
        end = time.perf_counter() + self._doubt_at_end_s
        while not self._cancelled and time.perf_counter() < end and self._doubt_stale(engine):
            self._take_mail(engine)
        return reason, message

    def _take_mail(self, engine: Engine) -> None:
        self._renew(engine)
        mail = self._inbox.take()
        for cine in mail.cines:
            engine.add(cine)
            if self._cleaner is not None:
                self._cleaner.forget(cine.case)
        if engine.apply(mail.edits):
            self._patience.restart(engine.clock.step)
            self._dirty = True

    def _advance(self, engine: Engine) -> None:
        prepared = engine.prepare_some()
        if prepared is not None:
            self._emit(PreparationReport(*prepared))
            return
        report = engine.step()
        self._emit(report)
        self._dirty = True
        self._trained_s += report.step_s
        self._since_checkpoint_s += report.step_s
        self._sweep.earn(report.step_s)
        self._doubts.earn(report.step_s)
        if report.step % HELD_OUT_EVERY == 0:
            self._measure(engine)
        if report.step >= FIRST_PREDICTION_STEP:
            self._predict_due(engine)
            self._doubt_due(engine)
        if self._since_checkpoint_s >= self._checkpoint_every_s:
            self._save(engine)

    def _measure(self, engine: Engine) -> None:
        start = time.perf_counter()
        held_out = engine.measure_held_out()
        self._sweep.spend([], engine.clock.step, time.perf_counter() - start)
        if held_out is not None:
            self._patience.observe(held_out)
            self._emit(held_out)

    def _settle(self, engine: Engine) -> None:
        """Go back to better weights, if there were any, and have all predictions made by them."""
        if self._trained_s and engine.settle():
            self._dirty = True
            self._sweep.forget()

    def _predict_due(self, engine: Engine) -> None:
        """Predict for as long as training can spare the time, the slice on screen first."""
        while self._sweep.affordable and not self._interrupted():
            focus = self._shown(engine)
            if focus is None:
                return
            keys = self._sweep.due(focus, engine.store.cine(focus.case).shape, engine.clock.step, SLICES_AT_ONCE)
            if not keys:
                return
            self._predict(engine, keys)

    def _predict_stale(self, engine: Engine) -> bool:
        """Predict a few slices that are older than the weights; False where there are none."""
        keys = self._stale(engine, self._sweep)
        if keys:
            self._emit_predictions(engine, keys)
            self._sweep.note(keys, engine.clock.step)
        return bool(keys)

    def _predict(self, engine: Engine, keys: list[FrameKey]) -> None:
        start = time.perf_counter()
        self._emit_predictions(engine, keys)
        self._sweep.spend(keys, engine.clock.step, time.perf_counter() - start)

    def _emit_predictions(self, engine: Engine, keys: list[FrameKey]) -> None:
        made = engine.predict(keys)
        for prediction in self._clean(made, engine) if self._post is not None else made:
            self._emit(prediction)

    def _clean(self, made: list[Prediction], engine: Engine) -> list[Prediction]:
        from napari_scribbleseg.engine.cleaner import Cleaner

        if self._cleaner is None:
            self._cleaner = Cleaner(self._post or PostProcessing.none())
        return self._cleaner.clean(made, engine.store)

    def _renew(self, engine: Engine) -> None:
        """Show what was predicted before as the present options want it."""
        cleaner, post = self._cleaner, self._post
        if cleaner is not None and post is not None and post != cleaner.options:
            for prediction in cleaner.renewed(post, engine.store):
                self._emit(prediction)

    def _doubt_due(self, engine: Engine) -> None:
        """Look for doubt in a few slices, if training can spare the time."""
        focus = self._shown(engine)
        if focus is None or not self._doubts.affordable or self._interrupted():
            return
        start, shape = time.perf_counter(), engine.store.cine(focus.case).shape
        keys = self._doubts.again(focus, shape, engine.clock.step, SLICES_AT_ONCE)
        self._emit_doubt(engine, keys)
        self._doubts.spend(keys, engine.clock.step, time.perf_counter() - start)

    def _doubt_stale(self, engine: Engine) -> bool:
        """Look for doubt in a few slices that the present weights were not asked about; False where there are none."""
        keys = self._stale(engine, self._doubts)
        if keys:
            self._emit_doubt(engine, keys)
            self._doubts.note(keys, engine.clock.step)
        return bool(keys)

    def _emit_doubt(self, engine: Engine, keys: list[FrameKey]) -> None:
        if keys:
            found = {(key.t, key.z): doubt for key, doubt in engine.doubt(keys).items()}
            self._emit(DoubtReport(keys[0].case, found, engine.clock.step))

    def _stale(self, engine: Engine, sweep: Sweep) -> list[FrameKey]:
        """Return a few slices of the scan on screen that are older than the weights."""
        focus = self._shown(engine)
        if focus is None or (engine.clock.step == 0 and engine.clock.total > 0):
            return []
        return sweep.stale(focus, engine.store.cine(focus.case).shape, engine.clock.step, SLICES_AT_ONCE)

    def _shown(self, engine: Engine) -> FrameKey | None:
        with self._condition:
            focus = self._focus
        return focus if focus is not None and focus.case in engine.store.cases else None

    def _interrupted(self) -> bool:
        return self._cancelled or self._paused or bool(self._inbox)

    def _save(self, engine: Engine) -> None:
        self._checkpoint_wanted = False
        self._dirty = False
        self._since_checkpoint_s = 0.0
        self._emit(engine.checkpoint())

    def _wait(self, heard: int) -> None:
        """Wait for mail, or for a word that came after word number `heard`."""
        with self._condition:
            self._condition.wait_for(lambda: self._words != heard or bool(self._inbox))

    def _enter(self, state: RunState, reason: FinishReason | None = None, message: str = "") -> None:
        if state is not self._last.state:
            self._last = StateChanged(state, reason, message)
            self._emit(self._last)


def _explain(error: Exception) -> tuple[FinishReason, str]:
    from napari_scribbleseg.engine.engine import DivergedError

    if isinstance(error, DivergedError):
        return FinishReason.DIVERGED, str(error)
    _log.exception("Training failed")
    known = isinstance(error, ValueError)
    return FinishReason.FAILED, str(error) if known else f"Training stopped: {error} ({type(error).__name__})."
