"""Everything that a resume to the bit needs, taken from the parts of a run and given back to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.engine.averaging import AveragedWeights
from napari_scribbleseg.engine.batches import BatchMaker
from napari_scribbleseg.engine.optimisation import Optimisation
from napari_scribbleseg.engine.randomness import TrainingRandomness
from napari_scribbleseg.engine.resident import ResidentBatches
from napari_scribbleseg.methods import Method
from napari_scribbleseg.settings import TrainSettings


@dataclass(frozen=True, eq=False)
class RunParts:
    """The parts of a run that change while it lasts.

    On disk every tensor is named `group/name`; which group a part has, and its place in the JSON, are part of the file
    format.
    """

    method: Method
    averaged: AveragedWeights | None
    optimisation: Optimisation
    randomness: TrainingRandomness
    batches: BatchMaker | ResidentBatches
    store: SampleStore

    def pack(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the state of all parts: private CPU copies of tensors by name, and JSON values."""
        generator, sampler = self.batches.state()
        optimiser, optimiser_meta = self.optimisation.state()
        arrays, store_meta = self.store.state()
        groups: dict[str, Mapping[str, Tensor]] = {
            "method": self.method.state_dict(),
            "optimiser": optimiser,
            "random": {**self.randomness.state(), "batches": generator},
            "store": {name: torch.from_numpy(array) for name, array in arrays.items()},
        }
        if self.averaged is not None:
            groups["averaged"] = self.averaged.method.state_dict()
            groups["anchor"] = self.averaged.anchor
        tensors = {f"{g}/{n}": t.detach().cpu().clone() for g, group in groups.items() for n, t in group.items()}
        return tensors, {"sampler": sampler, "optimiser": optimiser_meta, "store": store_meta}

    def unpack(self, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
        """Give all parts the state that :meth:`pack` returned.

        Raises
        ------
        KeyError, RuntimeError
            Where it belongs to another method.
        """
        groups: dict[str, dict[str, Tensor]] = {}
        for full, tensor in tensors.items():
            group, name = full.split("/", 1)
            groups.setdefault(group, {})[name] = tensor
        self.method.load_state_dict(groups["method"])
        if self.averaged is not None:
            self.averaged.load(groups.get("averaged", groups["method"]))
            self.averaged.anchor = groups.get("anchor", {})
        self.optimisation.restore(groups.get("optimiser", {}), meta["optimiser"])
        self.randomness.restore(groups["random"])
        self.batches.restore(groups["random"]["batches"], meta["sampler"])
        self.store.restore({n: t.numpy() for n, t in groups.get("store", {}).items()}, meta["store"])


def total_after(settings: TrainSettings, meta: Mapping[str, Any]) -> int:
    """Return the steps of a resumed run: one that was cut short keeps its length.

    A live run that was through goes on for as long again.

    Parameters
    ----------
    meta : of the checkpoint, with `step` and `total`
    """
    done = int(meta["step"])
    if settings.schedule == "protocol":
        return settings.steps
    return done + settings.steps if done >= meta["total"] else max(settings.steps, done)
