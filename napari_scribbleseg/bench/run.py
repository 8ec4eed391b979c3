"""A whole benchmark: the cells that are still to do, handed to workers, within the time that there is."""

from __future__ import annotations

import dataclasses
import secrets
import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from napari_scribbleseg.bench.attempt import refuse_other_settings
from napari_scribbleseg.bench.cells import Cell, Order, differences
from napari_scribbleseg.bench.cluster import LOCAL, ClusterWorkers
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.example import keep_example
from napari_scribbleseg.bench.local import LocalWorkers
from napari_scribbleseg.bench.lock import holding
from napari_scribbleseg.bench.machine import describe_machine, describe_versions, own_cores
from napari_scribbleseg.bench.overview import Listen, Overview, stopping_on_signals
from napari_scribbleseg.bench.records import BENCH_NAME, DONE, CellFolder, read_json, write_json
from napari_scribbleseg.bench.request import Request
from napari_scribbleseg.engine.device import resolve_device
from napari_scribbleseg.methods import METHODS

GRACE_S = 20.0
"""How long workers that were asked to stop may take; of a budget at most a tenth is set aside for it."""
LOCK_S = 30.0
"""How long a run waits for another that writes into the same folder."""
WORKERS_ON_A_GPU = 4
MOST_WORKERS = 8
COMPLETED, OUT_OF_TIME, INTERRUPTED = "completed", "out of time", "interrupted"


def run_bench(request: Request, listen: Listen = lambda progress: None) -> dict[str, Any]:
    """Run what of a benchmark is not done yet.

    Ctrl-C and SIGTERM end it after checkpoints; the same request goes on from them. Cells that failed are tried again.

    Parameters
    ----------
    request : Request
    listen : callable (GridProgress)
        Told twice a second.

    Returns
    -------
    A summary as JSON: `out`, `cells` and `done` (numbers), `failed` (name → reason), `left` (names of what is neither),
    `reason` ("completed", "out of time" or "interrupted") and `seconds`.

    Raises
    ------
    BenchError
        When something does not fit: an unknown row, a folder with other settings, no data.
    DeviceError, SettingsError
        For a device that is not here, or a value out of range.
    """
    began_s = time.monotonic()
    deadline, grace_s = _times(request)
    cells = _placed(request, request.grid())
    _refuse_impossible(request, cells)
    _make_out(request.out)
    with holding(request.out / "lock", patience_s=LOCK_S):
        _refuse_unlike(request, cells)
        _write_bench(request, cells)
    run = secrets.token_hex(4)
    todo = [cell for cell in cells if CellFolder(request.out, cell.name).status != DONE]
    orders = [_order(request, cell, run, deadline) for cell in todo]
    overview = Overview(request.out, cells, run, listen)
    with stopping_on_signals(overview):
        _workers(request, len(todo), grace_s, overview).run(orders)
    listen(overview.progress())
    keep_example(request.out, request.source)
    for order in orders[:1]:
        order.stop_path.unlink(missing_ok=True)
    is_late = 0 < deadline <= time.time()
    reason = INTERRUPTED if overview.interrupted else OUT_OF_TIME if is_late else COMPLETED
    seconds = round(time.monotonic() - began_s, 1)
    return {"out": str(request.out), **overview.summary(), "reason": reason, "seconds": seconds}


def count_workers(request: Request, n_cells: int) -> int:
    """Return how many cells run at a time on this machine."""
    if request.workers is not None:
        return request.workers
    cards = torch.cuda.device_count() if request.device.startswith(("auto", "cuda")) else 0
    most = WORKERS_ON_A_GPU * cards if cards else min(own_cores(), MOST_WORKERS)
    return max(min(most, n_cells), 1)


