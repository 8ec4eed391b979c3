"""Partial cross-entropy alone: the baseline that every scribble method starts from."""

from __future__ import annotations

from typing import ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.losses import partial_cross_entropy
from napari_scribbleseg.methods.base import Terms
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.types import Batch


class PartialCrossEntropy(SingleNetwork):
    """A U-Net under cross-entropy on the strokes (Luo et al., MICCAI 2022, eq. 1 and table 1, row pCE)."""

    key: ClassVar[str] = "pce"
    title: ClassVar[str] = "Partial cross-entropy"
    reference: ClassVar[str] = "Tang et al., CVPR 2018; Luo et al., MICCAI 2022, table 1"
    is_static: ClassVar[bool] = True

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the one term `partial_ce`."""
        return {"partial_ce": partial_cross_entropy(self.net(batch.image), batch.labels)}
