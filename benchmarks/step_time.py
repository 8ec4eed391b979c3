"""Time of a training step: ours in `protocol` and `roi`, against the plain loop, in alternating blocks of one run.

    python benchmarks/step_time.py [--blocks 3] [--steps 4] [--threads 0] [--workers 8] [--batch-size 4]

`--threads 0` is torch's default, all cores; `--threads 1 --workers 1` compares the bare computation.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Generator
from typing import Any

import torch
from plain_loop import run_plain
from record import median, write_result
from sample import load_sample_store

from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.settings import TrainSettings


def run_ours(resolution: str, batch_size: int, threads: int) -> Generator[None]:
    """Train with our engine for ever, a step a turn."""
    settings = TrainSettings(
        resolution=resolution, schedule="protocol", batch_size=batch_size, threads=threads, held_out=0.0, ema_decay=0.0
    )
    engine = build_engine(settings, load_sample_store(resolution))
    while True:
        engine.step()
        yield


def time_block(make: Callable[[], Generator[None]], steps: int, warm_up: int = 2) -> list[float]:
    """Return the seconds of each of `steps` steps; nothing else runs meanwhile, and nothing is left running."""
    loop, seconds = make(), []
    for turn in range(steps + warm_up):
        start = time.perf_counter()
        next(loop)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        if turn >= warm_up:
            seconds.append(time.perf_counter() - start)
    loop.close()
    return seconds


def measure(batch_size: int, threads: int, workers: int, blocks: int, steps: int) -> dict[str, Any]:
    """Return median step times in seconds and their ratios."""
    threads = threads or torch.get_num_threads()
    torch.set_num_threads(threads)
    loops: dict[str, Callable[[], Generator[None]]] = {
        "plain_protocol": lambda: run_plain(load_sample_store("protocol"), batch_size, workers),
        "ours_protocol": lambda: run_ours("protocol", batch_size, threads),
        "plain_roi": lambda: run_plain(load_sample_store("roi"), batch_size, workers),
        "ours_roi": lambda: run_ours("roi", batch_size, threads),
    }
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(blocks):
        for name, make in loops.items():
            seconds[name] += time_block(make, steps)
    step_s = {name: median(values) for name, values in seconds.items()}
    return {
        "step_s": step_s,
        "ours_protocol_faster_than_plain": round(step_s["plain_protocol"] / step_s["ours_protocol"], 2),
        "ours_roi_faster_than_ours_protocol": round(step_s["ours_protocol"] / step_s["ours_roi"], 2),
        "ours_roi_faster_than_plain_protocol": round(step_s["plain_protocol"] / step_s["ours_roi"], 2),
        "batch_size": batch_size,
        "threads": threads,
        "loader_workers_of_the_plain_loop": workers,
        "steps_each": blocks * steps,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--name", default="step_time")
    a = parser.parse_args()
    write_result(a.name, measure(a.batch_size, a.threads, a.workers, a.blocks, a.steps))
