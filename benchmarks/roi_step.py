"""Time of a training step in `roi` on the CPU: ours, ours without shortcuts, and the plain loop, in turns of one run.

    python benchmarks/roi_step.py [--turns 8] [--threads 0] [--batch-size 4] [--clock wall]

`plain` is the paper's loop (torch's default layout, augmentation by scipy); `channels_last` is ours without laying out
the gradient of the upsampled features and with torch's argmax for the pseudo labels; `parts_s` says where ours spends
its time. The limit is the step's convolutions at the rate of the machine's best product. Times are best and median.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
from flop_limit import CLOCKS, Clock, count_gflop, measure_gflop_per_s
from plain_loop import run_plain
from record import median, write_result
from sample import load_sample_store

from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.engine.engine import Engine
from napari_scribbleseg.methods import dmpls
from napari_scribbleseg.nets import unet
from napari_scribbleseg.settings import TrainSettings

WARM_UP = 2


def make_engine(batch_size: int, threads: int) -> Engine:
    """Return an engine as the window has it."""
    settings = TrainSettings(resolution="roi", batch_size=batch_size, threads=threads, device="cpu", held_out=0.0)
    return build_engine(settings, load_sample_store("roi"))


@contextmanager
def without_shortcuts() -> Iterator[None]:
    """Leave gradients as they come, and choose pseudo labels by `argmax`."""
    with (
        mock.patch.object(unet, "_laid_out", lambda features: features),
        mock.patch.object(dmpls, "most_probable", lambda probabilities: probabilities.argmax(1)),
    ):
        yield


def run_ours(engine: Engine, shortcuts: bool) -> Generator[None]:
    """Train for ever, a step a turn."""
    while True:
        if shortcuts:
            engine.step()
        else:
            with without_shortcuts():
                engine.step()
        yield


def measure(batch_size: int, threads: int, turns: int, clock: Clock) -> dict[str, Any]:
    """Return step times in seconds, ratios, parts and the limit."""
    threads = threads or torch.get_num_threads()
    engine = make_engine(batch_size, threads)
    torch.set_num_threads(threads)
    loops = {
        "plain": run_plain(load_sample_store("roi"), batch_size, workers=0),
        "channels_last": run_ours(engine, shortcuts=False),
        "ours": run_ours(engine, shortcuts=True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(WARM_UP + turns):
        for name, loop in loops.items():
            start = clock()
            next(loop)
            if turn >= WARM_UP:
                seconds[name].append(clock() - start)
    best = {name: round(min(values), 4) for name, values in seconds.items()}
    return {
        "step_s": best,
        "step_median_s": {name: median(values) for name, values in seconds.items()},
        "ours_faster_than": {name: round(best[name] / best["ours"], 2) for name in loops if name != "ours"},
        "parts_s": _parts(engine, batch_size, turns, clock),
        **_limit(engine, clock),
        "batch_size": batch_size,
        "threads": threads,
        "turns": turns,
    }


def _parts(engine: Engine, batch_size: int, turns: int, clock: Clock) -> dict[str, float]:
    """Return the best seconds of a step's parts: batch, forward with loss, backward with update, averaging."""
    batch, _ = engine._batches.draw(batch_size, engine.device)  # noqa: SLF001 - a benchmark looks inside

    def forward() -> torch.Tensor:
        return torch.stack(list(engine.method.loss(batch, engine.clock).values())).sum()

    both = _best_s(lambda: torch.autograd.grad(forward(), list(engine.method.parameters())), turns, clock)
    ahead = _best_s(forward, turns, clock)
    parts = {
        "draw_batch": _best_s(lambda: engine._batches.draw(batch_size, engine.device), turns, clock),  # noqa: SLF001
        "forward": ahead,
        "backward": both - ahead,
        "average_weights": _best_s(engine._after_step, turns, clock),  # noqa: SLF001
    }
    return {name: round(value, 4) for name, value in parts.items()}


def _best_s(work: Callable[[], Any], turns: int, clock: Clock) -> float:
    seconds = []
    for _ in range(turns):
        start = clock()
        work()
        seconds.append(clock() - start)
    return min(seconds)


def _limit(engine: Engine, clock: Clock) -> dict[str, Any]:
    rates, gflop = measure_gflop_per_s(clock), count_gflop(engine.step)
    return {
        "gflop_per_step": round(gflop, 2),
        "gflop_per_s_of_this_machine": rates,
        "flop_limit_step_s": round(gflop / max(rates.values()), 4),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--name", default="roi_step")
    a = parser.parse_args()
    write_result(a.name, {**measure(a.batch_size, a.threads, a.turns, CLOCKS[a.clock]), "clock": a.clock})
