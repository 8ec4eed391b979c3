from __future__ import annotations

import pytest
import torch

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods.unlabelled import find_unlabelled, mean_over


def test_a_single_stroke_or_mask_pixel_makes_a_slice_labelled():
    labels = torch.full((3, 4, 4), IGNORE)
    labels[0, 2, 2] = 0
    labels[2] = 1
    assert find_unlabelled(labels).tolist() == [False, True, False]


def test_the_mean_counts_chosen_slices_alone():
    values = torch.tensor([[1.0, 3.0], [10.0, 20.0], [5.0, 7.0]])
    assert mean_over(values, torch.tensor([True, False, True])).item() == pytest.approx(4)
    assert mean_over(values[:, 0], torch.tensor([False, True, True])).item() == pytest.approx(7.5)


def test_no_slice_gives_zero_with_a_gradient_of_zero():
    values = torch.rand(2, 3, requires_grad=True)
    mean = mean_over(values, torch.tensor([False, False]))
    mean.backward()
    assert mean.item() == 0
    assert values.grad.abs().sum() == 0
