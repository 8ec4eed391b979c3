"""A grid on a Dask cluster: the same cells, handed out by a scheduler.

Results, locks and checkpoints are on a file system that all workers share, so a worker that dies gives its cell to
another, which goes on from the checkpoint. A scheduler runs whatever code it is sent: never expose one.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from napari_scribbleseg.bench.attempt import MAX_ATTEMPTS, run_cell
from napari_scribbleseg.bench.cells import Order
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.local import mark_failed
from napari_scribbleseg.bench.watch import Watch

LOCAL = "local"
"""In place of an address: a scheduler and worker processes on this machine."""
PATIENCE_S = 180.0
"""How long a worker waits for a cell whose last one is gone: network file systems notice that late."""
CONNECT_S = 30
_POLL_S = 0.3

_one_at_a_time = threading.Lock()


def work(order: Mapping[str, Any]) -> str:
    """Work on a cell; what a Dask worker runs.

    Training uses the random numbers and threads of the whole process, so cells that meet in one wait for each other.

    Parameters
    ----------
    order : JSON of an `Order`

    Returns
    -------
    What :func:`napari_scribbleseg.bench.attempt.run_cell` returns.
    """
    parsed = Order.from_json(order)
    with _one_at_a_time:
        return run_cell(parsed, Watch(parsed))


class ClusterWorkers:
    """Runs orders on a Dask cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, such as "tcp://10.0.0.1:8786"; "local" starts one here.
    count : int
        Workers of a local one.
    gpu_resource : bool
        Only workers started with `--resources GPU=1` get cells, one each.
    grace_s : float
        How long workers that were asked to stop may take for their checkpoints.
    should_stop, listen : callable
        As for :class:`napari_scribbleseg.bench.local.LocalWorkers`.
    """

    def __init__(
        self,
        address: str,
        count: int,
        gpu_resource: bool,
        grace_s: float,
        should_stop: Callable[[], bool],
        listen: Callable[[], None],
    ) -> None:
        self._address, self._count, self._grace_s = address, count, grace_s
        self._resources = {"GPU": 1} if gpu_resource else {}
        self._should_stop, self._listen = should_stop, listen

    def run(self, orders: Sequence[Order]) -> None:
        """Work until every cell is done, failed, stopped or another's.

        Raises
        ------
        BenchError
            When the extra is missing, or no scheduler answers.
        """
        if not orders:
            return
        with self._connect() as client:
            waiting = {self._submit(client, order): order for order in orders}
            try:
                self._follow(waiting)
            finally:
                self._stop(waiting, orders[0])

    def _submit(self, client: Any, order: Order) -> Any:
        patient = replace(order, patience_s=PATIENCE_S)
        # The scheduler forgets nothing by key: a second run of the same cell must be another task.
        return client.submit(
            work,
            patient.to_json(),
            key=f"{order.cell.name}-{order.run}",
            pure=False,
            retries=MAX_ATTEMPTS - 1,
            resources=self._resources,
        )

    def _follow(self, waiting: dict[Any, Order]) -> None:
        while waiting:
            order = next(iter(waiting.values()))
            if self._should_stop() or 0 < order.deadline <= time.time():
                return
            self._collect(waiting)
            self._listen()
            time.sleep(_POLL_S)

    def _collect(self, waiting: dict[Any, Order]) -> None:
        for future in [f for f in waiting if f.done()]:
            order = waiting.pop(future)
            if future.status == "error":
                mark_failed(order, _manner(future.exception()))
            elif future.status != "finished":
                mark_failed(order, "The cluster gave the cell up; its scheduler has lost it.")

    def _stop(self, waiting: dict[Any, Order], order: Order) -> None:
        """Ask the workers to stop by a file that they look out for, and forget what has not begun."""
        if not waiting:
            return
        order.stop_path.touch()
        give_up_s = time.monotonic() + self._grace_s
        while waiting and time.monotonic() < give_up_s:
            time.sleep(_POLL_S)
            self._collect(waiting)
        for future in waiting:
            future.cancel()

    @contextlib.contextmanager
    def _connect(self) -> Iterator[Any]:
        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise BenchError(
                'A cluster needs Dask: `pip install "napari-scribbleseg[cluster]"`, here and on every worker.'
            ) from error
        with contextlib.ExitStack() as stack:
            address: Any = self._address
            if address == LOCAL:
                address = stack.enter_context(
                    LocalCluster(self._count, threads_per_worker=1, processes=True, dashboard_address=None)
                )
            try:
                client = stack.enter_context(Client(address, timeout=CONNECT_S))
            except (OSError, ValueError) as error:
                raise BenchError(f"No scheduler answers at {self._address}; is it running, and reachable?") from error
            yield client


def _manner(error: BaseException) -> str:
    if type(error).__name__ == "KilledWorker":
        return f"Given up: the cell's workers died again and again ({error})."
    return f"Given up after {MAX_ATTEMPTS} attempts: {type(error).__name__}: {error}"
