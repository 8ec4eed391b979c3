"""The one object that panels talk to: a viewer, its scans, their layers, a trainer and a session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from napari_scribbleseg.qt.export import mean_confidence
from napari_scribbleseg.qt.export_desk import ExportDesk
from napari_scribbleseg.qt.local_runner import make_local_runner, warm_up
from napari_scribbleseg.qt.mask_desk import MaskDesk
from napari_scribbleseg.qt.player import Player, heart_rate
from napari_scribbleseg.qt.preview_desk import PreviewDesk
from napari_scribbleseg.qt.run_desk import RunDesk
from napari_scribbleseg.qt.saving import Saving
from napari_scribbleseg.qt.scan_desk import ScanDesk
from napari_scribbleseg.qt.session_desk import SessionDesk
from napari_scribbleseg.qt.values import ExportSummary, MakeRunner, ScanSummary
from napari_scribbleseg.qt.window_watch import WindowWatcher
from napari_scribbleseg.qt.workbench_signals import WorkbenchSignals
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FrameKey, Notice, RunState

if TYPE_CHECKING:
    from napari.layers import Image, Layer
    from napari.viewer import Viewer
    from qtpy.QtCore import QObject

Scope = Literal["slice", "frame", "cine"]
LayerKind = Literal["image", "scribbles", "prediction", "mask"]

OUTLINE = 2
"""Width of the prediction's outline in pixels."""


