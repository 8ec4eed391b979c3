"""How fast the window answers: Train → first prediction on screen, Stop → "stopping" → ended, a whole cine predicted.

Needs a display.

    python benchmarks/responses.py [--repeats 3]
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from typing import Any

from record import median, write_result
from window import Window, pump, pump_until

from napari_scribbleseg.types import RunState


def measure_once(window: Window) -> dict[str, float]:
    """Train from scratch, stop after a few seconds, then predict the whole cine; return seconds."""
    workbench = window.workbench
    start = time.perf_counter()
    workbench.train(workbench.settings, fresh=True)
    pump_until(lambda: workbench.prediction_age() is not None)
    first_prediction_s = time.perf_counter() - start
    pump(4)

    start = time.perf_counter()
    workbench.stop()
    said_stopping_s = time.perf_counter() - start
    assert workbench.state is RunState.FINISHING, workbench.state
    pump_until(lambda: workbench.state is RunState.FINISHED)
    ended_s = time.perf_counter() - start

    done: list[float] = []
    start = time.perf_counter()
    assert workbench.complete_predictions(lambda: done.append(time.perf_counter() - start))
    pump_until(lambda: done)
    return {
        "train_to_first_prediction_s": first_prediction_s,
        "stop_to_stopping_shown_s": said_stopping_s,
        "stop_to_ended_s": ended_s,
        "whole_cine_predicted_s": done[0],
    }


def measure(repeats: int) -> dict[str, Any]:
    """Return medians and worst values in seconds, and the peak memory of the process in MiB."""
    window = Window()
    try:
        window.draw_sample_strokes()
        runs = [measure_once(window) for _ in range(repeats)]
        shape = window.workbench.layer("image").data.shape
    finally:
        window.close()
    per_mib = 1024 if sys.platform == "linux" else 1024**2
    return {
        "median_s": {name: median([run[name] for run in runs]) for name in runs[0]},
        "worst_s": {name: round(max(run[name] for run in runs), 4) for name in runs[0]},
        "cine_shape": list(shape),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / per_mib),
        "repeats": repeats,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    write_result("responses", measure(parser.parse_args().repeats))
