"""A workbench without threads, files or a window, which notes what it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.qt.preview_systems import DEFAULT_SYSTEM
from napari_scribbleseg.qt.values import ExportSummary, PreviewSystem, ScanSummary
from napari_scribbleseg.qt.workbench_signals import WorkbenchSignals
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import RunState, StateChanged

SHAPE = (20, 10, 32, 32)


class FakePreview(QObject):
    """Same surface as `qt.preview_desk.PreviewDesk`."""

    changed = Signal()

    def __init__(self, calls: list[tuple[Any, ...]]) -> None:
        super().__init__()
        self.calls = calls
        self.problem = "Draw on this phase first"
        self.shown = ""
        self.count = 0

    def systems(self) -> list[PreviewSystem]:
        return [DEFAULT_SYSTEM, PreviewSystem("growcut", "GrowCut", "Vezhnevets 2005")]

    def start(self, system: PreviewSystem) -> bool:
        self.calls.append(("preview", system.key))
        return not self.problem

    def say(self, problem: str) -> None:
        """Pretend that something stands in the way, or no longer does."""
        self.problem = problem
        self.changed.emit()


class FakeWorkbench(WorkbenchSignals):
    """Same surface as `qt.workbench.Workbench`; `calls` lists (name, *arguments)."""

    def __init__(self, viewer: Any = None) -> None:
        super().__init__()
        self.viewer = viewer if viewer is not None else ViewerModel()
        self.calls: list[tuple[Any, ...]] = []
        self.preview = FakePreview(self.calls)
        self.shown_case = ""
        self.state = RunState.IDLE
        self.settings = TrainSettings()
        self.continuing = False
        self.label = 1
        self.playing = False
        self.mask_locked = False
        self.can_undo_accept = False
        self.session_path: Path | None = None
        self.age: tuple[int, float] | None = None
        self.counts = (0, 0)
        self.missing = False
        self.scan_list: list[ScanSummary] = []
        self._brush_size = 5
        self._bpm = 60.0
        self._visible = dict.fromkeys(("image", "scribbles", "prediction", "mask"), True)

    # a scan ----------------------------------------------------------------------------------------------------

    def open_sample(self) -> str:
        self.calls.append(("open_sample",))
        return self.put_scan("scan-1", "sample_cine")

    def put_scan(self, case: str, title: str) -> str:
        """Pretend that a scan was opened."""
        self.scan_list.append(ScanSummary(case, title, SHAPE, 0, 0, "no strokes"))
        if not self.shown_case:
            self.viewer.add_image(np.zeros(SHAPE, np.float32), name="image", scale=(1, 10, 1.5, 1.5))
            for kind in ("prediction", "mask", "scribbles"):
                self.viewer.add_labels(np.zeros(SHAPE, np.uint8), name=kind, scale=(1, 10, 1.5, 1.5))
        self.shown_case = case
        self.counts = (0, SHAPE[0] * SHAPE[1])
        self.scans_changed.emit()
        self.scan_shown.emit(case)
        return case

    def scans(self) -> list[ScanSummary]:
        return self.scan_list

    def show_scan(self, case: str) -> None:
        self.calls.append(("show_scan", case))
        self.shown_case = case
        self.scan_shown.emit(case)

    def layer(self, kind: str) -> Any:
        return self.viewer.layers[kind] if kind in self.viewer.layers else None

    def strokes(self) -> tuple[int, int]:
        return 0, 0

    # states ----------------------------------------------------------------------------------------------------

    def enter(self, state: RunState, **more: Any) -> None:
        """Pretend that the trainer entered a state."""
        self.state = state
        self.state_changed.emit(StateChanged(state, **more))

    def train(self, settings: TrainSettings | None = None, *, fresh: bool = False) -> bool:
        self.calls.append(("train", settings, fresh))
        self.run_started.emit()
        self.enter(RunState.STARTING)
        return True

    def pause(self) -> None:
        self.calls.append(("pause",))

    def resume(self) -> None:
        self.calls.append(("resume",))
        self.enter(RunState.RUNNING)

    def stop(self) -> None:
        self.calls.append(("stop",))
        self.enter(RunState.FINISHING)

    # the rest --------------------------------------------------------------------------------------------------

    @property
    def brush_size(self) -> int:
        return self._brush_size

    @brush_size.setter
    def brush_size(self, size: int) -> None:
        self._brush_size = size
        self.brush_changed.emit(size)

    @property
    def bpm(self) -> float:
        return self._bpm

    @bpm.setter
    def bpm(self, bpm: float) -> None:
        self._bpm = bpm

    def select_label(self, label: int) -> None:
        self.calls.append(("select_label", label))
        self.label = label
        self.label_changed.emit(label)

    def play(self, on: bool) -> None:
        self.playing = on
        self.playing_changed.emit(on)

    def visible(self, kind: str) -> bool:
        return self._visible[kind]

    def set_visible(self, kind: str, visible: bool) -> None:
        self._visible[kind] = visible

    def set_mask_locked(self, locked: bool) -> None:
        self.mask_locked = locked
        self.masks_changed.emit()

    def mask_state(self, key: object = None) -> str:
        return ""

    def prediction_age(self) -> tuple[int, float] | None:
        return self.age

    def predicted_counts(self) -> tuple[int, int]:
        return self.counts

    def accept(self, scope: str) -> int:
        self.calls.append(("accept", scope))
        self.can_undo_accept = True
        self.masks_changed.emit()
        return 1

    def undo_accept(self) -> bool:
        self.calls.append(("undo_accept",))
        self.can_undo_accept = False
        self.masks_changed.emit()
        return True

    def needs_predictions(self) -> bool:
        return self.missing

    def complete_predictions(self, then: Any) -> bool:
        self.calls.append(("complete_predictions",))
        then()
        return True

    def export(self, path: Path, frames: Any = None) -> ExportSummary:
        self.calls.append(("export", path, frames))
        return ExportSummary(path, 1, 199, 0, "Wrote 1 slice from the mask and 199 from the prediction.")

    def export_scribbles(self, path: Path) -> Path:
        self.calls.append(("export_scribbles", path))
        return path

    def import_scribbles(self, path: Path, preset: str) -> bool:
        self.calls.append(("import_scribbles", path, preset))
        return True

    def __getattr__(self, name: str) -> Any:
        # Everything else is only noted.
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args: self.calls.append((name, *args))
