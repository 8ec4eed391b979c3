"""A real window in a process of its own: paints dots, trains, and logs each dot until somebody kills it."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path


def dot(i: int) -> tuple[int, int, int, int]:
    """Return (t, z, y, x) of the i-th dot: a place and a slice of its own."""
    return 0, i % 5, 10 + 3 * (i // 5 % 12), 10 + 3 * (i // 60)


def main(scan: Path, sessions: Path, log: Path) -> None:
    import napari
    from qtpy.QtCore import QTimer

    from napari_scribbleseg.app.window import open_window
    from napari_scribbleseg.types import StepReport

    _, dock = open_window(session_root=sessions)
    workbench = dock.workbench
    workbench.open_scan(scan)
    layer = workbench.layer("scribbles")
    layer.brush_size = 1
    painted = 0

    def paint() -> None:
        nonlocal painted
        layer.paint(dot(painted)[4 - layer.ndim :], 1 + painted % 4)
        with log.open("a") as file:
            file.write(f"{time.time()} dot {painted}\n")
        painted += 1
        if painted == 20:
            workbench.train(dataclasses.replace(workbench.settings, batch_size=2, threads=1, method="pce"))

    def report(step: StepReport) -> None:
        with log.open("a") as file:
            file.write(f"{time.time()} step {step.step}\n")

    workbench.step_reported.connect(report)
    timer = QTimer()
    timer.timeout.connect(paint)
    timer.start(120)
    napari.run()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
