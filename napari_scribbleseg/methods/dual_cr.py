"""Dual branch with consistency regularisation: the two branches should answer alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.methods.base import Method, Terms
from napari_scribbleseg.methods.branches import predict_by, supervise_branches
from napari_scribbleseg.methods.schedules import regularisation_weight
from napari_scribbleseg.types import Batch

if TYPE_CHECKING:
    from torch import Tensor


class BranchConsistency(Method):
    """The ablation "Dual + CR" of Luo et al., MICCAI 2022.

    Loss = ½ (pCE₁ + pCE₂) + w · mean (p₁ - p₂)² over pixels and classes, with w = .1 ramp(⌊t/300⌋, 200), t of
    60 000; the gradient runs into both branches. The paper names the ablation and gives no formula, and nothing was
    released: distance, weight and schedule are our choice, those of the mean teacher.
    """

    key: ClassVar[str] = "dual_cr"
    title: ClassVar[str] = "Dual branch, consistency"
    reference: ClassVar[str] = "Luo et al., MICCAI 2022, ablation Dual + CR"
    network: ClassVar[str] = "dual_branch"
    learns_from_unlabelled: ClassVar[bool] = True

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the terms `partial_ce` and `consistency`, w included."""
        main, auxiliary = self.net(batch.image)
        distance = (main.softmax(1) - auxiliary.softmax(1)).square().mean()
        return {
            "partial_ce": supervise_branches(main, auxiliary, batch.labels),
            "consistency": regularisation_weight(clock, every=300) * distance,
        }

    def predict(self, image: Tensor) -> Tensor:
        """Return the softmax of the main decoder."""
        return predict_by("main", self.net, image)
