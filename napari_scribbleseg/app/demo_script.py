"""The main job by script, in a real window: draw, train, correct while it trains, export.

Run by :mod:`.demo` as `python -m napari_scribbleseg.app.demo_script OUT STEPS PRIVATE_FOLDER`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEventLoop, QTimer

from napari_scribbleseg import __version__
from napari_scribbleseg.qt.start_desk import SCRATCH
from napari_scribbleseg.resources import sample_path
from napari_scribbleseg.types import RunState, StateChanged, StepReport

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_scribbleseg.widgets.dock import ScribbleDock

WINDOW_SIZE = (1400, 900)
STILL_WORKING = (RunState.STARTING, RunState.RUNNING, RunState.PAUSED, RunState.FINISHING)
TIME_LIMIT_S = 900.0
BETWEEN_STROKES_S = 0.1
"""A hand lifts the brush for longer; strokes are told apart by what happens in between."""


class Scene:
    """A window in which a person is played by a script.

    Parameters
    ----------
    viewer : napari.Viewer
    dock : ScribbleDock
    """

    def __init__(self, viewer: Viewer, dock: ScribbleDock) -> None:
        self.viewer = viewer
        self.dock = dock
        self.workbench = dock.workbench
        self.last_step: StepReport | None = None
        self.message = ""
        self.trained_at = 0.0
        self.trained_s = 0.0
        self.edits_seen = 0
        self.first_prediction_s: float | None = None
        self.workbench.step_reported.connect(self._on_step)
        self.workbench.state_changed.connect(self._on_state)
        self.workbench.prediction_changed.connect(self._on_prediction)

    @property
    def step(self) -> int:
        """Return the steps done."""
        return self.last_step.step if self.last_step else 0

    def paint(self, stroke: Mapping[str, Any]) -> None:
        """Draw one stroke of `sample_strokes.json` with the brush, as a drag over the canvas does."""
        n_dims = self.viewer.dims.ndim
        self.viewer.dims.set_current_step((n_dims - 4, n_dims - 3), (stroke["t"], stroke["z"]))
        self.workbench.select_label(stroke["label"])
        brush_size = brush_of(stroke["radius_px"])
        self.workbench.brush_size = brush_size
        layer = self.workbench.layer("scribbles")
        with layer.block_history():
            for y, x in along(stroke["points"], brush_size):
                layer.paint((stroke["t"], stroke["z"], y, x), stroke["label"], refresh=False)
        layer.refresh()

    def train(self, steps: int) -> None:
        """Set the number of steps and press Train."""
        self.dock.advanced_panel.form.steps.value = steps
        self.trained_at = time.monotonic()
        self.dock.train_panel.train_button.click()

    def _on_step(self, report: StepReport) -> None:
        self.last_step = report

    def _on_state(self, change: StateChanged) -> None:
        self.message = change.message

    def _on_prediction(self) -> None:
        if self.first_prediction_s is None and self.trained_at and self.workbench.predicted_counts()[0]:
            self.first_prediction_s = round(time.monotonic() - self.trained_at, 2)


def main(out: Path, steps: int, private: Path) -> dict[str, Any]:
    """Play the whole job and write its results to `out`; return the summary."""
    from napari_scribbleseg.app.window import open_window

    # The same for everybody, whatever weights are at hand and whichever licence was accepted.
    viewer, dock = open_window(session_root=private / "sessions", first_masks=False)
    dock.workbench.starts.choose(SCRATCH)
    viewer.window.resize(*WINDOW_SIZE)
    try:
        return _play(Scene(viewer, dock), out, steps)
    finally:
        dock.workbench.close()
        viewer.close()


def _play(scene: Scene, out: Path, steps: int) -> dict[str, Any]:
    strokes = json.loads(sample_path("sample_strokes.json").read_text(encoding="utf-8"))
    if scene.workbench.open_sample() is None:
        raise SystemExit("The sample did not open.")
    wait(0.5)
    first = [stroke for stroke in strokes if not stroke.get("corrective")]
    later = [stroke for stroke in strokes if stroke.get("corrective")]
    say(f"drawing {len(first)} strokes")
    for stroke in first:
        scene.paint(stroke)
        wait(BETWEEN_STROKES_S)
    wait(0.5)
    say(f"training {steps} steps")
    scene.train(steps)
    _correct(scene, later, steps)
    wait_until(lambda: scene.step >= 0.9 * steps or not working(scene), TIME_LIMIT_S)
    take_screenshot(scene, out / "screenshot.png", strokes)
    _finish(scene)
    say("predicting all phases")
    _complete(scene)
    say("exporting")
    return _write_results(scene, out, len(strokes))


def _correct(scene: Scene, later: list[Mapping[str, Any]], steps: int) -> None:
    wait_until(lambda: scene.first_prediction_s is not None or not working(scene), TIME_LIMIT_S)
    for index, stroke in enumerate(later):
        due = steps * (index + 1) / (2 * len(later))
        wait_until(lambda due=due: scene.step >= due or not working(scene), TIME_LIMIT_S)
        scene.paint(stroke)
        wait(BETWEEN_STROKES_S)
    say(f"first prediction after {scene.first_prediction_s} s, {len(later)} strokes added while training")


def _finish(scene: Scene) -> None:
    wait_until(lambda: not working(scene), TIME_LIMIT_S)
    if scene.workbench.state is not RunState.FINISHED:
        scene.dock.train_panel.stop_button.click()
        wait_until(lambda: scene.workbench.state is RunState.FINISHED, 60)
    if not scene.step:
        raise SystemExit(f"Nothing was trained: {scene.message}")
    scene.trained_s = round(time.monotonic() - scene.trained_at, 2)
    scene.edits_seen = scene.workbench.strokes()[0]


def _complete(scene: Scene) -> None:
    if not scene.workbench.needs_predictions():
        return
    done: list[bool] = []
    if scene.workbench.complete_predictions(lambda: done.append(True)):
        wait_until(lambda: bool(done), TIME_LIMIT_S)


def _write_results(scene: Scene, out: Path, n_strokes: int) -> dict[str, Any]:
    exported = scene.workbench.export(out / "mask.nii.gz")
    if exported is None or scene.workbench.export_scribbles(out / "scribbles.nii.gz") is None:
        raise SystemExit(f"The export failed: {scene.dock.messages.text_label.text()}")
    shutil.copyfile(sample_path("sample_truth.nii.gz"), out / "truth.nii.gz")
    summary = {
        "version": __version__,
        "steps": scene.step,
        "seconds": scene.trained_s,
        "device": scene.last_step.device if scene.last_step else "",
        "first_prediction_s": scene.first_prediction_s,
        "strokes": n_strokes,
        "edits_seen": scene.edits_seen,
        "predicted_slices": scene.workbench.predicted_counts()[0],
        "dice": dice_over_phases(out / "mask.nii.gz", out / "truth.nii.gz"),
        "export": exported.sentence,
        "files": ["mask.nii.gz", "truth.nii.gz", "scribbles.nii.gz", "screenshot.png", "summary.json"],
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return summary


def dice_over_phases(mask_file: Path, truth_file: Path) -> dict[str, float]:
    """Return the Dice of each class, averaged over the phases of two 4D files."""
    import nibabel as nib

    from napari_scribbleseg.labels import CLASS_NAMES
    from napari_scribbleseg.metrics import dice

    mask, truth = (np.asarray(nib.load(path).dataobj) for path in (mask_file, truth_file))
    return {
        name: round(
            float(np.mean([dice(mask[..., t] == code, truth[..., t] == code) for t in range(truth.shape[-1])])), 4
        )
        for code, name in CLASS_NAMES.items()
    }


def take_screenshot(scene: Scene, path: Path, strokes: Iterable[Mapping[str, Any]]) -> None:
    """Save the window while it shows the slice with the most strokes."""
    places = [(stroke["t"], stroke["z"]) for stroke in strokes]
    n_dims = scene.viewer.dims.ndim
    middle = scene.viewer.dims.nsteps[n_dims - 3] / 2
    best = max(set(places), key=lambda place: (places.count(place), -abs(place[1] - middle), -place[0]))
    scene.viewer.dims.set_current_step((n_dims - 4, n_dims - 3), best)
    scene.viewer.reset_view()
    scene.workbench.select_label(3)
    wait(1.0)
    scene.viewer.screenshot(str(path), canvas_only=False, flash=False)


def along(points: list[list[float]], brush_size: int) -> npt.NDArray[np.float64]:
    """Return positions along a polyline of (y, x), as close as napari sets down the brush in a drag, `(n, 2)`."""
    corners = np.asarray(points, float)
    pieces = [corners[:1]]
    for start, end in zip(corners[:-1], corners[1:], strict=True):
        n_steps = round(4 * float(np.abs(end - start).max()) / brush_size)
        between = np.linspace(start, end, n_steps + 1)
        pieces.append(between[1:] if n_steps else between)
    return np.concatenate(pieces)


def brush_of(radius_px: float) -> int:
    """Return napari's brush size, a diameter, for a radius."""
    return max(round(2 * radius_px), 1)


def working(scene: Scene) -> bool:
    """Return whether the trainer has something left to do."""
    return scene.workbench.state in STILL_WORKING


def wait(seconds: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec_() if hasattr(loop, "exec_") else loop.exec()


def wait_until(condition: Callable[[], bool], limit_s: float) -> None:
    """Let the window live until `condition` holds.

    Raises
    ------
    SystemExit
        After `limit_s` seconds.
    """
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"Nothing happened for {limit_s:.0f} s.")
        wait(0.05)


def say(line: str) -> None:
    """Tell the parent process about the progress."""
    print(f"demo: {line}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
    # Everything is written and closed. Software GL crashes now and then while the interpreter takes Qt down.
    sys.stdout.flush()
    os._exit(0)
