"""Open NIfTI files in napari: scans as images, masks and scribbles as labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari_scribbleseg.io.names import LABEL_ROLES, file_stem, has_role, is_nifti

LayerTuple = tuple[Any, dict[str, Any], str]
Reader = Callable[[str | Sequence[str]], list[LayerTuple]]


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """Return :func:`read_layers` when every path is a NIfTI file, else None."""
    return read_layers if all(is_nifti(p) for p in _paths(path)) else None


def read_layers(path: str | Sequence[str]) -> list[LayerTuple]:
    """Read one layer per file, at the scan's spacing and with the scan itself in `metadata["cine"]`.

    Files whose stem ends in `_seg`, `_gt`, `_mask` or `_scribble` become labels layers, all others images.

    Raises
    ------
    ScanError
        For a file that is no scan; the message is one sentence.
    """
    return [_read_layer(p) for p in _paths(path)]


def _read_layer(path: Path) -> LayerTuple:
    if has_role(path, *LABEL_ROLES):
        return labels_layer(path)
    return image_layer(path)


def image_layer(path: Path) -> LayerTuple:
    """Read a scan: data `(t, z, y, x)`, or `(z, y, x)` for a 3D file."""
    from napari_scribbleseg.io import load_cine
    from napari_scribbleseg.qt.layers import as_displayed, image_layer_kwargs

    cine = load_cine(path)
    return as_displayed(cine, cine.data), image_layer_kwargs(cine), "image"


def labels_layer(path: Path) -> LayerTuple:
    """Read a mask or a scribble file as it is, in its own codes."""
    import numpy as np

    from napari_scribbleseg.io import load_cine
    from napari_scribbleseg.qt.layers import as_displayed, space_kwargs

    cine = load_cine(path)
    codes = np.rint(np.asarray(as_displayed(cine, cine.data))).astype(np.uint8)
    return codes, {"name": file_stem(path), "metadata": {"cine": cine}, **space_kwargs(cine)}, "labels"


def _paths(path: str | Sequence[str]) -> list[Path]:
    return [Path(p) for p in ([path] if isinstance(path, str | Path) else path)]
