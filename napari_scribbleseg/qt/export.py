"""Masks of a scan as files, with a note of where every slice came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from napari_scribbleseg.api.provenance import Provenance, save_mask_and_note, save_note
from napari_scribbleseg.io.dicom_seg import save_dicom_seg
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.qt.record import NEVER, ScanRecord, SliceIndex
from napari_scribbleseg.qt.values import ExportSummary, Maker, PreviewSystem, Propagation, WeightsOrigin

if TYPE_CHECKING:
    from napari_scribbleseg.qt.sources import Sources

T = TypeVar("T", PreviewSystem, WeightsOrigin, Propagation)
Json = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Origin:
    """Slices of an export by where they came from; `systems` are those behind the previews.

    `propagated` are those of the mask that were carried over from another slice.
    """

    mask: tuple[SliceIndex, ...]
    prediction: tuple[SliceIndex, ...]
    never: tuple[SliceIndex, ...]
    preview: tuple[SliceIndex, ...] = ()
    systems: tuple[PreviewSystem, ...] = ()
    propagated: tuple[SliceIndex, ...] = ()

    @property
    def sentence(self) -> str:
        """Say it to a person."""
        total = len(self.mask) + len(self.prediction) + len(self.preview) + len(self.never)
        titles = ", ".join(system.name for system in self.systems)
        carried = f" ({len(self.propagated)} of them propagated from other slices)" if self.propagated else ""
        parts = [
            (len(self.mask), f"from the mask{carried}"),
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
    propagated = tuple(index for index in mask if isinstance(record.mask_makers.get(index), Propagation))
    return labels, Origin(tuple(mask), tuple(prediction), tuple(never), tuple(preview), systems, propagated)


def export_mask(
    record: ScanRecord, path: Path, frames: Sequence[int] | None = None, sources: Sources | None = None
) -> ExportSummary:
    """Write the mask as NIfTI exactly on its scan, and a JSON sidecar of the same stem.

    Parameters
    ----------
    record : ScanRecord
    path : Path
    frames : phases to write; all by default
    sources : where the predictions come from; None where that is not known

    Raises
    ------
    ScanError
        When the frames do not exist or the target cannot be written.
    """
    labels, origin = compose(record, _valid(record, frames))
    save_mask_and_note(path, labels, record.cine, _provenance(record, origin, sources), frames)
    return _summary(path, origin)


def export_dicom_seg(
    record: ScanRecord,
    path: Path,
    frames: Sequence[int] | None = None,
    sources: Sources | None = None,
    anonymise: bool = False,
) -> ExportSummary:
    """Write the mask as a DICOM SEG that refers to the images of the scan, and a JSON sidecar of the same stem.

    Parameters
    ----------
    record : a scan that was opened from DICOM
    path, frames, sources : as for :func:`export_mask`
    anonymise : leave out what describes the patient

    Raises
    ------
    ScanError
        When the scan is not from DICOM, the mask is empty, frames do not exist or the target cannot be written.
    """
    labels, origin = compose(record, _valid(record, frames))
    algorithm = "SEMIAUTOMATIC" if origin.mask or origin.preview else "AUTOMATIC"
    left_out = save_dicom_seg(path, labels, record.cine, frames=frames, anonymise=anonymise, algorithm=algorithm)
    save_note(path, labels, record.cine, _provenance(record, origin, sources), frames)
    missing = f" {len(left_out)} without an image in the series were left out." if left_out else ""
    return _summary(path, origin, missing)


def _valid(record: ScanRecord, frames: Sequence[int] | None) -> list[int] | None:
    return None if frames is None else [t for t in frames if 0 <= t < record.cine.shape[0]]


def _summary(path: Path, origin: Origin, more: str = "") -> ExportSummary:
    counts = (len(origin.mask), len(origin.prediction), len(origin.never))
    return ExportSummary(path, *counts, origin.sentence + more, len(origin.preview))


def _provenance(record: ScanRecord, origin: Origin, sources: Sources | None) -> Provenance:
    """Return what the JSON file tells; of a network only where one made at least a slice of what is exported."""
    untrained = PreviewSystem | Propagation
    trained = origin.prediction or [i for i in origin.mask if not isinstance(record.mask_makers.get(i), untrained)]
    network = sources if trained else None
    return Provenance(
        weights=network.weights() if network is not None else None,
        strokes=record.strokes,
        train_s=network.train_s if network is not None else 0.0,
        post=network.post if network is not None else None,
        slices=_count(record, origin),
        more={"method": network.method or None if network is not None else None, **_details(record, origin)},
    )


def _count(record: ScanRecord, origin: Origin) -> dict[str, int]:
    states = [record.mask_states[index].value for index in origin.mask]
    return {
        "accepted": states.count("accepted"),
        "edited": states.count("edited"),
        "from_mask": len(origin.mask),
        "propagated": len(origin.propagated),
        "from_prediction": len(origin.prediction),
        "from_preview": len(origin.preview),
        "never_predicted": len(origin.never),
    }


def _details(record: ScanRecord, origin: Origin) -> dict[str, Any]:
    steps = [int(record.steps[index]) for index in origin.prediction]
    makers = _makers(record, origin)
    return {
        "prediction_steps": {"oldest": min(steps), "newest": max(steps)} if steps else None,
        "instant_previews": _tell(
            makers, PreviewSystem, lambda s: {"title": s.title, "reference": s.reference, "trained": False}
        ),
        "pretrained_weights": _tell(
            makers, WeightsOrigin, lambda w: {"name": w.name, "sha256_starts": w.digest, "fine_tuned": w.tuned}
        ),
        "propagated": _tell(
            makers, Propagation, lambda p: {"from_phase": p.t, "from_slice": p.z, "method": "optical flow"}
        ),
        "never_predicted": [list(index) for index in origin.never],
    }


def _makers(record: ScanRecord, origin: Origin) -> list[tuple[Maker, str]]:
    """Return what made the exported slices, where that is told, and whether each is shown, accepted or edited."""
    found = [(record.maker(index), "shown") for index in (*origin.prediction, *origin.preview)]
    found += [(record.mask_makers.get(index), record.mask_states[index].value) for index in origin.mask]
    return [(maker, state) for maker, state in found if maker is not None]


def _tell(made: Sequence[tuple[Maker, str]], kind: type[T], describe: Callable[[T], Mapping[str, Any]]) -> Json:
    """Return by key of a maker what there is to say of it, and how many slices of which state it made."""
    makers = {maker.key: maker for maker, _ in made if isinstance(maker, kind)}
    counts = Counter((maker.key, state) for maker, state in made)
    states = ("shown", "accepted", "edited")
    return {
        key: {**describe(maker), "slices": {state: counts[key, state] for state in states}}
        for key, maker in makers.items()
    }


def mean_confidence(record: ScanRecord, index: SliceIndex) -> float | None:
    """Return the mean confidence over the predicted foreground of a slice, 0–1; None where there is none."""
    foreground = record.prediction[index] > 0
    if record.steps[index] == NEVER or index in record.previews or not foreground.any():
        return None
    return float(np.mean(record.confidence[index][foreground])) / 255.0