class Workbench(WorkbenchSignals):
    """Scans, strokes, training, masks and the session behind one window.

    Every method returns at once, is called on the GUI thread and never raises for bad input: it says one sentence
    through `noticed` and leaves everything as it was. `preview` makes masks of the strokes without training.

    Parameters
    ----------
    viewer : napari.Viewer
    make_runner : callable, optional
        Builds the trainer of a run from a `RunRequest` and an `emit` function; `engine.Runner` by default.
    session_root : path, optional
        Where sessions are kept; `session.locations` decides by default.
    parent : QObject, optional
    """

    def __init__(
        self,
        viewer: Viewer,
        make_runner: MakeRunner | None = None,
        session_root: str | Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        # Plugins may be given a proxy that wraps every layer anew, so that no layer is equal to itself.
        self._viewer: Viewer = getattr(viewer, "__wrapped__", viewer)
        self._closed = False
        self._to_warm_up = make_runner is None
        self._scans = ScanDesk(self._viewer, self)
        self._masks = MaskDesk(self._viewer, self._scans, self)
        self._runs = RunDesk(make_local_runner if make_runner is None else make_runner, self._scans, self)
        self.preview = PreviewDesk(self._scans, self._runs, self)
        self._saving = Saving(Path(session_root) if session_root is not None else None, self)
        self._session = SessionDesk(self._viewer, self._saving, self._scans, self._masks, self._runs, self)
        self._exports = ExportDesk(self._scans, self._masks, self)
        self._player = Player(self._viewer, self)
        self._window = WindowWatcher(self._viewer, self)
        self._connect()

    def _connect(self) -> None:
        scans, masks, runs = self._scans, self._masks, self._runs
        for part in (scans, masks, runs, self.preview, self._saving, self._session, self._exports):
            part.noticed.connect(self.noticed)
        scans.scans_changed.connect(self.scans_changed)
        for news in (scans.edited, self.preview.made, runs.state_changed):
            news.connect(self.scans_changed)
        scans.scan_shown.connect(self._on_shown)
        scans.leaving.connect(self._player.stop)
        scans.image_lost.connect(self.scans_changed)
        scans.brush.label_changed.connect(self.label_changed)
        scans.brush.size_changed.connect(self.brush_changed)
        masks.changed.connect(self.masks_changed)
        masks.changed.connect(self.scans_changed)
        reports = ("step_reported", "held_out_reported", "preparation_reported")
        for name in ("state_changed", *reports, "strokes_changed", "prediction_changed", "run_started"):
            getattr(runs, name).connect(getattr(self, name))
        self._saving.session_changed.connect(self.session_changed)
        self._player.playing_changed.connect(self.playing_changed)
        self._window.closed.connect(self.close)

    # scans -------------------------------------------------------------------------------------------------------

    @property
    def viewer(self) -> Viewer:
        """Return the napari viewer."""
        return self._viewer

    def open_scan(self, path: str | Path) -> str | None:
        """Open a NIfTI scan and show it; return its case, or None after a notice."""
        return self._scans.open(Path(path))

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

    def layer(self, kind: LayerKind) -> Layer | None:
        """Return a layer of the shown scan, or None where there is none."""
        return self._scans.stage.layer(kind)

    def current_key(self) -> FrameKey | None:
        """Return the slice on screen, or None when no scan is shown."""
        return self._scans.current_key()

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
        """Return the settings of the last run, of the session, or the defaults."""
        return self._runs.settings

    @property
    def continuing(self) -> bool:
        """Return whether the run under way (or the last one) continued from earlier weights."""
        return self._runs.continuing

    @property
    def can_continue(self) -> bool:
        """Return whether Train would continue from earlier weights if the settings stay as they are."""
        return self._runs.training.start_point.fits(self.settings)

    def train(self, settings: TrainSettings | None = None, *, fresh: bool = False) -> bool:
        """Train on all strokes of the session; return False after a notice.

        Continues from the last weights unless `fresh`, or `settings` name another network.
        """
        self._session.wait_for_weights()
        if settings is not None and not self._runs.training.active:
            self._saving.put_settings(settings)
        return self._runs.train(settings or self.settings, fresh)

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

    # predictions and masks -----------------------------------------------------------------------------------------

    def prediction_age(self) -> tuple[int, float] | None:
        """Return how old the prediction on screen is: (steps, seconds), or None where nothing was predicted."""
        return self._runs.predictions.age(self.current_key())

    def predicted_counts(self) -> tuple[int, int]:
        """Return (predicted slices, slices) of the shown scan."""
        record = self._scans.record
        return (record.n_predicted, record.steps.size) if record is not None else (0, 0)

    def confidence(self) -> float | None:
        """Return the mean confidence over the foreground of the shown slice, 0–1, or None."""
        key, record = self.current_key(), self._scans.record
        return mean_confidence(record, (key.t, key.z)) if key is not None and record is not None else None

    def accept(self, scope: Scope) -> int:
        """Copy the prediction of the slice, frame or cine on screen to the mask; return the number of slices.

        Slices that were corrected by hand, and all slices of a locked mask, stay as they are and a notice says so.
        """
        return self._masks.accept(scope, self.current_key())

    def undo_accept(self) -> bool:
        """Take the last accept back; corrections made by hand since then stay."""
        return self._masks.undo_accept()

    @property
    def can_undo_accept(self) -> bool:
        """Return whether there is an accept to take back on the shown scan."""
        return self._masks.can_undo

    @property
    def mask_locked(self) -> bool:
        """Return whether the shown scan's mask is locked."""
        record = self._scans.record
        return record is not None and record.locked

    def set_mask_locked(self, locked: bool) -> None:
        """Lock the shown scan's mask against accepts and hand edits, or unlock it."""
        record = self._scans.record
        if record is not None and record.locked != locked:
            self._masks.set_locked(locked)
            self._saving.put_locked(record)

    def mask_state(self, key: FrameKey | None = None) -> str:
        """Return "", "preview", "predicted", "accepted" or "edited" for a slice; the one on screen by default."""
        key = key or self.current_key()
        record = self._scans.worklist.get(key.case) if key is not None else None
        return "" if key is None or record is None else record.mask_word((key.t, key.z))

    def correct_mask_by_hand(self) -> None:
        """Make the mask layer active with a brush of the chosen label."""
        if self.mask_locked:
            self._warn("The mask is locked; unlock it to correct it.")
        elif (layer := self.layer("mask")) is not None:
            self._scans.brush.draw_on(layer)

    # looks -------------------------------------------------------------------------------------------------------

    def set_overlay_opacity(self, opacity: float) -> None:
        """Set the opacity of the prediction, 0–1."""
        self._scans.stage.set_look("prediction", opacity=min(max(float(opacity), 0.0), 1.0))

    def set_overlay_outline(self, outline: bool) -> None:
        """Draw the prediction as an outline, or filled."""
        self._scans.stage.set_look("prediction", contour=OUTLINE if outline else 0)

    def set_visible(self, kind: LayerKind, visible: bool) -> None:
        """Show or hide a layer of the shown scan."""
        self._scans.stage.set_look(kind, visible=bool(visible))

    def visible(self, kind: LayerKind) -> bool:
        """Return whether a layer of the shown scan is visible."""
        return bool(getattr(self.layer(kind), "visible", False))

    # playing -----------------------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        """Return whether the cine plays."""
        return self._player.playing

    def play(self, on: bool) -> None:
        """Play the cine at the heart rate, or stop."""
        layer = self.layer("image")
        if not on:
            self._player.stop()
        elif layer is None or not self._player.play(layer):
            self._warn("Only a cine of several phases can be played.")

    @property
    def bpm(self) -> float:
        """Heart rate of the playback per minute; from the file's frame time where it has one, else 60."""
        return self._player.bpm

    @bpm.setter
    def bpm(self, bpm: float) -> None:
        self._player.set_bpm(bpm)

    # export ------------------------------------------------------------------------------------------------------

    def needs_predictions(self) -> bool:
        """Return whether slices of the shown scan were never predicted, or by older weights than the last ones."""
        return self._runs.stale_slices() > 0

    def complete_predictions(self, then: Callable[[], None]) -> bool:
        """Predict what is missing in the background, then call `then` on the GUI thread; False after a notice."""
        self._session.wait_for_weights()
        return self._runs.complete(then)

    def export(
        self, path: str | Path, frames: Literal["current"] | Sequence[int] | None = None
    ) -> ExportSummary | None:
        """Write the shown scan's mask (else prediction) as NIfTI with a JSON sidecar; None after a notice."""
        self._session.wait_for_weights()
        return self._exports.export(Path(path), frames, self._runs.trained_method)

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
        return self._session.open(Path(path))

    def reopen_last(self) -> bool:
        """Open the session that was used last."""
        return self._session.reopen_last()

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
        self._runs.close()
        self.preview.close()
        self._session.close()
        self._masks.detach()
        self._scans.release()
        self._window.release()

    # between the parts -------------------------------------------------------------------------------------------

    def _on_shown(self, case: str) -> None:
        record = self._scans.record
        if record is not None:
            if self._to_warm_up:
                self._to_warm_up = False
                warm_up()
            self._player.set_bpm(heart_rate(record.cine))
        self.scan_shown.emit(case)
        self.prediction_changed.emit()
        self.strokes_changed.emit(*self.strokes())

    def _warn(self, text: str, level: str = "warning") -> None:
        self.noticed.emit(Notice(text, level))
