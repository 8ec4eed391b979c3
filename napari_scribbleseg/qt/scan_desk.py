"""The scans of the session and the one on screen: opened, shown, drawn on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.io import ScanError, load_cine, load_labels
from napari_scribbleseg.io.dicom import SeriesSummary, list_series
from napari_scribbleseg.qt.brush import Brush
from napari_scribbleseg.qt.layers import LayerError, cine_of, shown_slice
from napari_scribbleseg.qt.mask_book import changed_pixels
from napari_scribbleseg.qt.record import ScanRecord
from napari_scribbleseg.qt.scribble_bridge import Revisions, ScribbleBridge
from napari_scribbleseg.qt.stage import Stage
from napari_scribbleseg.qt.worklist import Worklist
from napari_scribbleseg.resources import sample_path
from napari_scribbleseg.types import FrameKey, Notice

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.viewer import Viewer

SAMPLE = "sample_cine.nii.gz"


class ScanDesk(QObject):
    """Open scans, put one on screen, and turn what is drawn on it into edits."""

    scans_changed = Signal()
    scan_added = Signal(str, object)
    """Case, and the path of its file or None."""
    scan_shown = Signal(str)
    leaving = Signal()
    """The scan on screen is about to go."""
    moved = Signal()
    """Another slice is on screen."""
    edited = Signal(object)
    noticed = Signal(object)
    image_lost = Signal(str)
    layer_lost = Signal(str)
    """A labels layer was deleted and is about to be made again."""
    layer_restored = Signal(str)

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.worklist = Worklist()
        self.revisions = Revisions()
        self.stage = Stage(viewer, self)
        self.brush = Brush(viewer, self)
        self._bridge: ScribbleBridge | None = None
        self._positions: dict[str, tuple[int, int]] = {}
        self._key: FrameKey | None = None
        self.stage.image_lost.connect(self._on_image_lost)
        self.stage.layer_lost.connect(self._on_layer_lost)
        viewer.dims.events.point.connect(self._on_moved)

    @property
    def record(self) -> ScanRecord | None:
        """Return the scan on screen."""
        return self.stage.record

    def current_key(self) -> FrameKey | None:
        """Return the slice on screen."""
        record, layer = self.record, self.stage.layer("scribbles") or self.stage.layer("image")
        if record is None or layer is None:
            return None
        return record.key(shown_slice(layer, self._viewer.dims.point))

    def open(self, path: Path) -> str | None:
        """Open a file or a DICOM series, and show it."""
        try:
            cine = load_cine(path)
        except ScanError as error:
            self._warn(str(error))
            return None
        self.worklist.add(cine)
        self.scan_added.emit(cine.case, path)
        self.show(cine.case)
        for sentence in getattr(cine.header, "warnings", ()):
            self._warn(sentence)
        return cine.case

    def list_series(self, folder: Path) -> list[SeriesSummary]:
        """Return the DICOM series of a folder; none after a notice."""
        try:
            return list_series(folder)
        except ScanError as error:
            self._warn(str(error))
            return []

    def open_sample(self) -> str | None:
        """Open the built-in cine."""
        try:
            return self.open(sample_path(SAMPLE))
        except FileNotFoundError as error:
            self._warn(str(error))
            return None

    def use_layer(self, layer: Image) -> str | None:
        """Work on an image layer of someone else."""
        layer = getattr(layer, "__wrapped__", layer)
        path = layer.source.path if "cine" in layer.metadata else None
        try:
            cine = cine_of(layer)
        except LayerError as error:
            self._warn(str(error))
            return None
        self.worklist.add(cine)
        if layer is not self.stage.layer("image"):
            self.stage.adopt(cine.case, layer)
        self.scan_added.emit(cine.case, Path(path) if path else None)
        self.show(cine.case)
        return cine.case

    def show(self, case: str) -> None:
        """Put a scan on screen."""
        if self.worklist.is_missing(case):
            self._warn(f"The file of {case} was not found; open it, and its strokes and masks come back.")
            return
        record = self.worklist.get(case)
        if record is None or record is self.record:
            return
        self.clear()
        self.stage.show(record)
        self._go_to(*self._positions.get(case, (0, record.cine.shape[1] // 2)))
        self._watch(record)
        self._key = self.current_key()
        self.scan_shown.emit(case)
        self.scans_changed.emit()
        self.moved.emit()

    def go_to(self, case: str, t: int, z: int) -> None:
        """Show a slice; a scan that is not on screen opens there the next time it is shown."""
        self._positions[case] = (t, z)
        if self.record is not None and self.record.case == case:
            self._go_to(t, z)

    def clear(self) -> None:
        """Take the scan off the screen; its strokes stay in its record."""
        if self.record is None:
            return
        key = self.current_key()
        if key is not None:
            self._positions[key.case] = (key.t, key.z)
        self.leaving.emit()
        self._unwatch()
        self.stage.clear()
        self._key = None

    def forget_all(self) -> None:
        """Empty the worklist, as before another session is opened."""
        self.clear()
        self.worklist = Worklist()
        self.revisions.last = 0
        self._positions.clear()

    def flush(self) -> None:
        """Take strokes that were drawn a moment ago."""
        if self._bridge is not None:
            self._bridge.flush()

    def import_scribbles(self, path: Path, preset: str) -> bool:
        """Paint the strokes of a file into the scribble layer, as one step that can be undone."""
        record, layer = self.record, self.stage.layer("scribbles")
        if record is None or layer is None:
            self._warn("Open a scan before its scribbles.")
            return False
        try:
            labels = load_labels(path, record.cine, preset)
        except ScanError as error:
            self._warn(str(error))
            return False
        self.paint_slices({(t, z): labels[t, z] for _, t, z in record.cine.keys() if labels[t, z].any()})
        return True

    def paint_slices(self, slices: dict[tuple[int, int], Any]) -> None:
        """Add strokes to slices through the layer's own undoable call; what is drawn there already stays."""
        record, layer = self.record, self.stage.layer("scribbles")
        if record is None or layer is None:
            return
        merged = {}
        for index, labels in slices.items():
            merged[index] = record.strokes[index].copy()
            merged[index][labels > 0] = labels[labels > 0]
        indices, values = changed_pixels(layer.data, merged.items())
        if values.size:
            layer.data_setitem(indices, values)
        self.flush()

    def release(self) -> None:
        """Take the last strokes and let go of the viewer; its layers stay."""
        self._unwatch()
        self._viewer.dims.events.point.disconnect(self._on_moved)
        self.stage.release()

    def _watch(self, record: ScanRecord) -> None:
        layer = self.stage.layer("scribbles")
        self._bridge = ScribbleBridge(self._viewer, layer, record, self.revisions, self)
        self._bridge.edited.connect(self.edited)
        self._bridge.noticed.connect(self.noticed)
        self.brush.attach(layer)

    def _unwatch(self) -> None:
        self.brush.detach()
        if self._bridge is not None:
            self._bridge.release()
            self._bridge.deleteLater()
            self._bridge = None

    def _go_to(self, t: int, z: int) -> None:
        layer = self.stage.layer("image")
        at = (t, z) if layer.ndim == 4 else (z,)
        world = layer.data_to_world((*at, 0, 0))
        first = self._viewer.dims.ndim - layer.ndim
        axes = range(first, first + len(at))
        self._viewer.dims.set_point(tuple(axes), tuple(world[: len(at)]))

    def _on_moved(self) -> None:
        key = self.current_key()
        if key != self._key:
            self._key = key
            self.moved.emit()

    def _on_image_lost(self) -> None:
        case = self.record.case if self.record is not None else ""
        self.clear()
        self.image_lost.emit(case)
        self.scan_shown.emit("")

    def _on_layer_lost(self, kind: str) -> None:
        record = self.record
        if record is None:
            return
        self.layer_lost.emit(kind)
        if kind == "scribbles":
            was_drawing = str(self._bridge.layer.mode) if self._bridge and self._bridge.layer else "pan_zoom"
            self._unwatch()
            self.stage.restore(kind)
            self._watch(record)
            if was_drawing in ("paint", "erase"):
                self.brush.select(self.brush.label)
            self._warn("The scribble layer was deleted; here it is again, with all strokes.", "info")
        else:
            self.stage.restore(kind)
        self.layer_restored.emit(kind)

    def _warn(self, text: str, level: str = "warning") -> None:
        self.noticed.emit(Notice(text, level))
