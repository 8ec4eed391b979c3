"""A grid on this machine: a few worker processes, one cell each."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO

from napari_scribbleseg.bench.attempt import BUSY, MAX_ATTEMPTS, describe_order
from napari_scribbleseg.bench.cells import Order
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.lock import CellBusyError, holding, is_held
from napari_scribbleseg.bench.records import DONE, FAILED, STOPPED, CellFolder

EXIT_CODES: Mapping[str, int] = {DONE: 0, FAILED: 3, STOPPED: 4, BUSY: 5}
"""How a worker process says what became of its cell; it died with any other code."""
LOOK_ELSEWHERE_S = 2.0
"""How often cells of other runs are looked at."""
_POLL_S = 0.1


@dataclass(eq=False)
class _Worker:
    order: Order
    process: subprocess.Popen[bytes]
    log: IO[bytes]


class LocalWorkers:
    """Runs orders in worker processes of this machine.

    A worker that dies gives its cell to another attempt, which goes on from the cell's checkpoint; after the third the
    cell has failed and the others go on. A cell that another run works on is waited for, and taken over should that run
    end: so the same command may be started on several machines that share a folder.

    Parameters
    ----------
    count : int
        How many work at a time.
    threads : int
        Torch threads of each.
    grace_s : float
        How long a worker that was asked to stop may take for its checkpoint.
    should_stop : callable
        Asked ten times a second; true ends all workers after their checkpoints.
    listen : callable
        Called as often, for whoever shows progress.
    """

    def __init__(
        self, count: int, threads: int, grace_s: float, should_stop: Callable[[], bool], listen: Callable[[], None]
    ) -> None:
        self._count, self._threads, self._grace_s = count, threads, grace_s
        self._should_stop, self._listen = should_stop, listen
        self._queue: deque[Order] = deque()
        self._elsewhere: list[Order] = []
        self._looked_elsewhere_s = 0.0
        self._working: list[_Worker] = []
        self._deaths: dict[str, int] = {}

    def run(self, orders: Sequence[Order]) -> None:
        """Work until every cell is done, failed or stopped."""
        self._queue.extend(replace(order, parent=os.getpid()) for order in orders)
        try:
            while self._queue or self._working or self._elsewhere:
                if self._should_stop() or _is_late(orders):
                    return
                self._fill()
                time.sleep(_POLL_S)
                self._reap()
                self._listen()
        finally:
            self._end()

    def _fill(self) -> None:
        now_s = time.monotonic()
        if self._elsewhere and now_s - self._looked_elsewhere_s >= LOOK_ELSEWHERE_S:
            self._looked_elsewhere_s = now_s
            self._queue.extend(self._elsewhere)
            self._elsewhere.clear()
        while self._queue and len(self._working) < self._count:
            self._take(self._queue.popleft())

    def _take(self, order: Order) -> None:
        folder = CellFolder(order.out, order.cell.name)
        folder.make()
        if folder.status == DONE:
            return
        if is_held(folder.lock):
            self._elsewhere.append(order)
        else:
            self._working.append(self._start(order, folder))

    def _start(self, order: Order, folder: CellFolder) -> _Worker:
        log = folder.log.open("ab")
        command = [sys.executable, "-m", "napari_scribbleseg.bench", "cell", json.dumps(order.to_json())]
        threads = str(self._threads)
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment
        )
        return _Worker(order, process, log)

    def _reap(self) -> None:
        for worker in [w for w in self._working if w.process.poll() is not None]:
            self._working.remove(worker)
            self._close(worker)
            if worker.process.returncode == EXIT_CODES[BUSY]:
                self._elsewhere.append(worker.order)
            elif worker.process.returncode not in EXIT_CODES.values():
                self._give_to_another(worker)

    def _close(self, worker: _Worker) -> None:
        worker.log.close()
        log = CellFolder(worker.order.out, worker.order.cell.name).log
        if log.stat().st_size == 0:
            log.unlink()

    def _give_to_another(self, worker: _Worker) -> None:
        name = worker.order.cell.name
        self._deaths[name] = self._deaths.get(name, 0) + 1
        if self._deaths[name] < MAX_ATTEMPTS:
            self._queue.appendleft(worker.order)
            return
        folder = CellFolder(worker.order.out, name)
        why = folder.read().get("message") or _manner(worker.process.returncode, folder)
        mark_failed(worker.order, f"Given up after {MAX_ATTEMPTS} attempts: {why}")

    def _end(self) -> None:
        """Ask all workers to stop, and end those that do not."""
        for worker in self._working:
            worker.process.terminate()
        give_up_s = time.monotonic() + self._grace_s
        for worker in self._working:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(give_up_s - time.monotonic(), 0))
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()
            self._close(worker)
        self._working.clear()


def mark_failed(order: Order, message: str) -> None:
    """Note that a cell has failed, unless a process works on it after all."""
    folder = CellFolder(order.out, order.cell.name)
    folder.make()
    with contextlib.suppress(CellBusyError), holding(folder.lock):
        record = folder.read()
        if record.get("status") != DONE:
            folder.note(**{**describe_order(order), **record, "status": FAILED, "message": message})


def _is_late(orders: Sequence[Order]) -> bool:
    return bool(orders) and 0 < orders[0].deadline <= time.time()


def _manner(code: int, folder: CellFolder) -> str:
    """Say how a worker died: by which signal, or with which last word."""
    if code < 0:
        return f"the worker was ended by signal {-code}."
    with contextlib.suppress(OSError, BenchError):
        lines = folder.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if lines:
            return lines[-1]
    return f"the worker ended with code {code}."
