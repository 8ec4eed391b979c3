"""What a segmenter and its critic tell each other; shared by the adversarial methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_scribbleseg.methods.unlabelled import mean_over

LEARNING_RATE = 1e-4
BETAS = (0.9, 0.99)
LABELLED = 1


def critic_optimiser(parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    """Return the critic's Adam: learning rate 1e-4, constant, betas (.9, .99)."""
    return torch.optim.Adam(parameters, LEARNING_RATE, betas=BETAS)


def fooling_loss(critic: nn.Module, unlabelled: Tensor, *seen: Tensor) -> Tensor:
    """Return the cross-entropy of the critic's verdict with "labelled", over unlabelled slices; 0 without any.

    The critic is in evaluation mode meanwhile, as released: the segmenter plays against all of it.

    Parameters
    ----------
    critic : module that returns scores (B, 2)
    unlabelled : bool (B,)
    seen : what the critic looks at, each (B, …)
    """
    with _evaluating(critic):
        verdict = critic(*seen)
    wanted = torch.full_like(unlabelled, LABELLED, dtype=torch.long)
    return mean_over(functional.cross_entropy(verdict, wanted, reduction="none"), unlabelled)


def telling_loss(critic: nn.Module, unlabelled: Tensor, *seen: Tensor) -> Tensor:
    """Return the cross-entropy of the critic's verdict with the truth: labelled = 1, unlabelled = 0; mean of (B,)."""
    return functional.cross_entropy(critic(*seen), (~unlabelled).long())


@torch.no_grad()
def predict_for_critic(network: nn.Module, image: Tensor) -> Tensor:
    """Return the network's probabilities in evaluation mode and without gradient; its mode is restored."""
    with _evaluating(network):
        scores: Tensor = network(image)
    return scores.softmax(1)


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)
