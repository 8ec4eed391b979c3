"""Mumford-Shah regularisation: regions of even intensity with short borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.losses import level_set_energy, partial_cross_entropy, total_variation
from napari_scribbleseg.methods.base import MethodError, Terms
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.types import Batch


@dataclass(frozen=True)
class MumfordShahOptions:
    """Options of Mumford-Shah regularisation.

    Attributes
    ----------
    weight : float
        Weight of both terms of the functional, which are sums over the pixels of a batch.
    """

    weight: float = 1e-6

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise MethodError("The weight of the Mumford-Shah functional must be 0 or more.")


class MumfordShah(SingleNetwork):
    """Kim and Ye, IEEE TIP 2020: pCE + 1e-6 · (LS + TV).

    LS = Σ_c Σ_i (I_i - μ_c)² p_ci with the class means μ_c = Σ I p_c / Σ p_c of each slice, TV = Σ abs(∂p), as in Luo
    et al., MICCAI 2022, row MLoss. I is the image that the network sees, augmentation included. Both are sums, so they
    weigh twelve times less in a batch of 4 slices of 128 × 128 than in the paper's 12 of 256 × 256. The released code
    swaps image and prediction in LS; that is not followed.
    """

    key: ClassVar[str] = "mumford_shah"
    title: ClassVar[str] = "Mumford-Shah regularisation"
    reference: ClassVar[str] = "Kim and Ye, IEEE TIP 2020; Luo et al., MICCAI 2022"
    learns_from_unlabelled: ClassVar[bool] = True
    is_static: ClassVar[bool] = True
    Options: ClassVar[type[MumfordShahOptions]] = MumfordShahOptions

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the terms `partial_ce`, `level_set` and `total_variation`, weight included."""
        scores = self.net(batch.image)
        p = scores.softmax(1)
        weight = self.options.weight
        return {
            "partial_ce": partial_cross_entropy(scores, batch.labels),
            "level_set": weight * level_set_energy(p, batch.image),
            "total_variation": weight * total_variation(p),
        }
