"""A trainer that does what a test tells it, a scan on the disk, and a hand that paints."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV
from napari_scribbleseg.qt.weights_shelf import ShelfEntry, read_entry
from napari_scribbleseg.qt.workbench import Workbench
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import (
    Checkpoint,
    FinishReason,
    FrameKey,
    Prediction,
    RunState,
    StateChanged,
    StepReport,
)

SHAPE = (3, 4, 48, 40)


def write_scan(path: Path, shape=SHAPE, seed: int = 0) -> Path:
    """A NIfTI cine `(t, z, y, x)` of noise."""
    values = np.random.default_rng(seed).integers(0, 1000, shape).astype(np.int16)
    header = nib.Nifti1Header()
    header.set_data_dtype(np.int16)
    image = nib.Nifti1Image(values.transpose(3, 2, 1, 0), np.diag([1.5, 1.5, 8.0, 1.0]), header)
    image.header.set_zooms((1.5, 1.5, 8.0, 40.0))
    image.header.set_xyzt_units("mm", "msec")
    image.to_filename(path)
    return path


class ScriptedRunner:
    """Implements `Runnable`: waits for jobs from the test and emits what they say on its own thread."""

    def __init__(self, request, emit) -> None:
        self.request, self.emit = request, emit
        self.edits, self.cines, self.foci, self.pauses = [], [], [request.focus], []
        self.posts = []
        self.state = RunState.IDLE
        self.cancelled = threading.Event()
        self.jobs, self._wake = [], threading.Condition()
        self.thread_id = None
        self.ignores_cancel = False
        self.fails_with = None
        self.at_end = lambda runner: None

    def run(self) -> None:
        self.thread_id = threading.get_ident()
        if self.fails_with is not None:
            raise self.fails_with
        self._enter(StateChanged(RunState.RUNNING))
        while not self.cancelled.is_set():
            with self._wake:
                self._wake.wait_for(lambda: self.jobs or self.cancelled.is_set(), 5)
                jobs, self.jobs = self.jobs, []
            for job in jobs:
                job(self)
            if self.state is RunState.FINISHED:
                return
        self._enter(StateChanged(RunState.FINISHING))
        self.at_end(self)
        self._enter(StateChanged(RunState.FINISHED, FinishReason.CANCELLED, "Stopped."))

    def do(self, job) -> None:
        with self._wake:
            self.jobs.append(job)
            self._wake.notify_all()

    def predict(self, key: FrameKey, label: int = LV, step: int = 1) -> None:
        _, _, height, width = SHAPE
        labels = np.zeros((height, width), np.uint8)
        labels[10:20, 10:20] = label
        confidence = np.full(labels.shape, 204, np.uint8)
        self.do(lambda r: r.emit(Prediction(key, labels, confidence, step, 1)))

    def report(self, step: int, seen: int = 1, total: int = 2) -> None:
        self.do(lambda r: r.emit(StepReport(step, {"pce": 1.0}, 0.01, 0.1, seen, total, 100, "cpu")))

    def checkpoint(self, step: int = 7) -> None:
        self.do(lambda r: r.emit(make_checkpoint(r, step)))

    def complete(self) -> None:
        self.do(lambda r: r._enter(StateChanged(RunState.FINISHED, FinishReason.COMPLETED, "Finished.")))

    def _enter(self, event: StateChanged) -> None:
        self.state = event.state
        self.emit(event)

    def add_cine(self, cine) -> None:
        self.cines.append(cine)

    def edit(self, edit) -> None:
        self.edits.append(edit)

    def focus(self, key) -> None:
        self.foci.append(key)

    def set_paused(self, paused) -> None:
        self.pauses.append(paused)

    def set_post(self, post) -> None:
        self.posts.append(post)

    def cancel(self) -> None:
        self.cancelled.set()
        with self._wake:
            self._wake.notify_all()

    def snapshot(self) -> StateChanged:
        return StateChanged(self.state)


def make_checkpoint(runner: ScriptedRunner, step: int) -> Checkpoint:
    settings = runner.request.settings
    return Checkpoint({}, {"settings": settings.to_json(), "step": step}, {})


class Runners(list):
    """Makes scripted runners and remembers them."""

    fails_with: Exception | None = None

    def __call__(self, request, emit) -> ScriptedRunner:
        runner = ScriptedRunner(request, emit)
        runner.fails_with = self.fails_with
        self.append(runner)
        return runner


class StandInShelf:
    """Weights at hand as a test wants them; none unless it says so."""

    def __init__(self, *entries: ShelfEntry, accepted: bool = True, problems: Sequence[str] = ()) -> None:
        self.kept, self.accepted, self.wrong = list(entries), accepted, list(problems)
        self.can_write = True

    def entries(self) -> list[ShelfEntry]:
        return self.kept

    def problems(self) -> list[str]:
        return self.wrong

    def read(self, path: Path) -> ShelfEntry:
        return read_entry(path.stem, path)

    def licence_accepted(self) -> bool:
        return self.accepted

    def accept_licence(self) -> bool:
        self.accepted = True
        return self.can_write

    def licence_texts(self) -> tuple[str, str]:
        return "You may share and adapt them, but not sell them.", "The whole licence."


def shipped_entry(name: str = "acdc_roi", digest: str = "0123456789ab", **settings) -> ShelfEntry:
    """Weights as they come with the program; nothing reads the file in a scripted run."""
    return ShelfEntry(name, Path(f"/shelf/{name}.safetensors"), TrainSettings(**settings), digest, licensed=True)


class Said(list):
    """The sentences that a workbench says."""

    @property
    def text(self) -> str:
        return " | ".join(notice.text for notice in self)


def paint(bench: Workbench, label: int = LV, at=None, y: int = 15, x: int = 15) -> None:
    """Paint a dot as napari's brush does; on the shown slice unless `at` says (t, z)."""
    key = bench.current_key()
    t, z = at or (key.t, key.z)
    bench.layer("scribbles").paint((t, z, y, x), label)


def paint_two_classes(bench: Workbench) -> None:
    paint(bench, LV)
    paint(bench, BACKGROUND_SCRIBBLE, y=35, x=30)
    bench.flush()


def go_to(bench: Workbench, t: int, z: int) -> None:
    world = bench.layer("image").data_to_world((t, z, 0, 0))
    bench.viewer.dims.set_point((0, 1), (world[0], world[1]))
