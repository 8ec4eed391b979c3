"""A workbench without threads, files or a window, which notes what it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.cardiac.measurement import Choices, Measurement
from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.io.dicom import SeriesSummary
from napari_scribbleseg.qt.folder_thread import Progress
from napari_scribbleseg.qt.heart_mask import Coverage
from napari_scribbleseg.qt.measuring import Results
from napari_scribbleseg.qt.preview_systems import DEFAULT_SYSTEM
from napari_scribbleseg.qt.start_desk import SCRATCH, SESSION, StartChoice, StartKind
from napari_scribbleseg.qt.values import ExportSummary, PreviewSystem, ScanSummary, SliceMarks, WeightsOrigin
from napari_scribbleseg.qt.workbench_signals import WorkbenchSignals
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import RunState, StateChanged
from tests.qt.stand_ins import shipped_entry

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


class FakeSuggestions(QObject):
    """Same surface as `qt.suggestion_desk.SuggestionDesk`."""

    changed = Signal()

    def __init__(self, calls: list[tuple[Any, ...]]) -> None:
        super().__init__()
        self.calls = calls
        self.problem = "Accept a slice of this phase first"
        self.running = False
        self.pending: dict[tuple[int, int], object] = {}
        self.here: object | None = None

    def start(self, reach: int) -> bool:
        self.calls.append(("suggest", reach))
        return not self.problem

    def take(self, scope: str) -> int:
        self.calls.append(("take", scope))
        return 1

    def drop(self) -> None:
        self.calls.append(("drop",))


class FakeNext(QObject):
    """Same surface as `qt.next_desk.NextDesk`."""

    changed = Signal()
    overlay_changed = Signal(bool)

    def __init__(self, calls: list[tuple[Any, ...]]) -> None:
        super().__init__()
        self.calls = calls
        self.suggestions = FakeSuggestions(calls)
        self.values = np.empty((0, 0))
        self.marked = SliceMarks()
        self.here: tuple[int, int] | None = None
        self.overlay = False

    def scores(self) -> Any:
        return self.values

    def marks(self) -> SliceMarks:
        return self.marked

    def describe(self, index: tuple[int, int]) -> str:
        return f"doubt about {index}"

    def explain(self, index: tuple[int, int]) -> str:
        return f"why doubt about {index}"

    def go_next(self) -> bool:
        self.calls.append(("go_next",))
        return True

    def go_to(self, index: tuple[int, int]) -> None:
        self.calls.append(("go_to", index))
        self.put(self.values, self.marked, index)

    def set_overlay(self, on: bool) -> None:
        self.calls.append(("overlay", on))
        self.overlay = on
        self.overlay_changed.emit(on)

    def set_hidden(self, hidden: bool) -> None:
        self.calls.append(("next_hidden", hidden))

    def put(self, values: Any, marked: SliceMarks | None = None, here: tuple[int, int] | None = None) -> None:
        """Pretend that a network has been asked."""
        self.values, self.marked, self.here = values, marked or SliceMarks(), here
        self.changed.emit()


class FakeStarts(QObject):
    """Same surface as `qt.start_desk.StartDesk`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.own, self.entries = False, [shipped_entry()]
        self.accepted = self.replaces_own = False
        self.chosen = SCRATCH
        self.defaults = TrainSettings()
        self.files: list[Path] = []

    @property
    def tunes(self) -> bool:
        return self.chosen is not SCRATCH

    def choices(self) -> list[StartChoice]:
        found = [StartChoice(StartKind.WEIGHTS, entry.title, entry) for entry in self.entries]
        return [*([SESSION] if self.own else []), *found, SCRATCH]

    def choose(self, choice: StartChoice) -> bool:
        if choice.entry is not None and choice.entry.licensed and not self.accepted:
            return False
        self.chosen = choice
        self.changed.emit()
        return True

    def choose_file(self, path: Path) -> bool:
        self.files.append(path)
        return True

    def accept_licence(self) -> None:
        self.accepted = True
        self.changed.emit()

    def licence_texts(self) -> tuple[str, str]:
        return "- You may use them\n  for research.", "The whole licence."


