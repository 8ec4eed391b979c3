"""Time of a training step: ours in `protocol` and `roi`, against the plain loop, taken in turns in one run.

    python benchmarks/step_time.py [--steps 8] [--threads 1] [--batch-size 4]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from record import median, write_result
from sample import load_sample_store

from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.settings import TrainSettings


def run_ours(resolution: str, batch_size: int, threads: int) -> Iterator[None]:
    """Train with our engine for ever, a step a turn."""
    settings = TrainSettings(
        resolution=resolution, schedule="protocol", batch_size=batch_size, threads=threads, held_out=0.0, ema_decay=0.0
    )
    engine = build_engine(settings, load_sample_store(resolution))
    while True:
        engine.step()
        yield


def time_in_turns(loops: dict[str, Iterator[None]], turns: int, warm_up: int = 2) -> dict[str, list[float]]:
    """Return the seconds of each step; the loops take turns, so that a busy machine slows all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(turns + warm_up):
        for name, loop in loops.items():
            start = time.perf_counter()
            next(loop)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if turn >= warm_up:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def measure(batch_size: int, threads: int, turns: int) -> dict[str, Any]:
    """Return median step times in seconds and their ratios."""
    from plain_loop import run_plain

    loops: dict[str, Iterator[None]] = {
        "plain_protocol": run_plain(load_sample_store("protocol"), batch_size),
        "plain_roi": run_plain(load_sample_store("roi"), batch_size),
        "ours_protocol": run_ours("protocol", batch_size, threads),
        "ours_roi": run_ours("roi", batch_size, threads),
    }
    torch.set_num_threads(threads)
    step_s = {name: median(values) for name, values in time_in_turns(loops, turns).items()}
    ratio: Callable[[str, str], float] = lambda a, b: round(step_s[a] / step_s[b], 2)  # noqa: E731
    return {
        "step_s": step_s,
        "ours_protocol_faster_than_plain": ratio("plain_protocol", "ours_protocol"),
        "ours_roi_faster_than_ours_protocol": ratio("ours_protocol", "ours_roi"),
        "ours_roi_faster_than_plain_protocol": ratio("plain_protocol", "ours_roi"),
        "batch_size": batch_size,
        "threads": threads,
        "turns": turns,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=4)
    arguments = parser.parse_args()
    write_result("step_time", measure(arguments.batch_size, arguments.threads, arguments.steps))
