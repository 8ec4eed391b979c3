"""Open NIfTI files and DICOM series in napari: scans as images, masks and scribbles as labels."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari_scribbleseg.io.names import LABEL_ROLES, file_stem, has_role, is_dicom_name, is_nifti

LayerTuple = tuple[Any, ...]
Reader = Callable[[str | Sequence[str]], list[LayerTuple]]

NO_LAYER: LayerTuple = (None,)
"""What napari takes for "read, and nothing to add"."""

ONE_DROP_S = 5.0
"""Files of one series that come within so many seconds of each other were dropped together."""


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """Return :func:`read_layers` when every path is a NIfTI file, a DICOM file or a folder with some, else None."""
    return read_layers if all(_can_read(p) for p in _paths(path)) else None


def read_layers(path: str | Sequence[str]) -> list[LayerTuple]:
    """Read one layer per file or DICOM series, at the scan's spacing and with the scan itself in `metadata["cine"]`.

    Files whose stem ends in `_seg`, `_gt`, `_mask` or `_scribble` become labels layers, all others images. The many
    files of a DICOM series become one layer, together or one by one as napari passes them on.

    Raises
    ------
    ScanError
        For a file that is no scan; the message is one sentence.
    """
    layers = [layer for p in _paths(path) if (layer := _read_layer(p)) is not None]
    return layers or [NO_LAYER]


def _can_read(path: Path) -> bool:
    if path.is_dir():
        from napari_scribbleseg.io.dicom import holds_dicom

        return holds_dicom(path)
    return is_nifti(path) or is_dicom_name(path)


def _read_layer(path: Path) -> LayerTuple | None:
    if not is_nifti(path):
        return None if _LAST.holds(path) else dicom_layer(path)
    if has_role(path, *LABEL_ROLES):
        return labels_layer(path)
    return image_layer(path)


class _LastSeries:
    """The files of the series that was read last, for as long as more of them keep coming."""

    def __init__(self) -> None:
        self._paths: frozenset[Path] = frozenset()
        self._until_s = 0.0

    def put(self, paths: Sequence[Path]) -> None:
        self._paths = frozenset(path.resolve() for path in paths)
        self._until_s = time.monotonic() + ONE_DROP_S

    def holds(self, path: Path) -> bool:
        if time.monotonic() > self._until_s or path.resolve() not in self._paths:
            return False
        # The file that came first, dropped again, is a wish to see it again.
        self._paths -= {path.resolve()}
        self._until_s = time.monotonic() + ONE_DROP_S
        return True


_LAST = _LastSeries()


def dicom_layer(path: Path) -> LayerTuple:
    """Read the DICOM series that a folder or a file stands for, and say what is odd in it."""
    from napari.utils.notifications import show_warning

    layer = image_layer(path)
    source = layer[1]["metadata"]["cine"].header
    if not path.is_dir():
        _LAST.put([other for other in source.paths if other.resolve() != path.resolve()])
    for sentence in source.warnings:
        show_warning(sentence)
    return layer


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
