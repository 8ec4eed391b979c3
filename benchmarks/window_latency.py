"""How well the window keeps up: gaps between the ticks of a 10 ms timer, in a real napari window.

Five situations in one run: idle, painting with a real mouse, training and streaming, both together, and painting
again. Needs a display (`xvfb-run -s "-screen 0 1600x1100x24"` on a server) and xdotool.

    python benchmarks/window_latency.py [--seconds 15]
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable
from typing import Any

from record import percentiles, write_result
from window import Window, pump

TICK_MS = 10


class GapMeter:
    """Collects the milliseconds between ticks of a precise timer on the GUI thread."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self.gaps_ms: list[float] = []
        self._last: float | None = None
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def __enter__(self) -> GapMeter:
        self._timer.start(TICK_MS)
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        if self._last is not None:
            self.gaps_ms.append((now - self._last) * 1000)
        self._last = now


def measure_while(seconds: float, act: Callable[[float], None]) -> dict[str, float]:
    """Return the percentiles of the gaps while `act(seconds)` pumps events."""
    with GapMeter() as meter:
        act(seconds)
    return percentiles(meter.gaps_ms)


def paint(window: Window, seconds: float) -> None:
    """Draw strokes with xdotool, a short pause between them, while Qt handles them as from a person."""
    end = time.monotonic() + seconds
    turn = 0
    while time.monotonic() < end:
        process = subprocess.Popen(["xdotool", *window.stroke_commands(turn)])
        while process.poll() is None:
            pump(0.01)
        pump(0.3)
        turn += 1


def measure(seconds: float, steps: int) -> dict[str, Any]:
    """Return percentiles of the gaps in ms by situation."""
    window = Window()
    gaps: dict[str, dict[str, float]] = {}
    try:
        window.draw_sample_strokes()
        paint(window, 4)  # the first strokes warm up caches
        gaps["idle"] = measure_while(seconds, pump)
        gaps["painting"] = measure_while(seconds, lambda s: paint(window, s))
        window.train(steps)
        gaps["training_and_streaming"] = measure_while(seconds, pump)
        before = window.steps_done
        gaps["training_and_painting"] = measure_while(seconds, lambda s: paint(window, s))
        trained = window.steps_done - before
        window.stop()
        gaps["painting_again"] = measure_while(seconds, lambda s: paint(window, s))
    finally:
        window.close()
    calm, busy = gaps["painting"], gaps["training_and_painting"]
    return {
        "gaps_ms": gaps,
        "painting_p99_rise_ms": round(busy["p99"] - calm["p99"], 1),
        "painting_max_rise_ms": round(busy["max"] - calm["max"], 1),
        "steps_while_painting": trained,
        "seconds_each": seconds,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15)
    arguments = parser.parse_args()
    write_result("window_latency", measure(arguments.seconds, steps=100_000))
