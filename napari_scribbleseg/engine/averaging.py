"""Averaged weights, which predict more steadily than those under training."""

from __future__ import annotations

import copy

import torch

from napari_scribbleseg.methods import Method


class AveragedWeights:
    """Exponential moving average of a method's parameters and float buffers.

    The decay grows from 0 as 1 - 1/(t + 1) up to its limit, so that early predictions do not remember the random
    initialisation; `steady` weights, which start from something worth remembering, decay by the limit from the start.

    Attributes
    ----------
    method : Method
        The averaged copy, always in evaluation mode.
    """

    def __init__(self, method: Method, decay: float, *, steady: bool = False) -> None:
        self.method = copy.deepcopy(method).eval().requires_grad_(False)
        self.decay = decay
        self.steady = steady

    @torch.no_grad()
    def update(self, source: Method, step: int) -> None:
        """Move towards `source` after step number `step`, counted from 0."""
        weight = 1 - (self.decay if self.steady else min(1 - 1 / (step + 1), self.decay))
        new = source.state_dict()
        for name, averaged in self.method.state_dict().items():
            if averaged.is_floating_point():
                averaged.lerp_(new[name], weight)
            else:
                averaged.copy_(new[name])
