"""The layers of the scan on screen: made, found again when lost, and taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.qt import layers as make
from napari_scribbleseg.qt.orientation import show_orientation
from napari_scribbleseg.qt.record import ScanRecord

if TYPE_CHECKING:
    from napari.layers import Image, Labels, Layer
    from napari.utils.events import Event
    from napari.viewer import Viewer

ORDER = ("image", "prediction", "mask", "scribbles")
"""Kinds of layers from bottom to top."""

_COPIED = ("scale", "units", "axis_labels", "translate", "affine")


class Stage(QObject):
    """Put one scan on the screen as four layers.

    A labels layer that someone deletes is announced by `layer_lost` and can be made again with :meth:`restore`. A
    deleted or exchanged image layer is announced by `image_lost`.
    """

    image_lost = Signal()
    layer_lost = Signal(str)

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._record: ScanRecord | None = None
        self._layers: dict[str, Layer] = {}
        self._foreign: dict[str, Image] = {}
        self._looks: dict[str, dict[str, Any]] = {"prediction": {}, "mask": {"contour": make.MASK_CONTOUR}}
        self._changing = False
        self._lost: list[str] = []
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.ndisplay.connect(self._on_ndisplay)

    @property
    def record(self) -> ScanRecord | None:
        """Return the scan on screen."""
        return self._record

    def layer(self, kind: str) -> Any:
        """Return a layer of the scan on screen, None where there is none."""
        return self._layers.get(kind)

    def adopt(self, case: str, layer: Image) -> None:
        """Use an image layer that something else opened whenever this case is shown."""
        self._foreign[case] = layer

    def show(self, record: ScanRecord) -> None:
        """Put a scan on screen in place of the present one."""
        self.clear()
        self._changing = True
        try:
            self._record = record
            self._layers["image"] = self._image(record)
            for kind in ORDER[1:]:
                self._add_labels(kind, record)
        finally:
            self._changing = False
        self._layers["image"].events.data.connect(self._on_image_data)
        show_orientation(self._viewer, record.cine)
        self._viewer.layers.selection.active = self._layers["scribbles"]

    def clear(self) -> None:
        """Take the present scan off the screen; an image layer of someone else is only hidden."""
        self._changing = True
        try:
            image = self._layers.get("image")
            if image is not None:
                image.events.data.disconnect(self._on_image_data)
            for kind, layer in self._layers.items():
                if kind == "image" and layer in self._foreign.values():
                    layer.visible = False
                elif layer in self._viewer.layers:
                    self._viewer.layers.remove(layer)
        finally:
            self._layers.clear()
            self._record = None
            self._changing = False

    def restore(self, kind: str) -> Layer:
        """Make a labels layer of the present scan again from its record."""
        if self._record is None:
            raise LookupError("No scan is on screen.")
        self._changing = True
        try:
            return self._add_labels(kind, self._record)
        finally:
            self._changing = False

    def release(self) -> None:
        """Stop listening to the viewer; its layers stay."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.dims.events.ndisplay.disconnect(self._on_ndisplay)
        image = self._layers.get("image")
        if image is not None:
            image.events.data.disconnect(self._on_image_data)
        self._layers.clear()
        self._foreign.clear()
        self._record = None

    def set_look(self, kind: str, **look: Any) -> None:
        """Set properties such as opacity or contour on a layer, and on all that follow it."""
        self._looks.setdefault(kind, {}).update(look)
        layer = self._layers.get(kind)
        if layer is not None:
            self._dress(layer, look)

    def _image(self, record: ScanRecord) -> Image:
        foreign = self._foreign.get(record.case)
        if foreign is not None and foreign in self._viewer.layers:
            foreign.visible = True
            return foreign
        self._foreign.pop(record.case, None)
        cine = record.cine
        data = cine.data if cine.ndim == 4 else cine.data[0]
        return self._viewer.add_image(data, **make.image_layer_kwargs(cine))

    def _add_labels(self, kind: str, record: ScanRecord) -> Labels:
        kwargs = {
            "scribbles": make.scribble_layer_kwargs,
            "prediction": make.prediction_layer_kwargs,
            "mask": make.mask_layer_kwargs,
        }[kind](record.cine, self._space(record))
        layer = self._viewer.add_labels(self._array(kind, record), **kwargs)
        # Only the network writes predictions; a brush there would be lost with the next one.
        layer.editable = kind != "prediction"
        self._layers[kind] = layer
        self._dress(layer, self._looks.get(kind, {}))
        self._put_in_order(kind, layer)
        return layer

    def _array(self, kind: str, record: ScanRecord) -> LabelMap:
        # The network writes into its layer through the record; what a person changes is told apart by comparing copies.
        array = {"scribbles": record.strokes, "prediction": record.prediction, "mask": record.mask}[kind]
        return make.as_displayed(record.cine, array if kind == "prediction" else array.copy())

    def _space(self, record: ScanRecord) -> dict[str, Any] | None:
        foreign = self._foreign.get(record.case)
        return None if foreign is None else {name: getattr(foreign, name) for name in _COPIED}

    def _put_in_order(self, kind: str, layer: Layer) -> None:
        above = [self._layers[k] for k in ORDER[ORDER.index(kind) + 1 :] if k in self._layers]
        places = [self._viewer.layers.index(other) for other in above if other in self._viewer.layers]
        here = self._viewer.layers.index(layer)
        if places and here > min(places):
            self._viewer.layers.move(here, min(places))

    def _dress(self, layer: Layer, look: dict[str, Any]) -> None:
        for name, value in look.items():
            if name != "contour" or self._viewer.dims.ndisplay == 2:
                setattr(layer, name, value)

    def _on_ndisplay(self) -> None:
        # napari has no outlines in 3D, and would warn at every step through the phases.
        for kind, layer in self._layers.items():
            look = {name: value for name, value in self._looks.get(kind, {}).items() if name == "contour"}
            if look:
                layer.contour = look["contour"] if self._viewer.dims.ndisplay == 2 else 0

    def _on_removed(self, event: Event) -> None:
        if self._changing:
            return
        kind = next((k for k, layer in self._layers.items() if layer is event.value), None)
        if kind is None:
            return
        if not self._lost:
            # Several layers may go together, the window may be closing: look again when that is over.
            QTimer.singleShot(0, self._settle)
        self._lost.append(kind)

    def _let_go_of_image(self) -> None:
        """Leave an image layer whose data were exchanged to whoever did it."""
        image = self._layers.pop("image", None)
        if self._record is None or image is None:
            return
        image.events.data.disconnect(self._on_image_data)
        image.metadata = {key: value for key, value in image.metadata.items() if key != "cine"}
        self._foreign.pop(self._record.case, None)

    def _on_image_data(self) -> None:
        image = self._layers.get("image")
        if not self._changing and image is not None and self._record is not None and not self._lost:
            self._lost.append("image")
            QTimer.singleShot(0, self._settle)

    def _settle(self) -> None:
        lost, self._lost = self._lost, []
        if self._record is None or not lost:
            return
        if "image" in lost:
            self._let_go_of_image()
            self.image_lost.emit()
            return
        for kind in lost:
            self._layers.pop(kind, None)
            self.layer_lost.emit(kind)
