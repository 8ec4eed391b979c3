"""The training of one cell, with checkpoints by the clock."""

from __future__ import annotations

import time

from napari_scribbleseg.bench.cells import Order
from napari_scribbleseg.bench.machine import describe_device
from napari_scribbleseg.bench.records import CellFolder, History, Progress
from napari_scribbleseg.bench.watch import StopRequested, Watch
from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.engine.engine import Engine
from napari_scribbleseg.engine.weights import WeightsError
from napari_scribbleseg.types import Notice, StepReport

HISTORY_LINES = 200
"""The history has about so many steps: to read a loss, the loop has to wait for the device."""
LOOK_UP_S = 0.5
CHECKPOINT_SHARE = 20
"""A checkpoint that takes long to write is written more rarely, so that it costs at most one part in so many."""


class Training:
    """One training, from its last checkpoint to its last step.

    Parameters
    ----------
    order : Order
    store : SampleStore with the training set
    folder : CellFolder
    watch : Watch

    Attributes
    ----------
    engine : Engine
    train_s, prepare_s : float
        Seconds spent in steps and in making maps, over all attempts.
    """

    def __init__(self, order: Order, store: SampleStore, folder: CellFolder, watch: Watch) -> None:
        self._order, self._folder, self._watch = order, folder, watch
        past = _past(folder)
        self._history: History = list(past.history) if past else []
        self.train_s = past.train_s if past else 0.0
        self.prepare_s = past.prepare_s if past else 0.0
        settings = order.cell.settings
        self.engine: Engine = build_engine(settings, store, checkpoint=past.checkpoint if past else None)
        self.engine.notify = self._take_notice
        self._count = 1
        self._log_every = max(settings.steps // HISTORY_LINES, 1)
        self._saved_at_s, self._saving_s = time.monotonic(), 0.0
        began = [*folder.read().get("began_at_steps", []), self.engine.clock.step]
        folder.note(began_at_steps=began, device=describe_device(self.engine.device))

    def run(self) -> None:
        """Train to the last step, and leave a checkpoint of it.

        Raises
        ------
        StopRequested
            When asked to stop before; the checkpoint is written.
        """
        clock = self.engine.clock
        if clock.step >= clock.total:
            return
        try:
            while self.engine.clock.step < clock.total:
                self._watch.check()
                self._advance()
                if self._is_checkpoint_due():
                    self.save()
        except StopRequested:
            self.save()
            raise
        self.save()

    def _advance(self) -> None:
        start_s = time.perf_counter()
        if self.engine.prepare_some() is not None:
            self.prepare_s += time.perf_counter() - start_s
            self._folder.pulse("maps", self.engine.clock.step, self.engine.clock.total)
            return
        report = self.engine.advance(self._count)
        self.train_s += time.perf_counter() - start_s
        self._folder.pulse("train", report.step, report.total_steps)
        if report.step % self._log_every == 0 or report.step in (1, report.total_steps):
            self._log(report)
        self._count = self._next_count(report)

    def _next_count(self, report: StepReport) -> int:
        """Return after how many steps to look up: often enough to stop in time, never past a line of the history."""
        soon = round(LOOK_UP_S / max(report.step_s, 1e-6))
        to_line = self._log_every - report.step % self._log_every
        return max(min(soon, to_line, report.total_steps - report.step), 1)

    def _log(self, report: StepReport) -> None:
        self._history += [(report.step, term, float(value)) for term, value in report.terms.items()]

    def _is_checkpoint_due(self) -> bool:
        pause_s = max(self._order.checkpoint_s, CHECKPOINT_SHARE * self._saving_s)
        return time.monotonic() - self._saved_at_s >= pause_s

    def save(self) -> None:
        """Write a checkpoint."""
        start_s = time.monotonic()
        progress = Progress(self.engine.checkpoint(), self._history, self.train_s, self.prepare_s)
        self._folder.write_progress(progress)
        self._folder.note(steps_done=self.engine.clock.step, train_s=self.train_s, prepare_s=self.prepare_s)
        self._saved_at_s = time.monotonic()
        self._saving_s = self._saved_at_s - start_s

    def _take_notice(self, notice: Notice) -> None:
        self._folder.add_notice(notice.text)


def _past(folder: CellFolder) -> Progress | None:
    """Return where an earlier attempt was; a damaged checkpoint is put aside, and the training starts over."""
    try:
        return folder.read_progress()
    except WeightsError as error:
        folder.checkpoint.replace(folder.checkpoint.with_suffix(".damaged"))
        folder.add_notice(f"{error} It was put aside, and the training started over.")
        return None
