"""Full supervision: whole masks of every training patient, the upper bound of the comparison."""

from __future__ import annotations

from typing import ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.losses import cross_entropy_and_dice
from napari_scribbleseg.methods.base import Supervision, Terms
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.types import Batch


class FullSupervision(SingleNetwork):
    """A U-Net under ½ (CE + Dice) on whole masks (Luo et al., MICCAI 2022, row FullSup).

    The released trainer starts at a learning rate of .03; the rate belongs to the settings, whose default is the
    paper's .01. Corners that a rotation brings in are left out; released: background.
    """

    key: ClassVar[str] = "full_sup"
    title: ClassVar[str] = "Full supervision"
    reference: ClassVar[str] = "Ronneberger et al., MICCAI 2015; Luo et al., MICCAI 2022"
    supervision: ClassVar[Supervision] = Supervision.MASKS
    is_static: ClassVar[bool] = True

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the one term `supervised`."""
        return {"supervised": cross_entropy_and_dice(self.net(batch.image), batch.labels)}
