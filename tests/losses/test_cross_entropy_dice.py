from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.losses import cross_entropy_and_dice


def test_the_equation_by_hand():
    # One labelled pixel of class 1 with p = (1/4, 3/4, 0, 0), one pixel without a label.
    scores = torch.tensor([[[[0.0, 5.0]], [[math.log(3), 0.0]], [[-1e9, 1.0]], [[-1e9, 2.0]]]])
    labels = torch.tensor([[[1, IGNORE]]])
    s = 1e-5
    cross_entropy = math.log(4 / 3)
    dice = 1 - (s / (1 / 16 + s) + (2 * 0.75 + s) / (9 / 16 + 1 + s) + 1 + 1) / 4
    assert cross_entropy_and_dice(scores, labels).item() == pytest.approx((cross_entropy + dice) / 2, abs=1e-6)


def test_pixels_without_a_label_have_no_gradient():
    scores = torch.randn(1, 4, 2, 2, requires_grad=True)
    labels = torch.tensor([[[0, 3], [IGNORE, IGNORE]]])
    cross_entropy_and_dice(scores, labels).backward()
    assert scores.grad[:, :, 0].abs().sum() > 0
    assert scores.grad[:, :, 1].abs().sum() == 0


def test_a_batch_without_labels_costs_zero_not_nan():
    scores = torch.randn(2, 4, 2, 2, requires_grad=True)
    loss = cross_entropy_and_dice(scores, torch.full((2, 2, 2), IGNORE))
    loss.backward()
    assert loss.item() == 0
    assert scores.grad.abs().sum() == 0
