"""Averaged weights, which predict more steadily than those under training."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor

from napari_scribbleseg.engine.device import move
from napari_scribbleseg.methods import Method


class AveragedWeights:
    """Exponential moving average of a method's parameters and float buffers.

    The decay grows from 0 as 1 - 1/(t + 1) up to its limit, so that early predictions do not remember the random
    initialisation; `steady` weights, which start from something worth remembering, decay by the limit from the start.

    Attributes
    ----------
    method : Method
        The averaged copy, always in evaluation mode.
    anchor : tensors by name
        Weights that the averages stay near; empty for none.
    """

    def __init__(self, method: Method, decay: float, *, steady: bool = False) -> None:
        self.method = copy.deepcopy(method).eval().requires_grad_(False)
        self.decay = decay
        self.steady = steady
        self.anchor: dict[str, Tensor] = {}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Start from given averages; steady ones stay near them from now on."""
        self.method.load_state_dict(tensors)
        if self.steady:
            self.anchor = {name: tensor.clone() for name, tensor in self.method.state_dict().items()}

    def move(self, device: torch.device) -> None:
        """Go on with another device."""
        move(self.method, device)
        self.anchor = {name: tensor.to(device) for name, tensor in self.anchor.items()}

    @torch.no_grad()
    def update(self, source: Method, step: int, trust: float = 1.0) -> None:
        """Move towards `source` after step number `step`, counted from 0.

        Parameters
        ----------
        trust : share of the way from the anchor to `source` that is gone: the interpolated weights of WiSE-FT
            (Wortsman et al., CVPR 2022), here at every step rather than at the end
        """
        weight = 1 - (self.decay if self.steady else min(1 - 1 / (step + 1), self.decay))
        new = source.state_dict()
        for name, averaged in self.method.state_dict().items():
            if not averaged.is_floating_point():
                averaged.copy_(new[name])
                continue
            held = self.anchor.get(name)
            averaged.lerp_(new[name] if held is None else held.lerp(new[name], trust), weight)
