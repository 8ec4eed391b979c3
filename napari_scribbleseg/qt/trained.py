"""The model behind what the window shows, and what there is to tell of its training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.api.model import Model
from napari_scribbleseg.api.provenance import with_training
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.qt.values import WeightsOrigin
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    from napari_scribbleseg.qt.training import Start


@dataclass(frozen=True, eq=False)
class History:
    """What this session did to come to its weights.

    Attributes
    ----------
    drawn : scans and their strokes, uint8 (t, z, y, x), layer codes
    seconds : float
        Training time.
    origin : WeightsOrigin or None
        What training began with; None for from scratch.
    base : Path or None
        Where those weights lie, as far as they are known here.
    settings : TrainSettings
    """

    drawn: Sequence[tuple[Cine, LabelMap]] = ()
    seconds: float = 0.0
    origin: WeightsOrigin | None = None
    base: Path | None = None
    settings: TrainSettings = field(default_factory=TrainSettings)


def load_model(start: Start, history: History) -> Model | None:
    """Return the model that a start means, which knows how it was trained; None where there is nothing to load.

    Raises
    ------
    WeightsError
        For a weights file that is missing or damaged.
    ImportError
        Where torch is missing.
    """
    if start.checkpoint is not None:
        return _with_history(Model.of_checkpoint(start.checkpoint), history)
    if start.weights is not None:
        return _with_history(Model(start.weights, {"settings": history.settings.to_json(), "step": 0}), history)
    return _load(start.entry.path) if start.entry is not None else None


def _with_history(model: Model, history: History) -> Model:
    base = None
    if history.origin is not None and history.base is not None and history.base.is_file():
        base = _load(history.base)
    told = with_training(model, base, history.drawn, history.seconds)
    if history.origin is None or base is not None:
        return told
    # The file is gone; its name and the first digits of its hash are all that is left.
    known: dict[str, Any] = {"name": history.origin.name, "sha256_starts": history.origin.digest}
    return replace(told, meta={**told.meta, "training": {**told.meta["training"], "started_from": known}})


def _load(path: Path) -> Model:
    from napari_scribbleseg.api.shipped import find_weights

    return find_weights(path)
