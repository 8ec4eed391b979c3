"""A real napari window with the dock and the sample, driven by benchmarks."""

from __future__ import annotations

import dataclasses
import json
import math
import tempfile
import time
from collections.abc import Callable

import numpy as np

from napari_scribbleseg.resources import sample_path
from napari_scribbleseg.types import RunState, StepReport

_POINTS = 20


def pump(seconds: float) -> None:
    """Handle events for so long."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec_() if hasattr(loop, "exec_") else loop.exec()


def pump_until(condition: Callable[[], object], timeout_s: float = 120) -> None:
    """Handle events until something is true; RuntimeError when it does not become so."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("Waited in vain.")
        pump(0.005)


class Window:
    """Viewer, dock and workbench with the sample opened and the mid slice of the first phase on screen."""

    def __init__(self) -> None:
        from napari_scribbleseg.app.window import open_window

        self.viewer, self.dock = open_window(session_root=tempfile.mkdtemp())
        self.workbench = self.dock.workbench
        self.viewer.window.resize(1400, 900)
        self.workbench.open_sample()
        self.viewer.dims.set_current_step(1, self.viewer.dims.nsteps[1] // 2)
        self.steps_done = 0
        self.workbench.step_reported.connect(self._on_step)
        pump(2)

    def _on_step(self, report: StepReport) -> None:
        self.steps_done = report.step

    def draw_sample_strokes(self) -> None:
        """Paint the first strokes that come with the sample."""
        layer = self.workbench.layer("scribbles")
        for stroke in json.loads(sample_path("sample_strokes.json").read_text()):
            if not stroke.get("corrective"):
                layer.brush_size, layer.selected_label = 2 * stroke["radius_px"], stroke["label"]
                for y, x in stroke["points"]:
                    layer.paint((stroke["t"], stroke["z"], y, x), stroke["label"])
        pump(0.5)
        self.workbench.select_label(3)
        self.workbench.brush_size = 4

    def stroke_commands(self, turn: int) -> list[str]:
        """Return xdotool's words for an arc of 20 moves around the middle of the canvas."""
        canvas = self.viewer.window._qt_viewer.canvas.native  # noqa: SLF001 - napari has no public way to its place
        corner = canvas.mapToGlobal(canvas.rect().topLeft())
        middle = np.array([corner.x() + canvas.width() / 2, corner.y() + canvas.height() / 2])
        radius = 40 + 12 * (turn % 6)
        points = [
            (middle + radius * np.array([math.cos(a), math.sin(a)])).astype(int)
            for a in np.linspace(turn, turn + 2, _POINTS)
        ]
        words = ["mousemove", *map(str, points[0]), "mousedown", "1"]
        for point in points[1:]:
            words += ["sleep", "0.02", "mousemove", *map(str, point)]
        return [*words, "mouseup", "1"]

    def train(self, steps: int) -> None:
        """Start training and wait for the first prediction."""
        self.workbench.train(dataclasses.replace(self.workbench.settings, steps=steps))
        pump_until(lambda: self.workbench.prediction_age() is not None)

    def stop(self) -> None:
        """Stop and wait for the end."""
        self.workbench.stop()
        pump_until(lambda: self.workbench.state in (RunState.FINISHED, RunState.IDLE))

    def close(self) -> None:
        """Close everything."""
        self.viewer.close()
