"""Regularised loss: a gated conditional random field as a term of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.losses import gated_crf_loss, partial_cross_entropy
from napari_scribbleseg.methods.base import MethodError, Terms
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.types import Batch


@dataclass(frozen=True)
class RegularisedLossOptions:
    """Options of the regularised loss.

    Attributes
    ----------
    weight : float
        Weight of the gated conditional random field.
    """

    weight: float = 0.1

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise MethodError("The weight of the conditional random field must be 0 or more.")


class RegularisedLoss(SingleNetwork):
    """Tang et al., ECCV 2018: pCE + .1 · G, in the gated form of Obukhov et al., 2019.

    G = (1 / NHW) Σ_i Σ_{j in 11 × 11, j ≠ i} k_ij (1 - p_i · p_j), k = exp(-½ (‖Δxy‖² / 6² + ΔI² / .1²)), distances in
    pixels of the working grid, I the image that the network sees; as in Luo et al., MICCAI 2022, row RLoss.
    """

    key: ClassVar[str] = "rloss"
    title: ClassVar[str] = "Regularised loss (gated CRF)"
    reference: ClassVar[str] = "Tang et al., ECCV 2018; Obukhov et al., 2019; Luo et al., MICCAI 2022"
    learns_from_unlabelled: ClassVar[bool] = True
    is_static: ClassVar[bool] = True
    Options: ClassVar[type[RegularisedLossOptions]] = RegularisedLossOptions

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the terms `partial_ce` and `gated_crf`, weight included."""
        scores = self.net(batch.image)
        field = gated_crf_loss(scores.softmax(1), batch.image)
        return {"partial_ce": partial_cross_entropy(scores, batch.labels), "gated_crf": self.options.weight * field}
