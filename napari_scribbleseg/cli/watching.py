"""Watching a training from the console: progress, notices, checkpoints, and Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from napari_scribbleseg.api import TrainingRun
from napari_scribbleseg.cli import output
from napari_scribbleseg.types import Checkpoint, Event, FinishReason, Notice, StateChanged, StepReport


class Watcher:
    """Listens to a training.

    Parameters
    ----------
    advance : shows progress
    checkpoint_path : where to keep checkpoints; None keeps none

    Attributes
    ----------
    last : StepReport or None
        The latest step.
    """

    def __init__(self, advance: output.Advance, checkpoint_path: Path | None) -> None:
        self.last: StepReport | None = None
        self._advance = advance
        self._checkpoint_path = checkpoint_path

    def __call__(self, event: Event) -> None:
        """Take an event in."""
        if isinstance(event, StepReport):
            self.last = event
            self._advance(event.step, f"step {event.step}/{event.total_steps}, loss {sum(event.terms.values()):.4f}")
        elif isinstance(event, Notice):
            output.remark(event.text)
        elif isinstance(event, Checkpoint) and self._checkpoint_path is not None:
            self._keep(event, self._checkpoint_path)

    def _keep(self, checkpoint: Checkpoint, path: Path) -> None:
        from napari_scribbleseg.session.tensors import write_checkpoint

        try:
            write_checkpoint(path, checkpoint)
        except Exception as error:  # a full disk must not end the training
            output.remark(f"The checkpoint {path.name} was not written: {output.sentence_of(error)}")

    def forget_checkpoint(self, end: StateChanged) -> None:
        """Remove the checkpoint of a training that is complete."""
        if self._checkpoint_path is not None and end.reason is FinishReason.COMPLETED:
            self._checkpoint_path.unlink(missing_ok=True)


@contextlib.contextmanager
def stopping_on_interrupt(run: TrainingRun) -> Iterator[None]:
    """Let Ctrl-C end a training after its step, so that the checkpoint is whole; pressed again, it ends at once.

    Raises
    ------
    KeyboardInterrupt
        At the end, where it was pressed.
    """
    # Processes that train together must not stop at different steps: there, Ctrl-C ends all of them at once.
    if threading.current_thread() is not threading.main_thread() or not run.world.is_alone:
        yield
        return
    pressed = False

    def stop(number: int, frame: Any) -> None:
        nonlocal pressed
        pressed = True
        run.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt
