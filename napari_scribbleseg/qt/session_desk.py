"""Opens, copies and closes sessions, and keeps what the window does in step with the folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_scribbleseg.io import ScanError, fingerprint, load_cine
from napari_scribbleseg.qt.makers import find_weights_origin
from napari_scribbleseg.qt.mask_desk import MaskDesk
from napari_scribbleseg.qt.run_desk import RunDesk
from napari_scribbleseg.qt.saving import Saving, TensorLoader
from napari_scribbleseg.qt.scan_desk import SAMPLE, ScanDesk
from napari_scribbleseg.qt.training import Start
from napari_scribbleseg.qt.worklist import SavedMaps
from napari_scribbleseg.resources import sample_path
from napari_scribbleseg.session import MaskStates, SessionState, View
from napari_scribbleseg.session.manifest import ScanRecord as SavedScan
from napari_scribbleseg.types import Cine, Notice

if TYPE_CHECKING:
    from napari.viewer import Viewer

VIEW_DELAY_MS = 1000


class SessionDesk(QObject):
    """Bring scans, strokes, masks, weights and the position in the cine to the folder and back."""

    noticed = Signal(object)
    weights_loaded = Signal()

    def __init__(
        self,
        viewer: Viewer,
        saving: Saving,
        scans: ScanDesk,
        masks: MaskDesk,
        runs: RunDesk,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._saving = viewer, saving
        self._scans, self._masks, self._runs = scans, masks, runs
        self._loader: TensorLoader | None = None
        self._view_timer = QTimer(self)
        self._view_timer.setSingleShot(True)
        self._view_timer.setInterval(VIEW_DELAY_MS)
        self._view_timer.timeout.connect(self.put_view)
        scans.moved.connect(self._view_timer.start)
        for event in (viewer.scene.camera.events.zoom, viewer.scene.camera.events.center):
            event.connect(self._plan_view)
        scans.scan_added.connect(self._on_scan_added)
        scans.edited.connect(saving.put_edit)
        masks.slice_changed.connect(saving.put_mask)
        runs.checkpointed.connect(saving.put_event)
        runs.step_reported.connect(saving.put_event)
        runs.held_out_reported.connect(saving.put_event)
        runs.state_changed.connect(saving.put_event)
        runs.history_changed.connect(saving.put_training)

    def save_as(self, target: Path) -> bool:
        """Copy the session and go on in the copy."""
        self.flush()
        saved = self._saving.save_as(target, self._scans.worklist)
        if saved:
            self._saving.put_training(self._runs.started_from, self._runs.trained_s)
        return saved

    def open(self, path: Path) -> bool:
        """Open a session in place of the present one, which stays as it is where that fails."""
        self.flush()
        found = self._saving.read(path)
        if found is None:
            return False
        folder, state = found
        self.wait_for_weights()
        self._runs.forget()
        self._scans.forget_all()
        self._masks.forget_all()
        # Before anybody hears of another session, and before the first scan asks for predictions.
        self._runs.settings, self._runs.post = state.settings, state.post
        self._saving.switch(folder, state)
        self._runs.recall(find_weights_origin(state.started_from), state.trained_s)
        self._runs.weights_coming = True
        self._scans.revisions.last = state.next_revision - 1
        self._loader = TensorLoader(folder, self)
        self._loader.loaded.connect(self._take_weights)
        self._loader.start()
        self._bring_scans(state)
        return True

    def wait_for_weights(self) -> None:
        """Wait for the weights of a session that was opened a moment ago."""
        if self._loader is not None:
            self._loader.wait()
            self._take_weights()

    def put_view(self) -> None:
        """Save the slice on screen, zoom and centre."""
        key = self._scans.current_key()
        if key is not None:
            camera = self._viewer.scene.camera
            centre = (float(camera.center[-2]), float(camera.center[-1]))
            self._saving.put_view(View(key.case, key.t, key.z, float(camera.zoom), centre))

    def flush(self) -> bool:
        """Take what was drawn a moment ago and write everything."""
        self._scans.flush()
        self._masks.flush()
        if self._view_timer.isActive():
            self._view_timer.stop()
            self.put_view()
        return self._saving.flush()

    def close(self) -> bool:
        """Write everything and let go of the folder."""
        self.wait_for_weights()
        self.flush()
        for event in (self._viewer.scene.camera.events.zoom, self._viewer.scene.camera.events.center):
            event.disconnect(self._plan_view)
        return self._saving.close()

    def _plan_view(self) -> None:
        self._view_timer.start()

    def _on_scan_added(self, case: str, path: Path | None) -> None:
        record = self._scans.worklist.get(case)
        if record is not None:
            self._saving.add_scan(record.cine, path)
            self._runs.send_scan(case)

    def _bring_scans(self, state: SessionState) -> None:
        for saved in state.scans:
            self._scans.worklist.expect(_maps_of(saved, state))
            cine = self._find(saved)
            if cine is not None:
                self._scans.worklist.add(cine)
                self._scans.scan_added.emit(saved.case, Path(saved.path) if saved.path else None)
        view = state.view
        first = next(iter(self._scans.worklist), None)
        if view is not None and self._scans.worklist.get(view.case) is not None:
            self._scans.go_to(view.case, view.t, view.z)
            self._scans.show(view.case)
            self._restore_camera(view)
        elif first is not None:
            self._scans.show(first.case)
        self._ask_for_missing(state)
        self._scans.scans_changed.emit()

    def _find(self, saved: SavedScan) -> Cine | None:
        if saved.path is not None:
            try:
                cine = load_cine(saved.path, saved.case)
            except ScanError:
                return None
            return cine if fingerprint(cine) == saved.fingerprint else None
        return _sample_of(saved)

    def _ask_for_missing(self, state: SessionState) -> None:
        missing = [saved.case for saved in state.scans if self._scans.worklist.is_missing(saved.case)]
        if missing:
            self._warn(
                f"Open the file of {' and of '.join(missing)} to go on: the session keeps strokes and masks, "
                "not images or where they lie."
            )

    def _restore_camera(self, view: View) -> None:
        if view.zoom:
            self._viewer.scene.camera.zoom = view.zoom
        if view.centre is not None:
            self._viewer.scene.camera.center = (*self._viewer.scene.camera.center[:-2], *view.centre)

    def _take_weights(self) -> None:
        loader, self._loader = self._loader, None
        if loader is None:
            return
        for sentence in loader.problems:
            self._warn(sentence)
        if not self._runs.training.start_point:
            self._runs.training.start_point = Start(loader.checkpoint, loader.weights)
            self._runs.predictions.last_step = self._runs.training.start_point.step
        loader.deleteLater()
        self._runs.weights_coming = False
        self.weights_loaded.emit()

    def _warn(self, text: str) -> None:
        self.noticed.emit(Notice(text, "warning"))


def _maps_of(saved: SavedScan, state: SessionState) -> SavedMaps:
    states = state.mask_states.get(saved.case, MaskStates())
    strokes, mask = state.scribbles.get(saved.case), state.masks.get(saved.case)
    return SavedMaps(saved, strokes, mask, states.slices, states.locked, states.origins)


def _sample_of(saved: SavedScan) -> Cine | None:
    """Return the built-in sample if that is what was saved; its path is not kept, for it is nobody's."""
    try:
        cine = load_cine(sample_path(SAMPLE))
    except (FileNotFoundError, ScanError):
        return None
    return cine if cine.case == saved.case else None
