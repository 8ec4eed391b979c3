"""Open → mask: what the weights at hand make of a scan before any stroke, beside the window."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.qt.mailbox import Mailbox
from napari_scribbleseg.qt.prediction_bridge import PredictionBridge
from napari_scribbleseg.qt.record import NEVER, ScanRecord
from napari_scribbleseg.qt.training import Start, Training
from napari_scribbleseg.qt.values import MakeRunner, RunRequest, WeightsOrigin
from napari_scribbleseg.types import FinishReason, FrameKey, Notice, RunState, StateChanged

if TYPE_CHECKING:
    from napari_scribbleseg.qt.run_desk import RunDesk
    from napari_scribbleseg.qt.scan_desk import ScanDesk
    from napari_scribbleseg.qt.start_desk import StartDesk

DOUBT_AT_END_S = 60.0
"""Nobody waits for this run once all slices are predicted, so it may rate all of them."""


class FirstMaskDesk(QObject):
    """Predict every slice of a scan that has just come on screen, the one in view first.

    It has a thread of its own and gives way to training at once. While training is under way, that predicts the scan on
    screen. Another scan that is shown meanwhile joins and is predicted first; what is left of the one before follows
    when it is shown again.

    Parameters
    ----------
    make_runner : callable
    scans : ScanDesk
    runs : RunDesk
    starts : StartDesk
    automatic : bool
        Begin by itself whenever a scan without predictions is shown.
    """

    changed = Signal()
    """It began, ended, or came a few slices further."""
    prediction_changed = Signal()
    noticed = Signal(object)
    licence_asked = Signal()
    """There would be a mask at once, were the licence of the weights accepted; said once."""

    def __init__(
        self,
        make_runner: MakeRunner,
        scans: ScanDesk,
        runs: RunDesk,
        starts: StartDesk,
        automatic: bool = True,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._scans, self._runs, self._starts = scans, runs, starts
        self.automatic = automatic
        self._asked = self._wanted = False
        self._start = Start()
        self._failed: Start | None = None
        self._begun: tuple[str, int] = ("", 0)
        self._left_alone: set[str] = set()
        self._since: dict[str, float] = {}
        mailbox = Mailbox()
        self.training = Training(make_runner, mailbox, self)
        self._bridge = PredictionBridge(
            mailbox, self._record_of, scans.current_key, lambda: scans.stage.layer("prediction"), self
        )
        self.training.state_changed.connect(self._on_state)
        self.training.noticed.connect(self.noticed)
        self._bridge.changed.connect(self._on_progress)
        scans.scan_shown.connect(self.look)
        scans.moved.connect(self._focus)
        starts.changed.connect(self._on_start_changed)
        runs.state_changed.connect(self._on_run)

    @property
    def running(self) -> bool:
        """Return whether a scan is being segmented."""
        return self._wanted and self.missing > 0

    @property
    def name(self) -> str:
        """Return the name of the weights that segment, or did last; "" for the session's own."""
        return self._start.entry.name if self._start.entry is not None else ""

    @property
    def missing(self) -> int:
        """Return how many slices of the scan on screen are still to come."""
        record = self._scans.record
        if record is None:
            return 0
        outdated = record.times < self._since.get(record.case, 0.0)
        return int(np.count_nonzero((record.steps == NEVER) | outdated))

    @property
    def shown(self) -> WeightsOrigin | None:
        """Return the weights that made the slice on screen, where no stroke of this session had a part in it."""
        key, record = self._scans.current_key(), self._scans.record
        origin = record.weights.get((key.t, key.z)) if key is not None and record is not None else None
        return origin if origin is not None and not origin.tuned else None

    def look(self, _case: str = "") -> None:
        """Begin where the scan on screen lacks predictions and there are weights to make them."""
        record = self._scans.record
        busy = self._runs.training.active or self._runs.weights_coming
        if record is None or busy or not self.automatic or not self.missing:
            return
        start = self._starts.predictor()
        if not start:
            self._ask_for_licence()
        elif self.training.active:
            self._join(record)
        elif record.case not in self._left_alone and not (self._failed and _same(start, self._failed)):
            self._begin(start, record)

    def renew(self) -> None:
        """Predict anew, where nobody trains, as after the options of post-processing changed."""
        if not self._runs.training.active and self._starts.predictor():
            self._restart(r for r in self._scans.worklist if r.n_predicted > len(r.previews))

    def stop(self) -> None:
        """End what is under way, and leave the scan alone until something else is chosen to begin with."""
        if self._wanted and self._scans.record is not None:
            self._left_alone.add(self._scans.record.case)
        self.drop()

    def drop(self) -> None:
        """Stop and throw away what is on its way; what is on screen stays."""
        if self._wanted:
            self._wanted = False
            self._bridge.discard()
            self.training.stop()
            self.changed.emit()

    def close(self) -> bool:
        """End the thread; return whether it ended in time."""
        self.automatic = False
        self.drop()
        return self.training.close()

    def _begin(self, start: Start, record: ScanRecord) -> None:
        key = self._scans.current_key()
        if key is None:
            return
        if not self.training.start(self._request(start, record, key)):
            return
        self._wanted, self._start, self._begun = True, start, (record.case, self.missing)
        self._bridge.weights = self._runs.origin_of(start)
        self._bridge.start()
        self.changed.emit()

    def _request(self, start: Start, record: ScanRecord, key: FrameKey) -> RunRequest:
        settings = start.entry.tuning if start.entry is not None else self._runs.settings
        here = self._runs.settings
        return RunRequest(
            settings=dataclasses.replace(settings, steps=0, device=here.device, threads=here.threads),
            cines=(record.cine,),
            edits=tuple(record.edits()),
            focus=key,
            checkpoint=start.checkpoint,
            weights=start.weights,
            source=str(start.entry.path) if start.entry is not None else "",
            post=self._runs.post,
            doubt_at_end_s=DOUBT_AT_END_S,
        )

    def _join(self, record: ScanRecord) -> None:
        """Let the run under way go on with the scan that is on screen now; its strokes say where the heart is."""
        for edit in record.edits():
            self.training.edit(edit, record.cine)
        self._focus()

    def _focus(self) -> None:
        key, record = self._scans.current_key(), self._scans.record
        if key is not None and record is not None:
            self.training.focus(key, record.cine)

    def _restart(self, outdated: Iterable[ScanRecord]) -> None:
        """Segment some scans anew with what is chosen now; a run under way must end first, and then looks by itself."""
        self._left_alone.clear()
        self._since.update((record.case, time.monotonic()) for record in outdated)
        if self._wanted:
            self.drop()
        else:
            self.look()

    def _record_of(self, case: str) -> ScanRecord | None:
        return self._scans.worklist.get(case)

    def _ask_for_licence(self) -> None:
        if self._asked:
            return
        self._asked = True
        self._starts.tell_problems()
        if self._starts.shipped is not None and not self._starts.licence_accepted:
            self.licence_asked.emit()

    def _on_start_changed(self) -> None:
        start = self._starts.predictor()
        self._failed = None
        if start.entry is not None and start.entry is not self._start.entry:
            origin = start.entry.origin
            self._restart(r for r in self._scans.worklist if _is_first(r) and set(r.weights.values()) != {origin})
        else:
            self.look()

    def _on_run(self, change: StateChanged) -> None:
        record = self._scans.record
        if self._runs.training.active:
            self.drop()
        elif change.state is RunState.FINISHED and record is not None and not record.n_predicted:
            self.look()

    def _on_state(self, change: StateChanged) -> None:
        if change.state is not RunState.FINISHED:
            return
        if self._wanted:
            self._bridge.stop()
            self._wanted = False
            self._settle(change)
        self.changed.emit()
        self.look()

    def _settle(self, change: StateChanged) -> None:
        record = self._scans.record
        if change.reason is FinishReason.FAILED:
            self._failed = self._start
            why = change.message.splitlines()[0] if change.message else "the weights did not load."
            self.noticed.emit(Notice(f"There is no mask before your strokes: {why}", "warning"))
        elif record is not None and (record.case, self.missing) == self._begun:
            self._left_alone.add(record.case)  # what this run could not predict, the next could not either

    def _on_progress(self) -> None:
        self.prediction_changed.emit()
        self.changed.emit()


def _is_first(record: ScanRecord) -> bool:
    """Return whether a scan shows what weights made of it before any stroke, and nothing else."""
    made = record.weights.values()
    return 0 < len(made) == record.n_predicted and not any(origin.tuned for origin in made)


def _same(a: Start, b: Start) -> bool:
    return a.entry is b.entry and a.checkpoint is b.checkpoint and a.weights is b.weights
