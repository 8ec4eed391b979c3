"""Deep adversarial network: a critic that tells labelled slices from the others by their predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.losses import cross_entropy_and_dice
from napari_scribbleseg.methods.adversary import critic_optimiser, fooling_loss, predict_for_critic, telling_loss
from napari_scribbleseg.methods.base import NoOptions, Objective, Supervision, Terms
from napari_scribbleseg.methods.schedules import regularisation_weight
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.methods.unlabelled import find_unlabelled
from napari_scribbleseg.nets.critic import Critic
from napari_scribbleseg.types import Batch

if TYPE_CHECKING:
    from torch import Tensor, nn


class DeepAdversarialNetwork(SingleNetwork):
    """Zhang et al., MICCAI 2017, as run by Luo et al., MICCAI 2022, row DAN.

    Two objectives, in this order. The segmenter minimises ½ (CE + Dice) on the labelled slices
    + w · CE(D(p_u, x_u), "labelled") with w = .1 ramp(⌊t/150⌋, 200), t of 60 000: the unlabelled slices should look
    as if they had masks. The critic D (`nets.critic`) learns labelled = 1, unlabelled = 0 from predictions in
    evaluation mode and without gradient; Adam, 1e-4, betas (.9, .99). It is in evaluation mode while the segmenter
    learns, as released.

    Deviation: one pass takes labelled and unlabelled slices together (see `methods.unlabelled`).
    """

    key: ClassVar[str] = "dan"
    title: ClassVar[str] = "Deep adversarial network"
    reference: ClassVar[str] = "Zhang et al., MICCAI 2017"
    supervision: ClassVar[Supervision] = Supervision.FEW_MASKS_AND_IMAGES
    learns_from_unlabelled: ClassVar[bool] = True

    def __init__(self, network: nn.Module, options: NoOptions) -> None:
        super().__init__(network, options)
        self.critic = Critic()

    def objectives(self) -> list[Objective]:
        """Return the segmenter's objective, then the critic's."""
        return [
            Objective("segmenter", list(self.net.parameters()), self.loss),
            Objective("critic", list(self.critic.parameters()), self.criticise, critic_optimiser),
        ]

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the segmenter's terms `supervised` and `adversarial`, w included."""
        scores: Tensor = self.net(batch.image)
        fooling = fooling_loss(self.critic, find_unlabelled(batch.labels), scores.softmax(1), batch.image)
        return {
            "supervised": cross_entropy_and_dice(scores, batch.labels),
            "adversarial": regularisation_weight(clock, every=150) * fooling,
        }

    def criticise(self, batch: Batch, clock: Clock) -> Terms:
        """Return the critic's one term `critic`."""
        probabilities = predict_for_critic(self.net, batch.image)
        return {"critic": telling_loss(self.critic, find_unlabelled(batch.labels), probabilities, batch.image)}
