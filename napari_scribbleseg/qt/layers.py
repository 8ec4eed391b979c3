"""How a scan and its maps become napari layers: scale, units, colours and names, and the way back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_scribbleseg.io.fingerprint import case_of
from napari_scribbleseg.labels import LAYER_COLOURS, LabelMap
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    from napari.layers import Image, Layer
    from napari.utils.colormaps import DirectLabelColormap

MASK_CONTOUR = 2
"""Width of the mask's outline in pixels, so that a filled prediction stays visible inside it."""

_PER_MM = {"pixel": 1.0, "millimeter": 1.0, "micrometer": 1e-3, "centimeter": 10.0, "meter": 1e3, "nanometer": 1e-6}


class LayerError(ValueError):
    """An image layer cannot be worked on; the message says why."""


def space_kwargs(cine: Cine) -> dict[str, Any]:
    """Return scale, units and axis labels that all layers of a scan share; one entry per dimension of the file.

    The scan's affine is not applied: napari steps wrongly through oblique slices.
    """
    scale: tuple[float, ...] = cine.spacing_mm
    units: tuple[str, ...] = ("mm", "mm", "mm")
    axes: tuple[str, ...] = ("z", "y", "x")
    if cine.ndim == 4:
        scale, units, axes = (1.0, *scale), ("pixel", *units), ("t", *axes)
    return {"scale": scale, "units": units, "axis_labels": axes}


def contrast_limits(cine: Cine) -> tuple[float, float]:
    """Return the 1 % and 99 % quantiles of a few phases, every fourth pixel."""
    n_t = cine.shape[0]
    parts = [np.asarray(cine.data[t])[..., ::4, ::4].ravel() for t in sorted({0, n_t // 2})]
    values = np.concatenate(parts).astype(np.float32)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = (float(q) for q in np.quantile(values, (0.01, 0.99)))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low, low + 1.0)


def image_layer_kwargs(cine: Cine) -> dict[str, Any]:
    """Return the keywords for `viewer.add_image(data, **kwargs)`."""
    return {
        "name": "image",
        "colormap": "gray",
        "contrast_limits": contrast_limits(cine),
        "metadata": {"cine": cine},
        **space_kwargs(cine),
    }


def scribble_layer_kwargs(cine: Cine, space: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the keywords for the layer that a person draws on."""
    return {**_labels_kwargs(cine, space), "name": "scribbles", "opacity": 0.9}


def prediction_layer_kwargs(cine: Cine, space: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the keywords for the layer that the network writes on."""
    return {**_labels_kwargs(cine, space), "name": "prediction", "opacity": 0.4}


def mask_layer_kwargs(cine: Cine, space: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the keywords for the layer of accepted and corrected masks; it is drawn as an outline."""
    return {**_labels_kwargs(cine, space), "name": "mask", "opacity": 0.9}


def _labels_kwargs(cine: Cine, space: dict[str, Any] | None) -> dict[str, Any]:
    # Mappings are copied into the layer by napari, the cine itself is shared.
    return {"colormap": label_colormap(), "metadata": {"cine": cine}, **(space or space_kwargs(cine))}


def label_colormap() -> DirectLabelColormap:
    """Return the fixed colours of RV, Myo, LV and background strokes; everything else is transparent."""
    from napari.utils.colormaps import DirectLabelColormap

    return DirectLabelColormap(color_dict={None: "transparent", 0: "transparent", **LAYER_COLOURS})


def as_displayed(cine: Cine, array: LabelMap) -> LabelMap:
    """Return a `(t, z, y, x)` array as the layer sees it: a view without the phase axis for a 3D file."""
    return array if cine.ndim == 4 else array[0]


def shown_slice(layer: Layer, point: Sequence[float]) -> tuple[int, int]:
    """Return (t, z) of the slice that a layer shows at a world position, clipped to the layer's extent."""
    position = np.round(np.asarray(layer.world_to_data(tuple(point)), dtype=float)).astype(int)
    shape = layer.data.shape
    index = [int(np.clip(position[axis], 0, shape[axis] - 1)) for axis in range(layer.ndim - 2)]
    return (index[0], index[1]) if len(index) == 2 else (0, index[0])


def cine_of(layer: Image) -> Cine:
    """Return the scan behind an image layer; one is made for layers that other plugins opened.

    Raises
    ------
    LayerError
        For RGB or multiscale images, other than 3 or 4 dimensions, more than one value per voxel, or a constant image.
    """
    known = layer.metadata.get("cine")
    if isinstance(known, Cine):
        return known
    _refuse(layer)
    spacing = _spacing_mm(layer)
    data = layer.data if layer.ndim == 4 else layer.data[None]
    cine = Cine("", data, spacing, affine=_affine(spacing), ndim=layer.ndim, title=layer.name)
    # Layers are often named after files and files after patients, so the content gives the case its name.
    return dataclasses.replace(cine, case=case_of(cine))


def _refuse(layer: Image) -> None:
    name = layer.name
    if getattr(layer, "rgb", False):
        raise LayerError(f"The layer '{name}' is a colour image; a scan has one intensity per voxel.")
    if getattr(layer, "multiscale", False):
        raise LayerError(f"The layer '{name}' is a multiscale image; open the scan at full resolution instead.")
    if layer.ndim not in (3, 4):
        raise LayerError(f"The layer '{name}' has {layer.ndim} dimensions; a scan has three (z, y, x) or four (t, …).")
    if min(layer.data.shape) < 1 or min(layer.data.shape[-2:]) < 8:
        raise LayerError(f"The layer '{name}' is too small to be a scan: {tuple(layer.data.shape)}.")
    sample = np.asarray(layer.data[layer.data.shape[0] // 2])
    finite = sample[np.isfinite(sample)]
    if not finite.size:
        raise LayerError(f"The layer '{name}' holds no numbers, only NaN or infinity.")
    if finite.min() == finite.max():
        raise LayerError(f"The layer '{name}' holds the same value everywhere; there is nothing to segment.")


def _spacing_mm(layer: Image) -> tuple[float, float, float]:
    factors = [_PER_MM.get(str(unit), 1.0) for unit in layer.units[-3:]]
    z, y, x = (abs(float(s)) * f or 1.0 for s, f in zip(layer.scale[-3:], factors, strict=True))
    return z, y, x


def _affine(spacing_mm: tuple[float, float, float]) -> np.ndarray:
    z, y, x = spacing_mm
    return np.diag([-x, -y, z, 1.0])
