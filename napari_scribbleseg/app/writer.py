"""Save layers from napari as NIfTI files that lie on the scan they belong to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_scribbleseg.labels import LV

if TYPE_CHECKING:
    from napari_scribbleseg.types import Cine

SCRIBBLES = "scribbles"
_PER_MM = {"millimeter": 1.0, "micrometer": 1e-3, "centimeter": 10.0, "meter": 1e3}


def write_layer(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write an image or labels layer; npe2 calls it for both.

    Labels go out as uint8. With a scan in `metadata["cine"]` (our layers carry it) the file has the scan's affine,
    header and axis order; without one it gets an affine from the layer's scale. The scribbles layer keeps its layer
    codes: 0 nothing, 1 RV, 2 Myo, 3 LV, 4 background.

    Parameters
    ----------
    path : target; a name without `.nii` or `.nii.gz` gets `.nii.gz`
    data : `(t, z, y, x)` or `(z, y, x)`
    attributes : the layer's attributes as napari passes them

    Returns
    -------
    The path that was written.

    Raises
    ------
    ScanError
        For a layer that is not 3D or 4D, labels that do not fit into a mask, or a target that cannot be written.
    """
    from napari_scribbleseg.io.names import is_nifti

    target = Path(path) if is_nifti(Path(path)) else Path(f"{path}.nii.gz")
    values, cine = _phases(np.asarray(data)), _cine_of(data, attributes)
    if _is_labels(values, attributes):
        _write_labels(target, values, cine, str(attributes.get("name", "")))
    else:
        _write_intensities(target, values, cine)
    return [str(target)]


def _phases(values: np.ndarray) -> np.ndarray:
    from napari_scribbleseg.io import ScanError

    if values.ndim not in (3, 4):
        raise ScanError(f"A {values.ndim}D layer cannot become a scan; a 3D stack or a 4D cine is needed.")
    return values if values.ndim == 4 else values[None]


def _is_labels(values: np.ndarray, attributes: Mapping[str, Any]) -> bool:
    # npe2 does not pass the layer's type, but only images have a contrast.
    return values.dtype.kind in "iub" and "contrast_limits" not in attributes


def _cine_of(data: Any, attributes: Mapping[str, Any]) -> Cine:
    from napari_scribbleseg.types import Cine

    shape = tuple(data.shape)
    known = (attributes.get("metadata") or {}).get("cine")
    if isinstance(known, Cine) and shape == known.shape[-len(shape) :] and len(shape) == known.ndim:
        return known
    z, y, x = _spacing_mm(attributes)
    values = data if len(shape) == 4 else data[None]
    return Cine("layer", values, (z, y, x), affine=np.diag([-x, -y, z, 1.0]), ndim=len(shape))


def _spacing_mm(attributes: Mapping[str, Any]) -> tuple[float, float, float]:
    scale = [abs(float(s)) or 1.0 for s in attributes.get("scale", (1.0, 1.0, 1.0))][-3:]
    units = [str(u) for u in attributes.get("units") or ()][-3:] or ["pixel"] * 3
    z, y, x = (s * _PER_MM.get(unit, 1.0) for s, unit in zip(scale, units, strict=True))
    return z, y, x


def _write_labels(path: Path, labels: np.ndarray, cine: Cine, name: str) -> None:
    from napari_scribbleseg.io import ScanError, save_mask, save_scribbles

    if labels.min(initial=0) < 0 or labels.max(initial=0) > LV + 1:
        raise ScanError(f"The layer {name} holds labels up to {labels.max()}; a mask knows 0 BG, 1 RV, 2 Myo and 3 LV.")
    codes = labels.astype(np.uint8)
    if name.startswith(SCRIBBLES):
        save_scribbles(path, codes, cine)
    else:
        save_mask(path, codes, cine)


def _write_intensities(path: Path, values: np.ndarray, cine: Cine) -> None:
    from napari_scribbleseg.io import save_cine

    save_cine(path, dataclasses.replace(cine, data=values))
