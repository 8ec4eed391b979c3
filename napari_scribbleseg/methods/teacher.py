"""A teacher: a running average of the network under training, which looks at noisy views.

Shared by the methods of the mean-teacher family. The teacher is a submodule, so a resume continues it to the bit.
"""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from napari_scribbleseg.clock import PAPER_STEPS, Clock, ramp
from napari_scribbleseg.losses.entropy import entropy

DECAY = 0.99
NOISE_SD = 0.1
NOISE_LIMIT = 0.2
PASSES = 8
COPIES = 2
"""Noisy views of a slice that go through the teacher at once, as in the released code."""
TINY = 1e-16


def ema_decay(step: int) -> float:
    """Return min(1 - 1/(t + 1), .99) for step number `step`, counted from 0.

    At first this is a true average, so a teacher does not remember the random initialisation. The steps are those
    of the run itself, whatever its length: the average reaches back about 100 of them.
    """
    return min(1 - 1 / (step + 1), DECAY)


def add_noise(image: Tensor) -> Tensor:
    """Return image + clip(N(0, .1²), ±.2)."""
    return image + (torch.randn_like(image) * NOISE_SD).clamp(-NOISE_LIMIT, NOISE_LIMIT)


def certainty_threshold(clock: Clock) -> float:
    """Return (.75 + .25 · ramp(t, T)) · ln 2, below which the entropy of a pixel counts as certain."""
    return (0.75 + 0.25 * ramp(clock.paper_step, PAPER_STEPS)) * math.log(2)


def gated_consistency(p_student: Tensor, p_teacher: Tensor, certain: Tensor) -> Tensor:
    """Return C = Σ m ‖p_S - p_T‖² / (2 Σ m + 1e-16).

    Parameters
    ----------
    p_student, p_teacher : float (B, C, H, W), probabilities
    certain : bool (B, H, W)
        The gate m.

    Returns
    -------
    Scalar; 0, with a gradient of 0, where no pixel is certain.
    """
    distance = (p_student - p_teacher).square().sum(1)
    return (certain * distance).sum() / (2 * certain.sum() + TINY)


class Teacher(nn.Module):
    """A copy of a network that follows it by exponential moving average and wants no gradient.

    As in the released code, the average is of the parameters alone and the teacher stays in training mode while
    its student trains: its dropout is part of the uncertainty, and its batch norm uses the statistics of its own
    views. The running statistics that it gathers on the way are never read, because the student predicts.

    Deviation: the teacher starts as a copy of its student (released: with weights of its own). Only the first
    step can tell, since the first average takes the student's parameters over as they are.
    """

    def __init__(self, student: nn.Module) -> None:
        super().__init__()
        self.net = copy.deepcopy(student).requires_grad_(False)

    @torch.no_grad()
    def forward(self, image: Tensor) -> Tensor:
        """Return probabilities `(B, C, H, W)` for a noisy view of images `(B, 1, H, W)`."""
        scores: Tensor = self.net(add_noise(image))
        return scores.softmax(1)

    @torch.no_grad()
    def measure_entropy(self, image: Tensor) -> Tensor:
        """Return the entropy `(B, H, W)`, in nats, of the mean prediction of eight noisy views."""
        doubled = image.repeat(COPIES, 1, 1, 1)
        passes = [self(doubled).unflatten(0, (COPIES, -1)).sum(0) for _ in range(PASSES // COPIES)]
        mean = torch.stack(passes).sum(0) / PASSES
        return entropy(mean) * math.log(mean.shape[1])

    def find_certain(self, image: Tensor, clock: Clock) -> Tensor:
        """Return the gate m, bool `(B, H, W)`: entropy of eight noisy views below the threshold of this step."""
        return self.measure_entropy(image) < certainty_threshold(clock)

    def follow(self, student: nn.Module, step: int) -> None:
        """Move towards the student after step number `step`, counted from 0."""
        average = get_ema_multi_avg_fn(ema_decay(step))  # one lerp for all parameters, in place
        average(list(self.net.parameters()), list(student.parameters()), None)
