"""Dual branch with cross pseudo supervision: each branch learns from the other's labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.losses import dice_loss
from napari_scribbleseg.methods.base import Method, Terms
from napari_scribbleseg.methods.branches import most_probable, predict_by, supervise_branches
from napari_scribbleseg.types import Batch

if TYPE_CHECKING:
    from torch import Tensor

CROSS_WEIGHT = 0.5


class CrossPseudoSupervision(Method):
    """The ablation "Dual + CPS" of Luo et al., MICCAI 2022, after Chen et al., CVPR 2021.

    Loss = ½ (pCE₁ + pCE₂) + .5 · ½ (Dice(p₁, ŷ₂) + Dice(p₂, ŷ₁)), with ŷ = argmax p, detached, over all pixels. The
    paper names the ablation and gives no formula, and nothing was released: Dice and weight are our choice, those
    of dynamically mixed pseudo labels, so that only the labels differ. Chen et al. use cross-entropy and two networks.
    """

    key: ClassVar[str] = "dual_cps"
    title: ClassVar[str] = "Dual branch, cross pseudo supervision"
    reference: ClassVar[str] = "Chen et al., CVPR 2021; Luo et al., MICCAI 2022, ablation Dual + CPS"
    network: ClassVar[str] = "dual_branch"
    learns_from_unlabelled: ClassVar[bool] = True
    is_static: ClassVar[bool] = True

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the terms `partial_ce` and `cross_pseudo_label`, weight included."""
        main, auxiliary = self.net(batch.image)
        p_main, p_auxiliary = main.softmax(1), auxiliary.softmax(1)
        crossed = dice_loss(p_main, most_probable(p_auxiliary)) + dice_loss(p_auxiliary, most_probable(p_main))
        return {
            "partial_ce": supervise_branches(main, auxiliary, batch.labels),
            "cross_pseudo_label": CROSS_WEIGHT * 0.5 * crossed,
        }

    def predict(self, image: Tensor) -> Tensor:
        """Return the softmax of the main decoder."""
        return predict_by("main", self.net, image)
