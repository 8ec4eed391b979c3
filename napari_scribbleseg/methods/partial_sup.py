"""Partial supervision: whole masks of a tenth of the patients, and nothing of the others."""

from __future__ import annotations

from typing import ClassVar

from napari_scribbleseg.methods.base import Supervision
from napari_scribbleseg.methods.full_sup import FullSupervision


class PartialSupervision(FullSupervision):
    """A U-Net under ½ (CE + Dice) on the masks of 10 % of the patients (Luo et al., MICCAI 2022, row PS).

    The baseline of the semi-supervised methods; it differs from full supervision by its data alone.
    """

    key: ClassVar[str] = "partial_sup"
    title: ClassVar[str] = "Partial supervision"
    supervision: ClassVar[Supervision] = Supervision.FEW_MASKS
