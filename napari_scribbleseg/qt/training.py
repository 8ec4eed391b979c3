"""The life of a training run as the window sees it: one thread, one runner, and answers at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.qt.mailbox import Mailbox
from napari_scribbleseg.qt.thread import TrainerThread
from napari_scribbleseg.qt.values import MakeRunner, RunRequest
from napari_scribbleseg.types import (
    Checkpoint,
    Cine,
    DoubtReport,
    Event,
    FinishReason,
    FrameKey,
    HeldOutReport,
    Notice,
    PreparationReport,
    RunState,
    ScribbleEdit,
    StateChanged,
)

if TYPE_CHECKING:
    import torch

    from napari_scribbleseg.engine.postprocess import PostProcessing
    from napari_scribbleseg.qt.weights_shelf import ShelfEntry
    from napari_scribbleseg.settings import TrainSettings

ACTIVE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.RESTING, RunState.PAUSED, RunState.FINISHING})
_LEFT_BEHIND_S = 3.0


@dataclass(frozen=True, eq=False)
class Start:
    """What a run can start from: a checkpoint, tensors alone, or a weights file; nothing means from scratch."""

    checkpoint: Checkpoint | None = None
    weights: Mapping[str, torch.Tensor] | None = None
    entry: ShelfEntry | None = None

    def __bool__(self) -> bool:
        return self.goes_on or self.entry is not None

    @property
    def goes_on(self) -> bool:
        """Return whether a run from here continues an earlier one of the session."""
        return self.checkpoint is not None or self.weights is not None

    @property
    def step(self) -> int:
        """Return the steps that the weights were trained for, 0 where unknown."""
        return int(self.checkpoint.meta.get("step", 0)) if self.checkpoint is not None else 0

    def fits(self, settings: TrainSettings) -> bool:
        """Return whether a run with these settings can start from here: same method and same working grid."""
        if self.checkpoint is None and self.entry is None:
            return self.weights is not None
        trained = self.checkpoint.meta.get("settings", {}) if self.checkpoint is not None else self._of_entry()
        names = ("method", "resolution")
        return all(trained.get(name, getattr(settings, name)) == getattr(settings, name) for name in names)

    def _of_entry(self) -> Mapping[str, Any]:
        return self.entry.settings.to_json() if self.entry is not None else {}


class Training(QObject):
    """Start, steer and end trainer threads, one at a time.

    Requests show at once: a stop is FINISHING and a pause PAUSED before the trainer has finished its step; what a
    runner says in between is not passed on.
    """

    state_changed = Signal(object)
    held_out_reported = Signal(object)
    preparation_reported = Signal(object)
    doubted = Signal(object)
    noticed = Signal(object)
    checkpointed = Signal(object)

    def __init__(self, make_runner: MakeRunner, mailbox: Mailbox, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_runner, self._mailbox = make_runner, mailbox
        self._thread: TrainerThread | None = None
        self._state = RunState.IDLE
        self._pausing = self._stopping = False
        self._cases: set[str] = set()
        self._then: Callable[[], None] | None = None
        self.start_point = Start()

    @property
    def state(self) -> RunState:
        """Return where the trainer is."""
        return self._state

    @property
    def active(self) -> bool:
        """Return whether a run is under way."""
        return self._state in ACTIVE

    def start(self, request: RunRequest, then: Callable[[], None] | None = None) -> bool:
        """Begin a run; `then` is called once if it completes. False while another run is ending."""
        if self.active or not self._let_go():
            return False
        self._pausing = self._stopping = False
        self._cases = {cine.case for cine in request.cines}
        self._then = then
        self._mailbox.clear()
        thread = TrainerThread(self._make_runner, request, self._mailbox)
        thread.happened.connect(self._take_events)
        self._thread = thread
        self._enter(StateChanged(RunState.STARTING))
        thread.begin()
        return True

    def edit(self, edit: ScribbleEdit, cine: Cine) -> None:
        """Pass an edit to the run, with its scan if the run does not know it yet; without a run do nothing."""
        if self._thread is not None and self.active:
            self._introduce(self._thread, cine)
            self._thread.runner.edit(edit)

    def focus(self, key: FrameKey, cine: Cine) -> None:
        """Tell the run which slice is on screen."""
        if self._thread is not None and self.active:
            self._introduce(self._thread, cine)
            self._thread.runner.focus(key)

    def _introduce(self, thread: TrainerThread, cine: Cine) -> None:
        if cine.case not in self._cases:
            self._cases.add(cine.case)
            thread.runner.add_cine(cine)

    def set_post(self, post: PostProcessing) -> None:
        """Put other things right in what the run predicts and has predicted; without a run do nothing."""
        if self._thread is not None and self.active:
            self._thread.runner.set_post(post)

    def set_paused(self, paused: bool) -> None:
        """Pause after the running step, or go on."""
        if self._thread is None or not self.active or self._stopping or paused == self._pausing:
            return
        self._pausing = paused
        self._thread.runner.set_paused(paused)
        self._enter(StateChanged(RunState.PAUSED if paused else RunState.RUNNING))

    def stop(self) -> None:
        """End after the running step."""
        if self._thread is None or not self.active or self._stopping:
            return
        self._stopping = True
        self._thread.runner.cancel()
        self._enter(StateChanged(RunState.FINISHING))

    def close(self, timeout_s: float = 10.0) -> bool:
        """Cancel, wait for the thread, and say FINISHED; return whether the thread ended in time."""
        if self._thread is None:
            return True
        self._then = None
        self._stopping = True
        ended = self._thread.stop_and_wait(timeout_s)
        # The runner's last words, a checkpoint among them, are still on their way.
        self._take_events()
        self._thread.happened.disconnect(self._take_events)
        self._thread = None
        if self.active:
            self._enter(StateChanged(RunState.FINISHED, FinishReason.CANCELLED, "Stopped."))
        return ended

    def _let_go(self) -> bool:
        """Wait for the last instants of a thread that has said FINISHED."""
        if self._thread is not None and not self._thread.wait(int(_LEFT_BEHIND_S * 1000)):
            return False
        self._thread = None
        return True

    def _take_events(self) -> None:
        thread = self._thread
        while thread is not None and thread is self._thread and (event := thread.next_event()) is not None:
            self._on_event(event)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, StateChanged):
            self._on_state(event)
        elif isinstance(event, HeldOutReport):
            self.held_out_reported.emit(event)
        elif isinstance(event, PreparationReport):
            self.preparation_reported.emit(event)
        elif isinstance(event, DoubtReport):
            self.doubted.emit(event)
        elif isinstance(event, Notice):
            self.noticed.emit(event)
        elif isinstance(event, Checkpoint):
            self.start_point = Start(event)
            self.checkpointed.emit(event)

    def _on_state(self, event: StateChanged) -> None:
        if event.state is RunState.FINISHED:
            self._finish(event)
        elif not self._stopping and not (self._pausing and event.state is not RunState.FINISHING):
            self._enter(event)

    def _finish(self, event: StateChanged) -> None:
        then, self._then = self._then, None
        self._enter(event)
        if then is not None and event.reason is FinishReason.COMPLETED:
            then()

    def _enter(self, event: StateChanged) -> None:
        if event.state is not self._state or event.state is RunState.FINISHED:
            self._state = event.state
            self.state_changed.emit(event)
