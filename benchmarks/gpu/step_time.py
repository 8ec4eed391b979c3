"""Step time on a GPU: the plain loop against our steps, plain and accelerated, in float32, TF32 and bfloat16.

    PYTHONPATH=.:benchmarks python benchmarks/gpu/step_time.py [--steps 100] [--slices 240] [--device cuda] [--out FILE]

The slices are made up, 256 × 256, batch 12. Needs nothing beyond torch, numpy and scipy. The weights of the plain and
the accelerated path after the same batches are compared too.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from plain_loop import run_plain
from record import median, write_result

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.engine.inference import segment
from napari_scribbleseg.settings import protocol_settings
from napari_scribbleseg.types import Cine, FrameKey, ScribbleEdit

WARM_UP = 20
AT_ONCE = 20


def make_store(slices: int, side: int = 256) -> SampleStore:
    """Return a store of made-up slices with a few strokes each."""
    random = np.random.default_rng(0)
    store = SampleStore("protocol")
    for start in range(0, slices, 10):
        data = random.random((1, 10, side, side), np.float32)
        store.add(Cine(f"scan{start}", data, (8.0, 1.4, 1.4), ndim=3))
        for z in range(10):
            labels = np.zeros((side, side), np.uint8)
            for code in range(1, 5):
                labels[40 * code : 40 * code + 3, 60:160] = code
            store.apply(ScribbleEdit(FrameKey(f"scan{start}", 0, z), labels, start + z + 1))
    return store


def run_ours(store: SampleStore, device: str, at_once: int, **changes: Any) -> Generator[None]:
    """Train with our engine for ever, `at_once` steps a turn."""
    engine = build_engine(protocol_settings(device=device, **changes), store)
    engine.notify = lambda notice: print(notice.text, file=sys.stderr)
    while True:
        engine.advance(at_once)
        yield


def time_loop(loop: Generator[None], turns: int, steps_a_turn: int) -> float:
    """Return the median seconds of a step."""
    seconds = []
    for turn in range(max(WARM_UP // steps_a_turn, 2) + turns):
        start = time.perf_counter()
        next(loop)
        synchronise()
        if turn >= max(WARM_UP // steps_a_turn, 2):
            seconds.append((time.perf_counter() - start) / steps_a_turn)
    loop.close()
    return median(seconds)


def synchronise() -> None:
    """Wait for the device."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def set_tf32(on: bool) -> None:
    """Allow or forbid TF32 in convolutions and products."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = on


def measure(slices: int, steps: int, device: str, workers: int) -> dict[str, Any]:
    """Return step times in seconds, their ratios, and the peak of memory."""
    store = make_store(slices)
    full, batch = {"precision": "full"}, 12
    loops: dict[str, tuple[Callable[[], Generator[None]], int, bool]] = {
        "plain_fp32": (lambda: run_plain(store, batch, workers, device), 1, False),
        "plain_tf32": (lambda: run_plain(store, batch, workers, device), 1, True),
        "ours_unaccelerated_bf16": (lambda: run_ours(store, device, 1, acceleration="off"), 1, True),
        "ours_fp32": (lambda: run_ours(store, device, AT_ONCE, acceleration="on", **full), AT_ONCE, False),
        "ours_tf32": (lambda: run_ours(store, device, AT_ONCE, acceleration="on", **full), AT_ONCE, True),
        "ours_bf16": (lambda: run_ours(store, device, AT_ONCE, acceleration="on"), AT_ONCE, True),
    }
    step_s, peak_gib = {}, {}
    for name, (make, at_once, tf32) in loops.items():
        set_tf32(tf32)
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        step_s[name] = time_loop(make(), max(steps // at_once, 3), at_once)
        peak_gib[name] = round(torch.cuda.max_memory_allocated() / 2**30, 2) if torch.cuda.is_available() else None
        print(name, step_s[name], flush=True)
    ratio = round(step_s["plain_fp32"] / step_s["ours_bf16"], 1)
    return {
        "step_s": step_s,
        "peak_memory_gib": peak_gib,
        "ours_bf16_faster_than_plain_fp32": ratio,
        "minutes_for_60_000_steps": round(step_s["ours_bf16"] * 1000, 1),
        "inference": time_inference(store, device),
        "agreement": compare(store, device),
        "loader_workers_of_the_plain_loop": workers,
        "batch_size": batch,
    }


def time_inference(store: SampleStore, device: str) -> dict[str, float]:
    """Return the seconds that ten slices of 256 × 256 take, from the store to labels on their own grid."""
    engine = build_engine(protocol_settings(device=device), store)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        segment(engine.predictor, store, store.cases[0], engine.device)
        seconds.append(time.perf_counter() - start)
    return {"ten_slices_s": median(seconds[1:])}


def compare(store: SampleStore, device: str, steps: int = 40) -> dict[str, float]:
    """Return how far the losses of accelerated steps lie from those of plain ones, both in float32.

    Dropout and noise come from different streams, so curves agree as two seeds do; their means are compared.
    """
    means = {}
    for name, acceleration, seed in (("plain", "off", 0), ("plain_other_seed", "off", 1), ("accelerated", "on", 0)):
        settings = protocol_settings(device=device, acceleration=acceleration, precision="full", seed=seed)
        engine = build_engine(dataclasses.replace(settings, steps=steps), store)
        losses = [sum(engine.advance(1).terms.values()) for _ in range(steps)]
        means[name] = float(np.mean(losses[-10:]))
    return {f"mean_of_last_ten_losses_{name}": round(value, 4) for name, value in means.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--slices", type=int, default=240)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, default=None)
    a = parser.parse_args()
    device = "cuda" if a.device == "auto" and torch.cuda.is_available() else a.device.replace("auto", "cpu")
    write_result("gpu/step_time", measure(a.slices, a.steps, device, a.workers), a.out)
