"""AdvEnt: predictions on slices without a mask should be as sure as on those with one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.losses import cross_entropy_and_dice
from napari_scribbleseg.losses.entropy import SMALLEST, entropy
from napari_scribbleseg.methods.adversary import critic_optimiser, fooling_loss, predict_for_critic, telling_loss
from napari_scribbleseg.methods.base import MethodError, Objective, Supervision, Terms
from napari_scribbleseg.methods.schedules import regularisation_weight
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.methods.unlabelled import find_unlabelled, mean_over
from napari_scribbleseg.nets.critic import Critic
from napari_scribbleseg.types import Batch

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class EntropyOptions:
    """Options of AdvEnt.

    Attributes
    ----------
    adversarial : bool
        Let a critic compare maps of entropy, instead of lowering the entropy directly.
    adversarial_weight : float
        Constant weight of the adversarial term; Vu et al.: 1e-3.
    """

    adversarial: bool = False
    adversarial_weight: float = 1e-3

    def __post_init__(self) -> None:
        if self.adversarial_weight < 0:
            raise MethodError("The adversarial weight must be 0 or more.")


class EntropyAdaptation(SingleNetwork):
    """Vu et al., CVPR 2019, as run by Luo et al., MICCAI 2022, row AdvEnt.

    By default the direct form, which is what was released: ½ (CE + Dice) on the labelled slices + w · H(p_u) / ln 4,
    the mean entropy of the unlabelled pixels, with w = .1 ramp(⌊t/300⌋, 200), t of 60 000.

    With the option `adversarial`, the form of Vu et al.: in place of H, 1e-3 · CE(D(I_u), "labelled"), where the
    critic D tells labelled from unlabelled slices by their weighted self-information I = -p log p / ln 4, four
    channels. Deviations there: D is the critic of DAN without the image, judging a slice as a whole (Vu et al.: a
    fully convolutional one, judging patches), and it sees predictions of evaluation mode, as in DAN.

    Deviation: one pass takes labelled and unlabelled slices together (see `methods.unlabelled`).
    """

    key: ClassVar[str] = "advent"
    title: ClassVar[str] = "AdvEnt: entropy of the unlabelled slices"
    reference: ClassVar[str] = "Vu et al., CVPR 2019"
    supervision: ClassVar[Supervision] = Supervision.FEW_MASKS_AND_IMAGES
    learns_from_unlabelled: ClassVar[bool] = True
    Options: ClassVar[type[EntropyOptions]] = EntropyOptions

    def __init__(self, network: nn.Module, options: EntropyOptions) -> None:
        super().__init__(network, options)
        self.critic = Critic(image_channels=0) if options.adversarial else None

    def objectives(self) -> list[Objective]:
        """Return the segmenter's objective and, where there is one, the critic's."""
        segmenter = Objective("segmenter", list(self.net.parameters()), self.loss)
        if self.critic is None:
            return [segmenter]
        return [segmenter, Objective("critic", list(self.critic.parameters()), self.criticise, critic_optimiser)]

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the segmenter's terms: `supervised`, and `entropy` or `adversarial`, weights included."""
        scores: Tensor = self.net(batch.image)
        probabilities, unlabelled = scores.softmax(1), find_unlabelled(batch.labels)
        terms = {"supervised": cross_entropy_and_dice(scores, batch.labels)}
        if self.critic is None:
            indecision = mean_over(entropy(probabilities), unlabelled)
            return terms | {"entropy": regularisation_weight(clock, every=300) * indecision}
        fooling = fooling_loss(self.critic, unlabelled, _information_map(probabilities))
        return terms | {"adversarial": self.options.adversarial_weight * fooling}

    def criticise(self, batch: Batch, clock: Clock) -> Terms:
        """Return the critic's one term `critic`.

        Raises
        ------
        MethodError
            Without the option `adversarial`.
        """
        if self.critic is None:
            raise MethodError("The direct form of AdvEnt has no critic.")
        information = _information_map(predict_for_critic(self.net, batch.image))
        return {"critic": telling_loss(self.critic, find_unlabelled(batch.labels), information)}


def _information_map(probabilities: Tensor) -> Tensor:
    """Return -p log p / ln C, of the shape `(B, C, H, W)` of the probabilities."""
    nats = -probabilities * probabilities.clamp(min=SMALLEST).log()
    return nats / math.log(probabilities.shape[1])
