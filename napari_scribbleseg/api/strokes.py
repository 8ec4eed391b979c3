"""From scans and scribbles to a training set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_scribbleseg.labels import LAYER_NAMES, SCRIBBLE_PRESETS, LabelMap, scribbles_from_file
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Cine, FrameKey, ScribbleEdit

if TYPE_CHECKING:
    from napari_scribbleseg.data import SampleStore

Scribbles = LabelMap | str | os.PathLike[str]


class StrokesError(ValueError):
    """Scans and scribbles do not make a training set; the text is one sentence."""


def pair_up(
    cines: Cine | Sequence[Cine], scribbles: Scribbles | Sequence[Scribbles], scribble_codes: str
) -> list[tuple[Cine, LabelMap]]:
    """Return each scan with its strokes `(t, z, y, x)` in layer codes; see :func:`read_scribbles`.

    Raises
    ------
    StrokesError
        Where there are not as many scribbles as scans.
    """
    if isinstance(cines, Cine):
        cines, scribbles = [cines], [scribbles]  # type: ignore[list-item]
    if isinstance(scribbles, str | os.PathLike) or len(cines) != len(scribbles):
        raise StrokesError("There must be as many scribbles as scans, in the same order.")
    return [(cine, read_scribbles(cine, drawn, scribble_codes)) for cine, drawn in zip(cines, scribbles, strict=True)]


def read_scribbles(cine: Cine, scribbles: Scribbles, scribble_codes: str = "acdc") -> LabelMap:
    """Return the strokes of a scan, uint8 `(t, z, y, x)`, layer codes.

    Parameters
    ----------
    cine : the scan
    scribbles : array `(t, z, y, x)` in layer codes (or `(z, y, x)` for a scan of one phase), or a `.nii`, `.nii.gz` or
        `.h5` file
    scribble_codes : "acdc" or "layer", the convention of a file

    Raises
    ------
    ScanError, LabelCodeError, StrokesError
        For a file that cannot be read, another shape, or codes of another convention.
    """
    if scribble_codes not in SCRIBBLE_PRESETS:
        raise StrokesError(f"Scribble codes are one of {', '.join(SCRIBBLE_PRESETS)}, not {scribble_codes!r}.")
    if isinstance(scribbles, str | os.PathLike):
        labels = _read_file(Path(scribbles), cine, scribble_codes)
    else:
        labels = scribbles_from_file(np.asarray(scribbles), "layer")
        labels = labels[None] if labels.ndim == 3 and cine.shape[0] == 1 else labels
    if labels.shape != cine.shape:
        raise StrokesError(f"Scribbles of shape {labels.shape} do not fit a scan of {cine.shape} (t, z, y, x).")
    return labels


def _read_file(path: Path, cine: Cine, scribble_codes: str) -> LabelMap:
    from napari_scribbleseg.io import h5, load_labels
    from napari_scribbleseg.io.names import is_h5

    if is_h5(path):
        return h5.load_h5_scribbles(path, scribble_codes)
    return load_labels(path, cine, scribble_codes)


def gather(pairs: Sequence[tuple[Cine, LabelMap]], settings: TrainSettings) -> SampleStore:
    """Return a store of scans with their strokes, edits numbered from 1.

    Parameters
    ----------
    pairs : scans, each with its strokes `(t, z, y, x)` in layer codes

    Raises
    ------
    StrokesError
        Where nothing is drawn, only one class is, or two scans share a case name.
    """
    from napari_scribbleseg.data import SampleStore

    _require_classes([labels for _, labels in pairs])
    store = SampleStore(settings.resolution, settings.held_out, settings.seed)
    for cine, labels in pairs:
        if cine.case in store.cases:
            raise StrokesError(
                f"Two scans are named {cine.case}: give a scan once, or load it with a `case` of its own."
            )
        store.add(cine)
        for t, z in np.argwhere(labels.any(axis=(2, 3))).tolist():
            store.apply(ScribbleEdit(FrameKey(cine.case, t, z), labels[t, z], store.revision + 1))
    return store


def _require_classes(maps: Sequence[LabelMap]) -> None:
    drawn = set().union(*(np.unique(labels).tolist() for labels in maps)) - {0}
    if not drawn:
        raise StrokesError("The scribbles hold no strokes; draw at least two classes on a slice and try again.")
    if len(drawn) == 1:
        only = LAYER_NAMES[drawn.pop()]
        raise StrokesError(
            f"The scribbles hold only one class, {only}; draw at least one other, Background counts too."
        )
