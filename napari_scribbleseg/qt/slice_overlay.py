"""A flat layer over the slice on screen, there only while it has something to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from napari.layers import Image, Labels, Layer
    from napari.viewer import Viewer

OWN = "scribbleseg_overlay"
"""Marks these layers in their metadata, so that nobody takes them for scans."""


class SliceOverlay:
    """One two-dimensional layer whose picture changes with the slice on screen.

    Being flat, it costs one slice of memory, and napari shows it at every phase and position.

    Parameters
    ----------
    viewer : napari.Viewer
    name : str
    make : callable (viewer, data, keywords) → Layer
        Adds the layer.
    """

    def __init__(self, viewer: Viewer, name: str, make: Callable[[Viewer, Any, dict[str, Any]], Layer]) -> None:
        self._viewer, self._name, self._make = viewer, name, make
        self._layer: Layer | None = None
        self._changing = False
        self.on_deleted: Callable[[], None] = lambda: None
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Layer | None:
        """Return the layer, None while nothing is shown."""
        return self._layer

    def show(self, picture: np.ndarray | None, like: Layer | None, below: Layer | None = None) -> None:
        """Show a picture `(y, x)`, or nothing.

        Parameters
        ----------
        like : the layer of the scan whose plane the picture lies in; its pixels may be several of the picture's
        below : the layer that stays above
        """
        if picture is None or like is None:
            self.hide()
        elif self._layer is None:
            self._add(picture, like, below)
        else:
            self._layer.data = picture
            self._layer.editable = False  # napari opens a layer for editing whenever its data change
            if not self._layer.visible:
                self._layer.visible = True

    def hide(self) -> None:
        """Show nothing on this slice; the layer stays, so that stepping through a scan does not flicker."""
        if self._layer is not None and self._layer.visible:
            self._layer.visible = False

    def remove(self) -> None:
        """Take the layer away."""
        layer, self._layer = self._layer, None
        if layer is not None and layer in self._viewer.layers:
            self._changing = True
            try:
                self._viewer.layers.remove(layer)
            finally:
                self._changing = False

    def release(self) -> None:
        """Take the layer away and let go of the viewer."""
        self.remove()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _add(self, picture: np.ndarray, like: Layer, below: Layer | None) -> None:
        layers = self._viewer.layers
        active = layers.selection.active
        self._layer = self._make(self._viewer, picture, self._keywords(like, picture.shape))
        if below is not None and below in layers:
            here, there = layers.index(self._layer), layers.index(below)
            if here > there:
                layers.move(here, there)
        # A new layer takes the brush away from the strokes.
        layers.selection.active = active

    def _keywords(self, like: Layer, shape: tuple[int, ...]) -> dict[str, Any]:
        return {"name": self._name, "metadata": {OWN: True}, **_plane(like, shape)}

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer and not self._changing:
            self._layer = None
            self.on_deleted()


def add_heat(viewer: Viewer, picture: np.ndarray, keywords: dict[str, Any]) -> Image:
    """Add a picture of 0–255 as a transparent glow."""
    from napari.utils.colormaps import Colormap

    colours = [(*GLOW, 0.0), (*GLOW, 0.4), (*GLOW, 0.75)]
    return viewer.add_image(
        picture,
        colormap=Colormap(colours, name="doubt", controls=[0.0, 0.45, 1.0]),
        contrast_limits=(GLOW_FROM, GLOW_TO),
        blending="translucent_no_depth",
        interpolation2d="linear",
        **keywords,
    )


def add_dashes(viewer: Viewer, picture: np.ndarray, keywords: dict[str, Any]) -> Labels:
    """Add a picture of label codes; nobody can draw on it."""
    from napari_scribbleseg.qt.layers import label_colormap

    layer = viewer.add_labels(picture, colormap=label_colormap(), opacity=1.0, **keywords)
    layer.editable = False
    return layer


GLOW = (0.94, 0.89, 0.26)
"""Okabe and Ito's yellow, which no class has."""
GLOW_FROM, GLOW_TO = 25, 160
"""Probabilities × 255 between which the glow rises from nothing to full."""


def is_overlay(layer: Layer) -> bool:
    """Return whether a layer is one of these."""
    return bool(layer.metadata.get(OWN))


def _plane(like: Layer, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return what puts a picture into the plane of a layer's slices, covering the same pixels."""
    fine = [n / side for n, side in zip(like.data.shape[-2:], shape, strict=True)]
    scale, start = [float(s) for s in like.scale[-2:]], [float(t) for t in like.translate[-2:]]
    return {
        "scale": [s * f for s, f in zip(scale, fine, strict=True)],
        # Layers are placed by the centre of their first pixel, and finer pixels have theirs nearer the edge.
        "translate": [t + s * (f - 1) / 2 for t, s, f in zip(start, scale, fine, strict=True)],
        "units": tuple(like.units[-2:]),
        "axis_labels": tuple(like.axis_labels[-2:]),
    }
