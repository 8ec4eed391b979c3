"""The one object that panels talk to: a viewer, its scans, their layers, a trainer and a session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from napari_scribbleseg.io.dicom import DicomSource, SeriesSummary
from napari_scribbleseg.qt.export_desk import ExportDesk
from napari_scribbleseg.qt.first_mask import FirstMaskDesk
from napari_scribbleseg.qt.folder_desk import FolderDesk
from napari_scribbleseg.qt.local_runner import make_local_runner, warm_up, warm_up_training
from napari_scribbleseg.qt.mask_desk import MaskDesk
from napari_scribbleseg.qt.next_desk import NextDesk
from napari_scribbleseg.qt.player import Player, heart_rate
from napari_scribbleseg.qt.preview_desk import PreviewDesk
from napari_scribbleseg.qt.report_desk import ReportDesk
from napari_scribbleseg.qt.results_desk import ResultsDesk
from napari_scribbleseg.qt.run_desk import RunDesk
from napari_scribbleseg.qt.saving import Saving
from napari_scribbleseg.qt.scan_desk import ScanDesk
from napari_scribbleseg.qt.session_desk import SessionDesk
from napari_scribbleseg.qt.sources import Sources
from napari_scribbleseg.qt.start_desk import StartDesk
from napari_scribbleseg.qt.training import Start
from napari_scribbleseg.qt.values import ExportSummary, MakeRunner, ScanSummary
from napari_scribbleseg.qt.weights_shelf import Shelf, UserShelf
from napari_scribbleseg.qt.window_watch import WindowWatcher
from napari_scribbleseg.qt.workbench_masks import WorkbenchMasks
from napari_scribbleseg.session import latest_session
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import RunState

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.viewer import Viewer
    from qtpy.QtCore import QObject


class Workbench(WorkbenchMasks):
    """Scans, strokes, training, masks and the session behind one window.

    Every method returns at once, is called on the GUI thread and never raises for bad input: it says one sentence
    through `noticed` and leaves everything as it was. `preview` makes masks of the strokes without training, `starts`
    knows what a training can begin with, `first_mask` segments a scan before any stroke, `next` leads to doubtful
    slices and suggests masks, `results` measures them and `report` writes what was measured.

    Parameters
    ----------
    viewer : napari.Viewer
    make_runner : callable, optional
        Builds the trainer of a run from a `RunRequest` and an `emit` function; `engine.Runner` by default.
    session_root : path, optional
        Where sessions are kept; `session.locations` decides by default.
    parent : QObject, optional
    shelf : Shelf, optional
        The trained weights at hand; by default those of the program and of this person.
    first_masks : bool
        Segment a scan as soon as it is shown, with the weights at hand.
    """

    def __init__(
        self,
        viewer: Viewer,
        make_runner: MakeRunner | None = None,
        session_root: str | Path | None = None,
        parent: QObject | None = None,
        shelf: Shelf | None = None,
        first_masks: bool = True,
    ) -> None:
        super().__init__(parent)
        self._to_warm_up = make_runner is None
        make_runner = make_local_runner if make_runner is None else make_runner
        # Plugins may be given a proxy that wraps every layer anew, so that no layer is equal to itself.
        self._viewer: Viewer = getattr(viewer, "__wrapped__", viewer)
        self._closed = False
        self._scans = ScanDesk(self._viewer, self)
        self._masks = MaskDesk(self._viewer, self._scans, self)
        self._runs = RunDesk(make_runner, self._scans, self)
        self.starts = StartDesk(shelf if shelf is not None else UserShelf(), self._runs, self)
        self.first_mask = FirstMaskDesk(make_runner, self._scans, self._runs, self.starts, first_masks, self)
        self.preview = PreviewDesk(self._scans, self._runs, self)
        trainings = (self._runs.training, self.first_mask.training)
        self.next = NextDesk(self._viewer, self._scans, self._masks, trainings, self)
        self._saving = Saving(Path(session_root) if session_root is not None else None, self)
        self._session = SessionDesk(self._viewer, self._saving, self._scans, self._masks, self._runs, self)
        sources = Sources(self._scans, self._runs, self.starts)
        self.results = ResultsDesk(self._scans, self._masks, parent=self)
        self.report = ReportDesk(self._scans, self._masks, self.results, sources, parent=self)
        self._exports = ExportDesk(self._scans, self._masks, sources, self)
        self.folder = FolderDesk(self._runs, self.starts, sources.history, self)
        self._player = Player(self._viewer, self)
        self._window = WindowWatcher(self._viewer, self)
        self._connect()
        if self._to_warm_up:
            entry = self.starts.chosen.entry
            warm_up(str(entry.path) if entry is not None and first_masks else "")

    def _connect(self) -> None:
        scans, masks, runs = self._scans, self._masks, self._runs
        first = self.first_mask
        files = self.folder, self._saving, self._session, self._exports, self.results, self.report
        for part in (scans, masks, runs, self.starts, first, self.preview, *files):
            part.noticed.connect(self.noticed)
        scans.scans_changed.connect(self.scans_changed)
        for news in (scans.edited, self.preview.made, runs.state_changed):
            news.connect(self.scans_changed)
        scans.scan_shown.connect(self._on_shown)
        first.prediction_changed.connect(self.prediction_changed)
        for signal in (first.changed, self.scan_shown):
            signal.connect(self._warm_up_training)
        first.changed.connect(self.scans_changed)
        scans.leaving.connect(self._player.stop)
        scans.image_lost.connect(self.scans_changed)
        scans.brush.label_changed.connect(self.label_changed)
        scans.brush.size_changed.connect(self.brush_changed)
        masks.changed.connect(self.masks_changed)
        masks.changed.connect(self.scans_changed)
        reports = ("step_reported", "held_out_reported", "preparation_reported")
        for name in ("state_changed", *reports, "strokes_changed", "prediction_changed", "run_started"):
            getattr(runs, name).connect(getattr(self, name))
        self._session.weights_loaded.connect(self.starts.changed)
        self.next.noticed.connect(self.noticed)
        for look in (self.next.refresh, self.results.look):
            self.prediction_changed.connect(look)
        self.results.chosen.connect(self._saving.put_choices)
        self._saving.session_changed.connect(self.session_changed)
        self._player.playing_changed.connect(self.playing_changed)
        self._window.closed.connect(self.close)

    # scans -------------------------------------------------------------------------------------------------------

    @property
    def viewer(self) -> Viewer:
        """Return the napari viewer."""
        return self._viewer

    def open_scan(self, path: str | Path) -> str | None:
        """Open a scan (NIfTI, or a DICOM series) and show it; return its case, or None after a notice."""
        return self._scans.open(Path(path))

    def list_series(self, folder: str | Path) -> list[SeriesSummary]:
        """Return the DICOM series of a folder, each with the path that :meth:`open_scan` takes; none after a notice."""
        return self._scans.list_series(Path(folder))

    @property
    def from_dicom(self) -> bool:
        """Return whether the scan on screen came from DICOM, so that its mask can be written as DICOM SEG."""
        record = self._scans.record
        return record is not None and isinstance(record.cine.header, DicomSource)

    def use_layer(self, layer: Image) -> str | None:
        """Work on an image layer that something else opened; return its case, or None after a notice."""
        return self._scans.use_layer(layer)

    def open_sample(self) -> str | None:
        """Open the built-in synthetic cine."""
        return self._scans.open_sample()

    def show_scan(self, case: str) -> None:
        """Put another scan of the session on screen; the others keep their strokes, predictions and masks."""
        self._scans.show(case)

    def scans(self) -> list[ScanSummary]:
        """Return the worklist in the order of opening."""
        return self._scans.worklist.summaries()

    @property
    def shown_case(self) -> str:
        """Return the case on screen, "" when there is none."""
        record = self._scans.record
        return record.case if record is not None else ""

    def import_scribbles(self, path: str | Path, preset: str) -> bool:
        """Paint the strokes of a file (a key of `labels.SCRIBBLE_PRESETS`) into the shown scan; undoable."""
        return self._scans.import_scribbles(Path(path), preset)

    # drawing -----------------------------------------------------------------------------------------------------

    @property
    def label(self) -> int:
        """Return the chosen layer code; 0 is the eraser."""
        return self._scans.brush.label

    def select_label(self, label: int) -> None:
        """Draw with a layer code 1–4, or erase with 0, on the scribble layer from now on."""
        if not self._scans.brush.select(label):
            self._warn("Open a scan first, then draw on it.")

    @property
    def brush_size(self) -> int:
        """Brush diameter in pixels, 1–40."""
        return self._scans.brush.size

    @brush_size.setter
    def brush_size(self, size: int) -> None:
        self._scans.brush.set_size(size)

    def draw(self) -> None:
        """Make the scribble layer active with the chosen label, as :meth:`select_label` does."""
        self.select_label(self.label)

    # training ----------------------------------------------------------------------------------------------------

    @property
    def state(self) -> RunState:
        """Return where the trainer is; IDLE before the first run."""
        return self._runs.training.state

    @property
    def settings(self) -> TrainSettings:
        """Return the settings of the last run or of the session, or others where those do not suit the next start."""
        return self.starts.settings

    @property
    def continuing(self) -> bool:
        """Return whether the run under way (or the last one) continued from earlier weights."""
        return self._runs.continuing

    @property
    def can_continue(self) -> bool:
        """Return whether Train would continue from earlier weights if the settings stay as they are."""
        return self._runs.training.start_point.fits(self.settings)

    def train(self, settings: TrainSettings | None = None, *, fresh: bool = False, only_shown: bool = False) -> bool:
        """Train on the strokes of the session, or of the shown scan alone; return False after a notice.

        Begins with what `starts` has chosen, or from scratch where `fresh`, or where the last weights of the session do
        not fit the settings.
        """
        self._session.wait_for_weights()
        settings = settings or self.settings
        start = Start() if fresh else self.starts.start(settings)
        if start is None:
            return False
        if not self._runs.training.active:
            self._saving.put_settings(settings)
        return self._runs.train(settings, start, only_shown)

    def pause(self) -> None:
        """Pause after the running step; strokes are still taken."""
        self._runs.training.set_paused(True)

    def resume(self) -> None:
        """Go on after a pause."""
        self._runs.training.set_paused(False)

    def stop(self) -> None:
        """End the run after the running step; `state` is FINISHING at once."""
        self._runs.training.stop()

    def strokes(self) -> tuple[int, int]:
        """Return (strokes that the model has seen, strokes drawn in the session)."""
        return self._runs.strokes

    # export ------------------------------------------------------------------------------------------------------

    def needs_predictions(self) -> bool:
        """Return whether slices of the shown scan were never predicted, or by older weights than the last ones."""
        return self._runs.stale_slices(self.starts.predictor()) > 0

    def complete_predictions(self, then: Callable[[], None]) -> bool:
        """Predict what is missing in the background, then call `then` on the GUI thread; False after a notice."""
        self._session.wait_for_weights()
        self.first_mask.drop()
        return self._runs.complete(self.starts.predictor(), then)

    def export(
        self, path: str | Path, frames: Literal["current"] | Sequence[int] | None = None, anonymise: bool = False
    ) -> ExportSummary | None:
        """Write the shown scan's mask (else prediction) with a JSON sidecar; None after a notice.

        A name in `.dcm` makes a DICOM SEG, without what describes the patient where `anonymise`, any other NIfTI.
        """
        self._session.wait_for_weights()
        return self._exports.export(Path(path), frames, anonymise)

    def export_scribbles(self, path: str | Path) -> Path | None:
        """Write the shown scan's strokes as NIfTI in layer codes; None after a notice."""
        return self._exports.export_scribbles(Path(path))

    # session -----------------------------------------------------------------------------------------------------

    @property
    def session_path(self) -> Path | None:
        """Return the folder of the session, None before the first scan."""
        return self._saving.path

    @property
    def remember_paths(self) -> bool:
        """Return whether the session keeps where the files of its scans lie."""
        return self._saving.remember_paths

    def set_remember_paths(self, remember: bool) -> None:
        """Keep the paths of scans in the session from now on, or delete them; only with the person's consent."""
        self._saving.set_remember_paths(remember)

    def save_session_as(self, path: str | Path) -> bool:
        """Copy the session to a new folder and go on there."""
        return self._session.save_as(Path(path))

    def open_session(self, path: str | Path) -> bool:
        """Open a session folder in place of the present one."""
        self.first_mask.drop()
        opened = self._session.open(Path(path))
        if opened:
            self.starts.forget_choice()
        return opened

    def reopen_last(self) -> bool:
        """Open the session that was used last."""
        path = latest_session()
        if path is None:
            self._warn("There is no earlier session.")
        return path is not None and self.open_session(path)

    def flush(self) -> None:
        """Write what waits for autosave now."""
        self._session.flush()

    def close(self) -> None:
        """Stop the trainer, wait for its thread, write what waits and let go of the viewer. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._player.stop()
        self.preview.drop()
        self._session.flush()
        self.first_mask.close()
        self.folder.close()
        self._runs.close()
        self.preview.close()
        self.results.close()
        self.report.close()
        self.next.close()
        self._session.close()
        self._masks.detach()
        self._scans.release()
        self._window.release()

    # between the parts -------------------------------------------------------------------------------------------

    def _warm_up_training(self, *_: object) -> None:
        # Not before the first mask is there, which it would delay.
        if self._to_warm_up and self.shown_case and not self.first_mask.running:
            self._to_warm_up = False
            warm_up_training()

    def _on_shown(self, case: str) -> None:
        record = self._scans.record
        if record is not None:
            self._player.set_bpm(heart_rate(record.cine))
        self.scan_shown.emit(case)
        self.prediction_changed.emit()
        self.strokes_changed.emit(*self.strokes())
