from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.losses import partial_cross_entropy


def test_equation_1_by_hand():
    # Two scribbled pixels: uniform scores give ln 4; scores (0, ln 3, -inf…) on class 1 give -ln(3/4).
    scores = torch.zeros(1, 4, 1, 3)
    scores[0, :, 0, 1] = torch.tensor([0.0, math.log(3), -1e9, -1e9])
    labels = torch.tensor([[[2, 1, IGNORE]]])
    assert partial_cross_entropy(scores, labels).item() == pytest.approx((math.log(4) + math.log(4 / 3)) / 2)


def test_pixels_that_nobody_scribbled_have_no_gradient():
    scores = torch.randn(1, 4, 2, 2, requires_grad=True)
    labels = torch.full((1, 2, 2), IGNORE)
    labels[0, 0, 0] = 3
    partial_cross_entropy(scores, labels).backward()
    assert scores.grad[0, :, 0, 0].abs().sum() > 0
    assert scores.grad.flatten(2)[..., 1:].abs().sum() == 0


def test_a_batch_without_scribbles_costs_zero_not_nan():
    scores = torch.randn(2, 4, 2, 2, requires_grad=True)
    loss = partial_cross_entropy(scores, torch.full((2, 2, 2), IGNORE))
    loss.backward()
    assert loss.item() == 0
    assert scores.grad.abs().sum() == 0
