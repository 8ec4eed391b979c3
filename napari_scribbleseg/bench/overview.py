"""How far a grid is, read from the folders of its cells: that works wherever the workers are."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from napari_scribbleseg.bench.cells import Cell
from napari_scribbleseg.bench.records import DONE, FAILED, RUNNING, CellFolder

LOOK_EVERY_S = 0.5


@dataclass(frozen=True)
class GridProgress:
    """How far a grid is.

    Attributes
    ----------
    cells_done, cells : int
    steps_done, steps : int
        Training steps, over all cells.
    working : tuple of str
        What is being worked on, a phrase for each cell.
    failed : int
        Cells that this run has given up.
    """

    cells_done: int
    cells: int
    steps_done: int
    steps: int
    working: tuple[str, ...] = ()
    failed: int = 0

    @property
    def share(self) -> float:
        """Return how much is done, 0 to 1; a cell counts like a hundredth of an average training beside its steps."""
        per_cell = max(self.steps / max(self.cells, 1) / 100, 1.0)
        whole = self.steps + per_cell * self.cells
        return (self.steps_done + per_cell * self.cells_done) / whole if whole else 1.0

    def __str__(self) -> str:
        """Return it in words."""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.cells_done} of {self.cells} cells{failed}; {', '.join(self.working) or 'nothing running'}"


Listen = Callable[[GridProgress], None]


class Overview:
    """Looks at the cells now and then.

    Parameters
    ----------
    out : folder of the benchmark
    cells : all of its grid
    run : str
        The run whose failures count.
    listen : callable (GridProgress)

    Attributes
    ----------
    interrupted : bool
        Whether a person or the system asked to stop.
    """

    def __init__(self, out: Path, cells: Sequence[Cell], run: str, listen: Listen) -> None:
        self._folders = [(cell, CellFolder(out, cell.name)) for cell in cells]
        self._run = run
        self._listen = listen
        self._settled: dict[str, str] = {}
        self._looked_at_s = 0.0
        self.interrupted = False

    def should_stop(self) -> bool:
        """Tell whether somebody asked to stop."""
        return self.interrupted

    def look(self) -> None:
        """Tell how far the grid is, at most twice a second."""
        now_s = time.monotonic()
        if now_s - self._looked_at_s >= LOOK_EVERY_S:
            self._looked_at_s = now_s
            self._listen(self.progress())

    def progress(self) -> GridProgress:
        """Return how far the grid is."""
        steps_done, working = 0, []
        for cell, folder in self._folders:
            status = self._status(cell, folder)
            if status == DONE:
                steps_done += cell.settings.steps
            elif status == RUNNING:
                pulse = folder.read_pulse()
                in_training = pulse.get("phase") in ("maps", "train")
                steps_done += pulse["done"] if in_training else cell.settings.steps if pulse else 0
                working.append(f"{cell.name} {_phrase(pulse)}".rstrip())
        settled = list(self._settled.values())
        total = sum(cell.settings.steps for cell, _ in self._folders)
        return GridProgress(
            settled.count(DONE), len(self._folders), steps_done, total, tuple(working), settled.count(FAILED)
        )

    def _status(self, cell: Cell, folder: CellFolder) -> str:
        known = self._settled.get(cell.name)
        if known is not None:
            return known
        record = folder.read()
        status = str(record.get("status", ""))
        if status == DONE or (status == FAILED and record.get("run") == self._run):
            self._settled[cell.name] = status
        return status

    def summary(self) -> dict[str, Any]:
        """Return which cells are done, failed (with the reason) and left, as JSON."""
        records = {cell.name: folder.read() for cell, folder in self._folders}
        done = [name for name, record in records.items() if record.get("status") == DONE]
        failed = {
            name: str(record.get("message", ""))
            for name, record in records.items()
            if record.get("status") == FAILED and record.get("run") == self._run
        }
        left = [name for name in records if name not in done and name not in failed]
        return {"cells": len(records), "done": len(done), "failed": failed, "left": left}


def _phrase(pulse: dict[str, Any]) -> str:
    if not pulse:
        return "starting"
    what = {"maps": "maps, step", "train": "step", "predict": "mask", "score": "score"}[pulse["phase"]]
    return f"{what} {pulse['done']}/{pulse['total']}"


@contextlib.contextmanager
def stopping_on_signals(overview: Overview) -> Iterator[None]:
    """Take Ctrl-C and SIGTERM as a request to stop after checkpoints; a second Ctrl-C ends at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        overview.interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
