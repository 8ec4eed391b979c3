"""What a training learned: weights, and what they were trained with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Checkpoint

if TYPE_CHECKING:
    from torch import Tensor

    from napari_scribbleseg.engine.engine import Engine


@dataclass(frozen=True, eq=False)
class Model:
    """What a training learned.

    Attributes
    ----------
    tensors : Mapping[str, torch.Tensor]
        Weights on the CPU.
    meta : Mapping[str, Any]
        JSON values: the settings, the step, and where the hearts of the training scans lie.
    """

    tensors: Mapping[str, Tensor]
    meta: Mapping[str, Any]

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Read a weights file; a checkpoint gives the weights that it would predict with.

        Raises
        ------
        WeightsError
            For a missing, damaged or foreign file, or one of a newer version.
        """
        from napari_scribbleseg.engine.weights import WeightsError, load_weights
        from napari_scribbleseg.session.tensors import read_checkpoint

        tensors, meta = load_weights(path)
        if isinstance(meta.get("checkpoint"), dict):
            return cls.of_checkpoint(read_checkpoint(Path(path)))
        # Private copies: what was loaded may still be the mapped file, which Windows would not let anybody replace.
        model = cls({name: tensor.clone() for name, tensor in tensors.items()}, meta)
        try:
            _ = model.settings, model.step
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"{Path(path).name} does not say what it was trained with: {error}") from error
        return model

    @classmethod
    def of_engine(cls, engine: Engine) -> Model:
        """Return the weights that an engine predicts with, as private copies."""
        canvases = {case: list(engine.store.grid(case).canvas) for case in engine.store.cases}
        return cls(engine.weights(), {**engine.description(), "canvases": canvases})

    @classmethod
    def of_checkpoint(cls, checkpoint: Checkpoint) -> Model:
        """Return the weights that a checkpoint predicts with."""
        meta = {name: checkpoint.meta[name] for name in ("settings", "step", "windows") if name in checkpoint.meta}
        return cls(checkpoint.weights, meta)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a weights file (safetensors), atomically.

        Raises
        ------
        OSError
            Where the target cannot be written; an old file is then still whole.
        """
        from napari_scribbleseg.engine.weights import save_weights

        save_weights(path, self.tensors, self.meta)

    @property
    def settings(self) -> TrainSettings:
        """What it was trained with."""
        return TrainSettings.from_json(self.meta["settings"])

    @property
    def step(self) -> int:
        """Training steps behind it."""
        return int(self.meta["step"])
