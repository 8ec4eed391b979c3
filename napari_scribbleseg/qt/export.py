"""Masks of a scan as files, with a note of where every slice came from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import napari_scribbleseg
from napari_scribbleseg.io import save_mask, write_atomically
from napari_scribbleseg.io.errors import writing
from napari_scribbleseg.io.names import file_stem
from napari_scribbleseg.labels import CLASS_NAMES, LabelMap
from napari_scribbleseg.qt.record import NEVER, ScanRecord, SliceIndex
from napari_scribbleseg.qt.values import ExportSummary, PreviewSystem

RESEARCH_USE = "Research use only; not a medical device."


@dataclass(frozen=True)
class Origin:
    """Slices of an export by where they came from; `systems` are those behind the previews."""

    mask: tuple[SliceIndex, ...]
    prediction: tuple[SliceIndex, ...]
    never: tuple[SliceIndex, ...]
    preview: tuple[SliceIndex, ...] = ()
    systems: tuple[PreviewSystem, ...] = ()

    @property
    def sentence(self) -> str:
        """Say it to a person."""
        total = len(self.mask) + len(self.prediction) + len(self.preview) + len(self.never)
        titles = ", ".join(system.name for system in self.systems)
        parts = [
            (len(self.mask), "from the mask"),
            (len(self.prediction), "from the prediction"),
            (len(self.preview), f"from an instant preview ({titles}; not trained)"),
            (len(self.never), "never predicted and empty"),
        ]
        shown = ", ".join(f"{count} {what}" for count, what in parts if count)
        return f"{total} slice{'s' * (total != 1)}: {shown}."


def compose(record: ScanRecord, frames: Sequence[int] | None) -> tuple[LabelMap, Origin]:
    """Return what to export, `(t, z, y, x)`: the mask where a slice was accepted or edited, else the prediction.

    Only `frames` are told of in the origin; all of them where it is None.
    """
    n_t, n_z = record.cine.shape[:2]
    labels = record.prediction.copy()
    mask, prediction, preview, never = [], [], [], []
    for t in frames if frames is not None else range(n_t):
        for z in range(n_z):
            if (t, z) in record.mask_states:
                labels[t, z] = record.mask[t, z]
                mask.append((t, z))
            elif (t, z) in record.previews:
                preview.append((t, z))
            elif record.steps[t, z] != NEVER:
                prediction.append((t, z))
            else:
                never.append((t, z))
    systems = tuple(dict.fromkeys(record.previews[index] for index in preview))
    return labels, Origin(tuple(mask), tuple(prediction), tuple(never), tuple(preview), systems)


def export_mask(record: ScanRecord, path: Path, frames: Sequence[int] | None = None, method: str = "") -> ExportSummary:
    """Write the mask as NIfTI exactly on its scan, and a JSON sidecar of the same stem.

    Parameters
    ----------
    record : ScanRecord
    path : Path
    frames : phases to write; all by default
    method : what the weights of the session were trained with, "" where nothing was trained

    Raises
    ------
    ScanError
        When the frames do not exist or the target cannot be written.
    """
    n_t = record.cine.shape[0]
    valid = None if frames is None else [t for t in frames if 0 <= t < n_t]
    labels, origin = compose(record, valid)
    save_mask(path, labels, record.cine, frames)
    note = _sidecar(record, origin, frames, method)
    sidecar = path.with_name(f"{file_stem(path)}.json")
    with writing(sidecar):
        write_atomically(sidecar, (json.dumps(note, indent=1) + "\n").encode())
    counts = (len(origin.mask), len(origin.prediction), len(origin.never))
    return ExportSummary(path, *counts, origin.sentence, len(origin.preview))


def _sidecar(record: ScanRecord, origin: Origin, frames: Sequence[int] | None, method: str) -> dict[str, Any]:
    steps = [int(record.steps[index]) for index in origin.prediction]
    states = [record.mask_states[index].value for index in origin.mask]
    trained = origin.prediction or [index for index in origin.mask if index not in record.mask_previews]
    return {
        "format": "napari-scribbleseg-export",
        "notice": RESEARCH_USE,
        "app_version": napari_scribbleseg.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "method": method if method and trained else None,
        "labels": {"0": "background", **{str(code): name for code, name in CLASS_NAMES.items()}},
        "frames": None if frames is None else [int(t) for t in frames],
        "slices": {
            "accepted": states.count("accepted"),
            "edited": states.count("edited"),
            "from_mask": len(origin.mask),
            "from_prediction": len(origin.prediction),
            "from_preview": len(origin.preview),
            "never_predicted": len(origin.never),
        },
        "prediction_steps": {"oldest": min(steps), "newest": max(steps)} if steps else None,
        "instant_previews": _previews(record, origin),
        "never_predicted": [list(index) for index in origin.never],
    }


def _previews(record: ScanRecord, origin: Origin) -> dict[str, dict[str, Any]]:
    """Return by system without training: its title and source, and how many slices of which state it made."""
    made = [(record.previews[index], "shown") for index in origin.preview]
    made += [
        (record.mask_previews[index], record.mask_states[index].value)
        for index in origin.mask
        if index in record.mask_previews
    ]
    counts = Counter((system.key, state) for system, state in made)
    return {
        key: {
            "title": system.title,
            "reference": system.reference,
            "trained": False,
            "slices": {state: counts[key, state] for state in ("shown", "accepted", "edited")},
        }
        for key, system in {system.key: system for system, _ in made}.items()
    }


def mean_confidence(record: ScanRecord, index: SliceIndex) -> float | None:
    """Return the mean confidence over the predicted foreground of a slice, 0–1; None where there is none."""
    foreground = record.prediction[index] > 0
    if record.steps[index] == NEVER or index in record.previews or not foreground.any():
        return None
    return float(np.mean(record.confidence[index][foreground])) / 255.0
