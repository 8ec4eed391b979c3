"""How fast a machine could be at best: the operations of a computation over the rate of its best large products."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

Clock = Callable[[], float]
CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "cpu": time.process_time}
"""The wall's, or of this process alone, which is fair to one thread on a machine that others use too."""

_REPEATS = 12


def count_gflop(compute: Callable[[], Any]) -> float:
    """Return the floating-point operations of convolutions and matrix products in a call, in 10⁹."""
    with FlopCounterMode(display=False) as counter:
        compute()
    return counter.get_total_flops() / 1e9


def measure_gflop_per_s(clock: Clock) -> dict[str, float]:
    """Return the best rate of a large matrix product and of a large convolution with torch's present threads."""
    a, b = torch.rand(1024, 1024), torch.rand(1024, 1024)
    image = torch.rand(8, 128, 32, 32).contiguous(memory_format=torch.channels_last)
    kernel = torch.rand(128, 128, 3, 3).contiguous(memory_format=torch.channels_last)
    computations: dict[str, Callable[[], Any]] = {
        "matrix_product": lambda: a @ b,
        "convolution": lambda: functional.conv2d(image, kernel, padding=1),
    }
    with torch.inference_mode():
        return {name: round(count_gflop(c) / _best_s(c, clock), 1) for name, c in computations.items()}


def _best_s(compute: Callable[[], Any], clock: Clock) -> float:
    seconds = []
    for _ in range(_REPEATS):
        start = clock()
        compute()
        seconds.append(clock() - start)
    return min(seconds)
