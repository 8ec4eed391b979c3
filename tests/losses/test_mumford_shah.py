from __future__ import annotations

import pytest
import torch

from napari_scribbleseg.losses import level_set_energy, total_variation

IMAGE = torch.tensor([0.0, 1.0, 1.0]).reshape(1, 1, 1, 3)
PREDICTION = torch.tensor([[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]).reshape(1, 2, 1, 3)


def test_the_level_set_term_by_hand():
    # Class 0: area 1.5, mean 1/3: 1 · (1/3)² + .5 · (2/3)² = 1/3. Class 1: all its mass is on intensity 1: 0.
    assert level_set_energy(PREDICTION, IMAGE).item() == pytest.approx(1 / 3)


def test_the_total_variation_by_hand():
    # Two steps of .5 in either class; a second row below, all class 0, adds 0, .5, 1 downwards in either class.
    assert total_variation(PREDICTION).item() == pytest.approx(2.0)
    below = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]).reshape(1, 2, 1, 3)
    assert total_variation(torch.cat([PREDICTION, below], 2)).item() == pytest.approx(2.0 + 3.0)


def test_slices_have_class_means_of_their_own():
    two = torch.cat([PREDICTION, PREDICTION])
    images = torch.cat([IMAGE, IMAGE + 5])
    assert level_set_energy(two, images).item() == pytest.approx(2 / 3, abs=1e-5)


def test_the_level_set_term_asks_for_even_regions_not_the_other_way_round():
    # A swap of image and prediction would be blind to how evenly the image is divided.
    fitting = torch.stack([1 - IMAGE[:, 0], IMAGE[:, 0]], 1)
    assert level_set_energy(fitting, IMAGE).item() == pytest.approx(0)
    assert level_set_energy(torch.full_like(fitting, 0.5), IMAGE) > 0.5


def test_a_class_without_any_pixel_is_finite():
    p = torch.zeros(1, 2, 1, 3)
    p[:, 0] = 1
    p.requires_grad_()
    energy = level_set_energy(p, IMAGE)
    energy.backward()
    assert torch.isfinite(energy)
    assert torch.isfinite(p.grad).all()


def test_it_agrees_with_pymic():
    oracle = pytest.importorskip("pymic.loss.seg.mumford_shah", reason="PyMIC is not installed: no oracle")
    torch.manual_seed(0)
    p, image = torch.rand(2, 4, 9, 7).softmax(1), torch.rand(2, 1, 9, 7)
    loss = oracle.MumfordShahLoss.__new__(oracle.MumfordShahLoss)
    assert level_set_energy(p, image).item() == pytest.approx(loss.get_levelset_loss(p, image).item(), rel=1e-5)
    assert total_variation(p).item() == pytest.approx(loss.get_gradient_loss(p, "l1").item(), rel=1e-5)
