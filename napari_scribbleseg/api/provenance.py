"""How a mask came to be, as a JSON file beside it: weights, settings, strokes, time, version and source.

No name of a patient, no path and no file name gets in: a scan is told by its fingerprint, weights by the hash of
their values and, for those of this machine's list, by the name that they have there.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import napari_scribbleseg
from napari_scribbleseg.api.model import Model
from napari_scribbleseg.labels import CLASS_NAMES, LAYER_NAMES, LabelMap

if TYPE_CHECKING:
    import os

    from torch import Tensor

    from napari_scribbleseg.types import Cine

FORMAT = "napari-scribbleseg-export"
VERSION = 1
RESEARCH_USE = "Research use only; not a medical device."


@dataclass(frozen=True, eq=False)
class Provenance:
    """What there is to say about a mask, beyond the mask and its scan.

    Attributes
    ----------
    weights : Mapping or None
        What :func:`describe_weights` returns for the weights that predicted; None where no network did.
    strokes : uint8 (t, z, y, x), layer codes, or None
        Strokes of the scan that the weights were trained on. Where it is None, and the weights know the scan from
        their training, they tell.
    train_s : float or None
        Seconds of training behind the weights; None leaves it to what the weights know.
    predict_s : float or None
    post : dataclass or None
        Options of the post-processing; None where there was none.
    slices : Mapping[str, Any]
        How many slices are of which origin; by default all of them are predicted.
    more : Mapping[str, Any]
        Further entries of the JSON object; names that it has already are not replaced.
    """

    weights: Mapping[str, Any] | None = None
    strokes: LabelMap | None = None
    train_s: float | None = None
    predict_s: float | None = None
    post: Any = None
    slices: Mapping[str, Any] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def save_mask_and_note(
    path: str | os.PathLike[str],
    mask: LabelMap,
    cine: Cine,
    provenance: Provenance,
    frames: Sequence[int] | None = None,
) -> Path:
    """Write a mask as `io.save_mask` does, and how it came to be as JSON of the same stem; return the JSON's path.

    Parameters
    ----------
    path : `.nii` or `.nii.gz`, replaced if it exists
    mask : uint8 (t, z, y, x), training codes
    cine : the scan
    provenance : Provenance
    frames : phases to write, counted from 0; by default all of them

    Raises
    ------
    ScanError
        Where the mask does not fit the scan, or one of the files cannot be written.
    """
    from napari_scribbleseg.io import save_mask

    save_mask(path, mask, cine, frames)
    return save_note(path, mask, cine, provenance, frames)


def save_note(
    path: str | os.PathLike[str],
    mask: LabelMap,
    cine: Cine,
    provenance: Provenance,
    frames: Sequence[int] | None = None,
) -> Path:
    """Write how a mask came to be beside it, as JSON of the same stem; return the JSON's path.

    Parameters
    ----------
    path : of the mask, of whatever format
    mask, cine, provenance, frames : as for :func:`save_mask_and_note`

    Raises
    ------
    ScanError
        Where the file cannot be written.
    """
    from napari_scribbleseg.io import write_atomically
    from napari_scribbleseg.io.errors import writing
    from napari_scribbleseg.io.names import file_stem

    target = Path(path)
    note = target.with_name(f"{file_stem(target)}.json")
    content = json.dumps(describe_mask(mask, cine, provenance, frames), indent=1) + "\n"
    with writing(note):
        write_atomically(note, content.encode())
    return note


def describe_mask(
    mask: LabelMap, cine: Cine, provenance: Provenance, frames: Sequence[int] | None = None
) -> dict[str, Any]:
    """Return the JSON object that goes beside a mask.

    Parameters
    ----------
    mask : uint8 (t, z, y, x), training codes
    cine : the scan
    provenance : Provenance
    frames : phases that are written; by default all of them
    """
    from napari_scribbleseg.io import fingerprint

    written = np.asarray(mask, np.uint8) if frames is None else np.asarray(mask, np.uint8)[list(frames)]
    source, weights = fingerprint(cine), provenance.weights
    training = (weights or {}).get("training") or {}
    strokes = describe_strokes(provenance.strokes) if provenance.strokes is not None else _known(training, source)
    train_s = training.get("seconds") if provenance.train_s is None else round(provenance.train_s, 2)
    note = {
        "format": FORMAT,
        "version": VERSION,
        "notice": RESEARCH_USE,
        "app_version": napari_scribbleseg.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "labels": {"0": "background", **{str(code): name for code, name in CLASS_NAMES.items()}},
        "source": {
            "fingerprint": source,
            "shape_tzyx": list(cine.shape),
            "spacing_mm_zyx": [round(float(mm), 4) for mm in cine.spacing_mm],
            **({"warnings": list(odd)} if (odd := getattr(cine.header, "warnings", ())) else {}),
        },
        "frames": None if frames is None else [int(t) for t in frames],
        "mask_sha256": array_sha256(written),
        "weights": None if weights is None else {k: v for k, v in weights.items() if k != "settings"},
        "settings": (weights or {}).get("settings"),
        "post_processing": _post(provenance.post),
        "strokes": strokes,
        "time_s": {
            "training": train_s,
            "prediction": None if provenance.predict_s is None else round(provenance.predict_s, 2),
        },
        "slices": dict(provenance.slices or {"from_prediction": int(written.shape[0] * written.shape[1])}),
    }
    return {**provenance.more, **note}


def describe_weights(model: Model) -> dict[str, Any]:
    """Return what a mask's JSON says of the weights; worked out once, it serves any number of masks.

    The hash is over names, shapes and values, so that it is the same in whatever file the weights lie, and in 16 bits
    or 32 where the values are.
    """
    settings, meta = model.settings, model.meta
    return {
        "name": meta.get("name"),
        "sha256": values_sha256(model.tensors),
        "licence": meta.get("licence"),
        "method": settings.method,
        "resolution": settings.resolution,
        "step": model.step,
        "training": meta.get("training"),
        "settings": settings.to_json(),
    }


def with_training(
    model: Model, start: Model | None, drawn: Sequence[tuple[Cine, LabelMap]], seconds: float | None = None
) -> Model:
    """Return weights that know how they were trained, so that every mask that they make can tell.

    The licence of the start goes on: what is adapted from weights that ask for it stays under their licence.

    Parameters
    ----------
    model : what was learned
    start : the weights it began with; None for a random start
    drawn : scans and their strokes, uint8 (t, z, y, x), layer codes
    seconds : training time
    """
    from napari_scribbleseg.io import fingerprint

    training = {
        "app_version": napari_scribbleseg.__version__,
        "seconds": None if seconds is None else round(seconds, 2),
        "started_from": None if start is None else _origin(start),
        "scans": [{"fingerprint": fingerprint(cine), **describe_strokes(strokes)} for cine, strokes in drawn],
    }
    licence = start.meta.get("licence") if start is not None else None
    added = {"training": training, **({"licence": licence} if licence else {})}
    return replace(model, meta={**model.meta, **added})


def describe_strokes(strokes: LabelMap) -> dict[str, Any]:
    """Count strokes: whole connected pieces of one class in one slice.

    Parameters
    ----------
    strokes : uint8 (t, z, y, x), layer codes

    Returns
    -------
    JSON object: `count`, `pixels`, `by_class` (name → count), `by_slice` (t, z and counts by class), `sha256`.
    """
    from scipy import ndimage

    eight_connected = np.ones((3, 3), np.uint8)
    by_class = dict.fromkeys(LAYER_NAMES.values(), 0)
    by_slice: list[dict[str, int]] = []
    for t, z in np.argwhere(np.asarray(strokes).any(axis=(2, 3))).tolist():
        plane = strokes[t, z]
        counts = {name: int(ndimage.label(plane == code, eight_connected)[1]) for code, name in LAYER_NAMES.items()}
        by_slice.append({"t": t, "z": z, **{name: count for name, count in counts.items() if count}})
        by_class = {name: total + counts[name] for name, total in by_class.items()}
    return {
        "count": sum(by_class.values()),
        "pixels": int(np.count_nonzero(strokes)),
        "by_class": by_class,
        "by_slice": by_slice,
        "sha256": array_sha256(strokes),
    }


def values_sha256(tensors: Mapping[str, Tensor]) -> str:
    """Return 64 hex digits over names, shapes and values of tensors, whatever file or precision they were kept in."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu()
        values = tensor.float().numpy() if tensor.is_floating_point() else tensor.long().numpy()
        digest.update(f"{name}{tuple(values.shape)}".encode())
        digest.update(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def array_sha256(labels: LabelMap) -> str:
    """Return 64 hex digits over shape and values of labels `(t, z, y, x)`, as bytes in that order."""
    values = np.ascontiguousarray(labels, np.uint8)
    return hashlib.sha256(repr(tuple(values.shape)).encode() + values.tobytes()).hexdigest()


def _origin(start: Model) -> dict[str, Any]:
    return {
        "name": start.meta.get("name"),
        "sha256": values_sha256(start.tensors),
        "licence": start.meta.get("licence"),
        "step": start.step,
        "started_from": (start.meta.get("training") or {}).get("started_from"),
    }


def _known(training: Mapping[str, Any], source: str) -> dict[str, Any] | None:
    """Return the strokes that the weights remember of a scan, without its fingerprint."""
    found = next((scan for scan in training.get("scans", ()) if scan.get("fingerprint") == source), None)
    return None if found is None else {name: value for name, value in found.items() if name != "fingerprint"}


def _post(options: Any) -> Any:
    if dataclasses.is_dataclass(options) and not isinstance(options, type):
        return dataclasses.asdict(options)
    return options
