"""Mean teacher: a few masks, and agreement with an averaged network on the slices without any."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.losses import cross_entropy_and_dice
from napari_scribbleseg.methods.base import NoOptions, Supervision, Terms
from napari_scribbleseg.methods.schedules import regularisation_weight
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.methods.teacher import Teacher
from napari_scribbleseg.methods.unlabelled import find_unlabelled, mean_over
from napari_scribbleseg.types import Batch

if TYPE_CHECKING:
    from torch import Tensor, nn

START = 1000
"""Step of 60 000 at which the teacher is first listened to."""


def consistency_weight(clock: Clock) -> float:
    """Return w = .1 · ramp(⌊t / 300⌋, 200), and 0 before t = 1000; t in steps of 60 000."""
    return regularisation_weight(clock, every=300) if clock.paper_step >= START else 0.0


class MeanTeacher(SingleNetwork):
    """Tarvainen & Valpola, NeurIPS 2017, as run by Luo et al., MICCAI 2022, row MT.

    Loss = ½ (CE + Dice) on the labelled slices + w · mean (p_u - p_T)² over pixels and classes of the unlabelled,
    where the teacher sees x + clip(N(0, .1²), ±.2); w = .1 ramp(⌊t/300⌋, 200), 0 before t = 1000, for T = 60 000.

    Deviation: the released trainer never updates its teacher; here it follows with decay min(1 - 1/(t + 1), .99),
    which the released code defines and does not call. One pass takes labelled and unlabelled slices together (see
    `methods.unlabelled`), for the teacher too.
    """

    key: ClassVar[str] = "mean_teacher"
    title: ClassVar[str] = "Mean teacher"
    reference: ClassVar[str] = "Tarvainen & Valpola, NeurIPS 2017"
    supervision: ClassVar[Supervision] = Supervision.FEW_MASKS_AND_IMAGES
    learns_from_unlabelled: ClassVar[bool] = True

    def __init__(self, network: nn.Module, options: NoOptions) -> None:
        super().__init__(network, options)
        self.teacher = Teacher(network)

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the terms `supervised` and `consistency`, w included."""
        scores: Tensor = self.net(batch.image)
        distance = (scores.softmax(1) - self.teacher(batch.image)).square()
        consistency = mean_over(distance, find_unlabelled(batch.labels))
        return {
            "supervised": cross_entropy_and_dice(scores, batch.labels),
            "consistency": consistency_weight(clock) * consistency,
        }

    def after_step(self, clock: Clock) -> None:
        """Let the teacher follow."""
        self.teacher.follow(self.net, clock.step)