class FakeFirstMask(QObject):
    """Same surface as `qt.first_mask.FirstMaskDesk`."""

    changed = Signal()
    licence_asked = Signal()

    def __init__(self, calls: list[tuple[Any, ...]]) -> None:
        super().__init__()
        self.calls = calls
        self.missing = 0
        self.name = "acdc_roi"
        self.running = False
        self.shown: WeightsOrigin | None = None

    def stop(self) -> None:
        self.calls.append(("stop_first_mask",))
        self.put(0, running=False)

    def put(self, missing: int, *, running: bool = True, shown: WeightsOrigin | None = None) -> None:
        """Pretend that a scan is being segmented before any stroke."""
        self.missing, self.running, self.shown = missing, running, shown
        self.changed.emit()


class FakeFolder(QObject):
    """Same surface as `qt.folder_desk.FolderDesk`."""

    changed = Signal()

    def __init__(self, calls: list[tuple[Any, ...]]) -> None:
        super().__init__()
        self.calls = calls
        self.running, self.problem = False, ""
        self.progress = Progress(0, 0)

    def start(self, source: Path, target: Path) -> bool:
        self.calls.append(("folder", source, target))
        return True

    def cancel(self) -> None:
        self.calls.append(("cancel_folder",))

    def put(self, progress: Progress, *, running: bool = True) -> None:
        """Pretend that a folder is being segmented."""
        self.progress, self.running = progress, running
        self.changed.emit()


class FakeResults(QObject):
    """Same surface as `qt.results_desk.ResultsDesk`."""

    changed = Signal()
    moved = Signal()

    def __init__(self, calls: list[tuple[Any, ...]]) -> None:
        super().__init__()
        self.calls = calls
        self.results = Results("")
        self.choices, self.told = Choices(), Choices()
        self.here: tuple[int, int] | None = None
        self.shape = (0, 0)

    def counts(self, index: tuple[int, int]) -> bool:
        return index not in self.choices.excluded

    def go_to(self, t: int, z: int | None = None) -> None:
        self.calls.append(("results_go_to", t, z))
        self.here = (t, self.here[1] if z is None and self.here else z or 0)
        self.moved.emit()

    def put(self, measurement: Measurement | None, coverage: Coverage, shape: tuple[int, int] = SHAPE[:2]) -> None:
        """Pretend that something was measured."""
        self.results, self.shape = Results("scan-1", coverage, measurement), shape
        self.here = self.here or (0, 5)
        self.changed.emit()

    def __getattr__(self, name: str) -> Any:
        # Decisions are only noted.
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args: self.calls.append((name, *args))


class FakeReport(QObject):
    """Same surface as `qt.report_desk.ReportDesk`."""

    changed = Signal()
    written = Signal(object)

    def __init__(self, calls: list[tuple[Any, ...]]) -> None:
        super().__init__()
        self.calls = calls
        self.problem, self.running = "Open a scan first", False

    def start(self, out: Path, anonymise: bool = False) -> bool:
        self.calls.append(("report", out, anonymise))
        return True

    def say(self, problem: str, *, running: bool = False) -> None:
        """Pretend that something stands in the way, or no longer does."""
        self.problem, self.running = problem, running
        self.changed.emit()


class FakeWorkbench(WorkbenchSignals):
    """Same surface as `qt.workbench.Workbench`; `calls` lists (name, *arguments)."""

    def __init__(self, viewer: Any = None) -> None:
        super().__init__()
        self.viewer = viewer if viewer is not None else ViewerModel()
        self.calls: list[tuple[Any, ...]] = []
        self.preview = FakePreview(self.calls)
        self.starts = FakeStarts()
        self.first_mask = FakeFirstMask(self.calls)
        self.folder = FakeFolder(self.calls)
        self.post = PostProcessing()
        self.next = FakeNext(self.calls)
        self.results = FakeResults(self.calls)
        self.report = FakeReport(self.calls)
        self.shown_case = ""
        self.from_dicom = False
        self.series: list[SeriesSummary] = []
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

    def train(self, settings: TrainSettings | None = None, *, fresh: bool = False, only_shown: bool = False) -> bool:
        self.calls.append(("train", settings, fresh, *(["only shown"] if only_shown else [])))
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

    def set_post(self, post: PostProcessing) -> None:
        self.calls.append(("set_post", post))
        self.post = post

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

    def list_series(self, folder: Path) -> list[SeriesSummary]:
        self.calls.append(("list_series", folder))
        return self.series

    def export(self, path: Path, frames: Any = None, anonymise: bool = False) -> ExportSummary:
        self.calls.append(("export", path, frames, *(["anonymise"] if anonymise else [])))
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
