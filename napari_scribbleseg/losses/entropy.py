"""How undecided a prediction is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST = 1e-6
"""Probabilities below count as this much inside the logarithm, which keeps the gradient finite."""


def entropy(probabilities: Tensor) -> Tensor:
    """Return the entropy of every pixel, -Σ_c p_c ln p_c / ln C: 0 where one class is certain, 1 where all are equal.

    Parameters
    ----------
    probabilities : float (B, C, H, W), after the softmax

    Returns
    -------
    float (B, H, W) in [0, 1]
    """
    classes = probabilities.shape[1]
    nats = -(probabilities * probabilities.clamp(min=SMALLEST).log()).sum(1)
    return nats / math.log(classes)


def mean_entropy(probabilities: Tensor) -> Tensor:
    """Return :func:`entropy` of `(B, C, H, W)` probabilities averaged over all pixels, a scalar in [0, 1]."""
    return entropy(probabilities).mean()
