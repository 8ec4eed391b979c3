"""A method that counts, and keeps maps: for tests of what the engine does with them."""

from __future__ import annotations

import torch

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods import MapKind
from napari_scribbleseg.methods.pce import PartialCrossEntropy


class Counting(PartialCrossEntropy):
    """Its maps count how often they were made; wanted from step 2 on, anew every second step."""

    key = "counting"
    aux = {"pseudo": MapKind.LABELS, "count": MapKind.PROBABILITIES}

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.asked: list[int] = []
        self.seen: list[dict[str, torch.Tensor]] = []

    def map_round(self, clock):
        return None if clock.step < 2 else clock.step // 2

    def make_maps(self, batch, clock):
        assert not self.training
        self.asked.append(len(batch.image))
        before = batch.aux.get("count", torch.zeros(len(batch.image), 4, *batch.labels.shape[1:]))
        return {"pseudo": torch.where(batch.labels == IGNORE, 2, batch.labels), "count": before + 1}

    def loss(self, batch, clock):
        assert self.training
        self.seen.append(dict(batch.aux))
        return super().loss(batch, clock)
