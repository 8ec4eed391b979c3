"""Uncertainty-aware self-ensembling and transformation consistency, from scribbles."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from napari_scribbleseg.clock import Clock, ramp
from napari_scribbleseg.losses import partial_cross_entropy
from napari_scribbleseg.methods.base import NoOptions, Terms
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.methods.teacher import Teacher, gated_consistency
from napari_scribbleseg.types import Batch

IN_PLANE = (2, 3)


def consistency_weight(clock: Clock) -> float:
    """Return w = ramp(⌊t / 1000⌋, 60), t in steps of 60 000."""
    return ramp(clock.paper_step // 1000, 60)


class TransformationConsistency(SingleNetwork):
    """Liu et al., Pattern Recognition 2022, as run by Luo et al., MICCAI 2022, row USTM.

    Loss = pCE + w · C. The teacher, an average of the student with decay min(1 - 1/(t + 1), .99), sees
    rot90^k(x) + clip(N(0, .1²), ±.2), k drawn once a batch; C = Σ m ‖rot90^k p_S - p_T‖² / (2 Σ m + 1e-16) over all
    pixels, where m is the entropy of the mean of eight noisy teacher passes below (.75 + .25 ramp(t, T)) ln 2;
    w = ramp(⌊t/1000⌋, 60), with T = 60 000. Both schedules keep their fraction of a shorter run, the decay does not.

    k comes from the CPU's generator on every device: rotating wants the number itself, and asking a GPU for it
    would make every step wait.
    """

    key: ClassVar[str] = "ustm"
    title: ClassVar[str] = "Uncertainty-aware teacher, rotation consistency"
    reference: ClassVar[str] = "Liu et al., Pattern Recognition 2022"
    learns_from_unlabelled: ClassVar[bool] = True

    def __init__(self, network: nn.Module, options: NoOptions) -> None:
        super().__init__(network, options)
        self.teacher = Teacher(network)

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the terms `partial_ce` and `consistency`, w included."""
        scores: Tensor = self.net(batch.image)
        turns = int(torch.randint(0, 4, (1,)))
        view = torch.rot90(batch.image, turns, IN_PLANE)
        p_student = torch.rot90(scores.softmax(1), turns, IN_PLANE)
        consistency = gated_consistency(p_student, self.teacher(view), self.teacher.find_certain(view, clock))
        return {
            "partial_ce": partial_cross_entropy(scores, batch.labels),
            "consistency": consistency_weight(clock) * consistency,
        }

    def after_step(self, clock: Clock) -> None:
        """Let the teacher follow."""
        self.teacher.follow(self.net, clock.step)