def _placed(request: Request, cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells with the device and the threads of their workers; those of a cluster see for themselves."""
    threads, devices = request.threads or 0, [request.device]
    if request.scheduler in (None, LOCAL):
        resolve_device(request.device)
        threads = threads or max(own_cores() // count_workers(request, len(cells)), 1)
        cards = torch.cuda.device_count()
        if request.device == "auto" and cards > 1:
            devices = [f"cuda:{i}" for i in range(cards)]
    placed = []
    for i, cell in enumerate(cells):
        settings = dataclasses.replace(cell.settings, device=devices[i % len(devices)], threads=threads)
        placed.append(dataclasses.replace(cell, settings=settings))
    return placed


def _times(request: Request) -> tuple[float, float]:
    """Return when workers stop by themselves (Unix seconds, 0 never), and how long that may take."""
    if not request.budget_s:
        return 0.0, GRACE_S
    grace_s = min(GRACE_S, request.budget_s / 10)
    return time.time() + request.budget_s - grace_s, grace_s


def _order(request: Request, cell: Cell, run: str, deadline: float) -> Order:
    return Order(
        cell=cell,
        source=str(request.source.absolute()),
        out=str(request.out.absolute()),
        run=run,
        patients=request.numbers(),
        deadline=deadline,
        checkpoint_s=request.checkpoint_s,
        half_weights=request.half_weights,
    )


def _workers(request: Request, n_cells: int, grace_s: float, overview: Overview) -> LocalWorkers | ClusterWorkers:
    count = count_workers(request, n_cells)
    asks = overview.should_stop, overview.look
    if request.scheduler is not None:
        return ClusterWorkers(request.scheduler, count, request.gpu_resource, grace_s, *asks)
    return LocalWorkers(count, request.threads or max(own_cores() // count, 1), grace_s, *asks)


def _refuse_impossible(request: Request, cells: Sequence[Cell]) -> None:
    """Refuse a grid that cannot run, before anything starts."""
    if not request.source.exists():
        raise BenchError(f"There is no {request.source}; give the folder of ACDC or a pack.")
    unknown = [c.settings.method for c in cells if c.is_training and c.settings.method not in METHODS]
    if unknown:
        raise BenchError(f"There is no method {unknown[0]!r}; known are {', '.join(METHODS)}.")


def _refuse_unlike(request: Request, cells: Sequence[Cell]) -> None:
    """Refuse a grid that does not belong to what the folder holds."""
    for cell in cells:
        refuse_other_settings(cell, CellFolder(request.out, cell.name).read())
    before, now = read_json(request.out / BENCH_NAME).get("common", {}), _common(request, cells)
    shared = before.keys() & now.keys()
    found = differences({name: before[name] for name in shared}, {name: now[name] for name in shared})
    if found:
        raise BenchError(
            f"{request.out} holds a benchmark with other settings ({'; '.join(sorted(found))}); choose another --out."
        )


def _common(request: Request, cells: Sequence[Cell]) -> dict[str, Any]:
    """Return what has to be the same in all cells of a folder, or they could not be compared."""
    numbers = request.numbers()
    common = {"source": request.source_kind, "patients": None if numbers is None else list(numbers)}
    trained = next((cell.settings for cell in cells if cell.is_training), None)
    names = ("resolution", "schedule", "steps", "batch_size", "learning_rate") if trained else ()
    return {**common, **{name: getattr(trained, name) for name in names}}


def _write_bench(request: Request, cells: Sequence[Cell]) -> None:
    """Write or extend bench.json: what the whole folder holds, of all runs."""
    path = request.out / BENCH_NAME
    before = read_json(path)
    trained = next((cell.settings.to_json() for cell in cells if cell.is_training), before.get("settings"))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    command = shlex.join([*_program(Path(sys.argv[0])), *sys.argv[1:]])

    def joined(name: str, values: Iterable[Any]) -> list[Any]:
        return list(dict.fromkeys([*before.get(name, []), *values]))

    content = {
        "command": command,
        "commands": joined("commands", [command]),
        "source": request.source_kind,
        "common": {**before.get("common", {}), **_common(request, cells)},
        "rows": joined("rows", [row.key for row in request.rows()]),
        "folds": sorted(joined("folds", [cell.fold for cell in cells])),
        "seeds": sorted(joined("seeds", [cell.seed for cell in cells])),
        "settings": trained,
        "machine": describe_machine(),
        "versions": describe_versions(),
        "created": before.get("created", now),
        "changed": now,
    }
    write_json(path, content)


def _program(path: Path) -> list[str]:
    """Return how a person starts this program."""
    return [path.name] if path.name != "__main__.py" else ["python", "-m", f"napari_scribbleseg.{path.parent.name}"]


def _make_out(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(f"{out} cannot be made ({error.strerror}).") from error
