from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.losses import entropy, mean_entropy


def _pixels(*probabilities):
    """Return `(1, C, 1, n)` of n pixels."""
    return torch.tensor(probabilities).T[None, :, None, :]


def test_the_equation_by_hand():
    p = _pixels((0.25, 0.25, 0.25, 0.25), (1.0, 0.0, 0.0, 0.0), (0.5, 0.5, 0.0, 0.0))
    assert entropy(p)[0, 0].tolist() == pytest.approx([1.0, 0.0, math.log(2) / math.log(4)])
    assert mean_entropy(p).item() == pytest.approx(0.5)


def test_a_certain_pixel_has_a_finite_gradient():
    scores = torch.tensor([200.0, 0.0, -200.0, 0.0]).reshape(1, 4, 1, 1).requires_grad_()
    mean_entropy(scores.softmax(1)).backward()
    assert torch.isfinite(scores.grad).all()


def test_its_gradient_makes_the_prediction_surer():
    scores = torch.tensor([1.0, 0.0, 0.0, 0.0]).reshape(1, 4, 1, 1).requires_grad_()
    mean_entropy(scores.softmax(1)).backward()
    assert scores.grad[0, 0] < 0
    assert (scores.grad[0, 1:] > 0).all()
