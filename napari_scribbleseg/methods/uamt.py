"""Uncertainty-aware mean teacher: agreement only where the teacher is sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from napari_scribbleseg.clock import Clock, ramp
from napari_scribbleseg.losses import cross_entropy_and_dice
from napari_scribbleseg.methods.base import MethodError, Supervision, Terms
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.methods.teacher import Teacher, gated_consistency
from napari_scribbleseg.methods.unlabelled import find_unlabelled
from napari_scribbleseg.types import Batch

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class UncertaintyAwareOptions:
    """Options of the uncertainty-aware mean teacher.

    Attributes
    ----------
    consistency_weight : float
        What w grows to; released: .1.
    """

    consistency_weight: float = 1.0

    def __post_init__(self) -> None:
        if self.consistency_weight < 0:
            raise MethodError("The consistency weight must be 0 or more.")


class UncertaintyAwareMeanTeacher(SingleNetwork):
    """Yu et al., MICCAI 2019, as run by Luo et al., MICCAI 2022, row UAMT.

    Loss = ½ (CE + Dice) on the labelled slices + w · C on the unlabelled, with
    C = Σ m ‖p_S - p_T‖² / (2 Σ m + 1e-16); teacher, noise, gate m and w = ramp(⌊t/1000⌋, 60) as in USTM
    (`methods.ustm`), without the rotation. The option `consistency_weight` scales w.

    Deviations: the released trainer never updates its teacher and weighs C with .1 ramp(⌊t/300⌋, 200), a tenth of
    the weight here. One pass takes labelled and unlabelled slices together (see `methods.unlabelled`), for the
    teacher too.
    """

    key: ClassVar[str] = "uamt"
    title: ClassVar[str] = "Uncertainty-aware mean teacher"
    reference: ClassVar[str] = "Yu et al., MICCAI 2019"
    supervision: ClassVar[Supervision] = Supervision.FEW_MASKS_AND_IMAGES
    learns_from_unlabelled: ClassVar[bool] = True
    Options: ClassVar[type[UncertaintyAwareOptions]] = UncertaintyAwareOptions

    def __init__(self, network: nn.Module, options: UncertaintyAwareOptions) -> None:
        super().__init__(network, options)
        self.teacher = Teacher(network)

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the terms `supervised` and `consistency`, w included."""
        scores: Tensor = self.net(batch.image)
        p_teacher = self.teacher(batch.image)
        certain = self.teacher.find_certain(batch.image, clock) & find_unlabelled(batch.labels)[:, None, None]
        weight = self.options.consistency_weight * ramp(clock.paper_step // 1000, 60)
        return {
            "supervised": cross_entropy_and_dice(scores, batch.labels),
            "consistency": weight * gated_consistency(scores.softmax(1), p_teacher, certain),
        }

    def after_step(self, clock: Clock) -> None:
        """Let the teacher follow."""
        self.teacher.follow(self.net, clock.step)
