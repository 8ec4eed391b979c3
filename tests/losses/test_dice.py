from __future__ import annotations

import pytest
import torch

from napari_scribbleseg.losses import dice_loss


def test_a_perfect_match_costs_nothing():
    labels = torch.tensor([[[0, 1], [2, 3]]])
    perfect = torch.nn.functional.one_hot(labels, 4).movedim(-1, 1).float()
    assert dice_loss(perfect, labels).item() == pytest.approx(0, abs=1e-6)


def test_the_equation_by_hand():
    # Two pixels, labels 0 and 1. p(0) = (.6, .2), p(1) = (.4, .8), the two other classes 0.
    p = torch.tensor([[[[0.6, 0.2]], [[0.4, 0.8]], [[0.0, 0.0]], [[0.0, 0.0]]]])
    labels = torch.tensor([[[0, 1]]])
    s = 1e-5
    class_0 = (2 * 0.6 + s) / (0.6**2 + 0.2**2 + 1 + s)
    class_1 = (2 * 0.8 + s) / (0.4**2 + 0.8**2 + 1 + s)
    absent = 1.0
    expected = 1 - (class_0 + class_1 + 2 * absent) / 4
    assert dice_loss(p, labels).item() == pytest.approx(expected, abs=1e-6)


def test_dice_is_taken_over_the_whole_batch_not_slice_by_slice():
    labels = torch.tensor([[[0, 0]], [[1, 1]]])
    p = torch.full((2, 4, 1, 2), 0.25)
    one_class = (2 * 0.25 * 2 + 1e-5) / (0.0625 * 4 + 2 + 1e-5)
    absent = 1e-5 / (0.0625 * 4 + 1e-5)
    assert dice_loss(p, labels).item() == pytest.approx(1 - (2 * one_class + 2 * absent) / 4, abs=1e-6)


def test_pixels_that_do_not_count_change_nothing():
    p = torch.rand(2, 4, 3, 4).softmax(1)
    labels = torch.randint(0, 4, (2, 3, 4))
    valid = torch.ones(2, 3, 4, dtype=torch.bool)
    valid[:, 2] = False
    whole = dice_loss(p[:, :, :2], labels[:, :2])
    labels[:, 2] = 255
    assert dice_loss(p, labels, valid).item() == pytest.approx(whole.item(), abs=1e-6)
