from __future__ import annotations

import math
import time

import pytest
import torch

from napari_scribbleseg.losses import GatedKernel, gated_crf_loss, sum_neighbours


def _random(batch=2, side=14):
    generator = torch.Generator().manual_seed(0)
    p = (3 * torch.randn(batch, 4, side, side, generator=generator)).softmax(1)
    return p.requires_grad_(), torch.rand(batch, 1, side, side, generator=generator)


def _over_all_pairs(p, image):
    """Return the definition, pair by pair."""
    batch, _, height, width = p.shape
    y, x = (v.flatten().float() for v in torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij"))
    dy, dx = y[:, None] - y, x[:, None] - x
    intensity = image.flatten(1)
    difference = intensity[:, :, None] - intensity[:, None]
    k = torch.exp(-0.5 * ((dy**2 + dx**2) / 36 + difference**2 / 0.01))
    k = k * ((dy.abs() <= 5) & (dx.abs() <= 5) & ((dy != 0) | (dx != 0)))
    flat = p.flatten(2)
    return (k * (1 - flat.transpose(1, 2) @ flat)).sum() / (batch * height * width)


def test_two_pixels_by_hand():
    # Neighbours of intensities 0 and .1: k = exp(-½ (1/36 + 1)), counted from either side, over two pixels.
    p = torch.tensor([[0.8, 0.3], [0.2, 0.7]]).reshape(1, 2, 1, 2)
    image = torch.tensor([0.0, 0.1]).reshape(1, 1, 1, 2)
    k = math.exp(-0.5 * (1 / 36 + 1))
    unlike = 1 - (0.8 * 0.3 + 0.2 * 0.7)
    assert gated_crf_loss(p, image).item() == pytest.approx(2 * k * unlike / 2)


def test_value_and_gradient_are_those_of_the_definition():
    p, image = _random()
    ours, definition = gated_crf_loss(p, image), _over_all_pairs(p, image)
    assert ours.item() == pytest.approx(definition.item(), rel=1e-5)
    (gradient,) = torch.autograd.grad(ours, p)
    (expected,) = torch.autograd.grad(definition, p)
    assert torch.allclose(gradient, expected, atol=1e-6)


def test_it_agrees_with_pymic_up_to_a_constant_of_the_padding():
    module = pytest.importorskip("pymic.loss.seg.gatedcrf", reason="PyMIC is not installed: no oracle")

    def oracle(p):
        kernels = [{"weight": 1, "xy": 6, "rgb": 0.1}]
        return module.GatedCRFLoss()(p, kernels, 5, {"rgb": image.clone()}, *p.shape[2:])["loss"]

    p, image = _random()
    other = p.detach().flip(1, 2).requires_grad_()
    padding = oracle(p) - gated_crf_loss(p, image)
    assert (oracle(other) - gated_crf_loss(other, image)).item() == pytest.approx(padding.item(), rel=1e-3)
    (gradient,) = torch.autograd.grad(gated_crf_loss(p, image), p)
    (expected,) = torch.autograd.grad(oracle(p), p)
    assert torch.allclose(gradient, expected, atol=1e-6)


def test_the_channels_may_lie_in_any_order_in_memory():
    p, image = _random()
    last = p.detach().contiguous(memory_format=torch.channels_last)
    assert gated_crf_loss(last, image).item() == pytest.approx(gated_crf_loss(p, image).item(), rel=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2)])
def test_slices_smaller_than_the_window_are_fine(size):
    p = torch.rand(1, 4, *size).softmax(1)
    image = torch.rand(1, 1, *size)
    assert gated_crf_loss(p, image).item() == pytest.approx(_over_all_pairs(p, image).item(), rel=1e-4, abs=1e-6)


def test_each_pair_of_opposite_shifts_is_visited_once():
    shifts = list(GatedKernel(radius=2).shifts())
    assert len(shifts) == 12
    assert len({*shifts, *((-dy, -dx) for dy, dx in shifts)}) == 24


def test_the_messages_of_a_prediction_that_is_one_everywhere_are_the_weights():
    _, image = _random()
    messages, weights = sum_neighbours(torch.ones(2, 1, 14, 14), image)
    assert torch.allclose(messages, weights)


def test_it_costs_a_small_part_of_a_step():
    p, image = _random(batch=4, side=128)
    torch.autograd.grad(gated_crf_loss(p, image), p)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        torch.autograd.grad(gated_crf_loss(p, image), p)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.4, "about .05 s on an idle core"
