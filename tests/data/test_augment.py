from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.data import augment
from napari_scribbleseg.data.augment import LIVE, PROTOCOL, Augmentation
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.types import Batch

SHAPE = (6, 64, 64)


def _batch() -> Batch:
    image = torch.zeros(6, 1, 64, 64)
    image[..., 20:40, 24:50] = 1
    labels = torch.full(SHAPE, IGNORE)
    labels[:, 20:40, 24:50] = 3
    return Batch(image, labels)


def _draw(ranges, seed=0):
    return augment.draw(ranges, SHAPE, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("ranges", [PROTOCOL, LIVE])
def test_no_label_appears_that_was_not_there(ranges):
    for seed in range(10):
        view = augment.apply(_batch(), _draw(ranges, seed))
        assert set(view.labels.unique().tolist()) == {3, IGNORE}


@pytest.mark.parametrize("ranges", [PROTOCOL, LIVE])
def test_image_and_labels_move_together(ranges):
    for seed in range(10):
        still = Augmentation(**{**vars(ranges), "noise": 0, "gamma": 0, "contrast": 0, "brightness": 0})
        view = augment.apply(_batch(), _draw(still, seed))
        agree = ((view.image[:, 0] > 0.5) == (view.labels == 3)).float().mean()
        assert agree > 0.98


def test_a_draw_can_be_repeated():
    drawn = _draw(LIVE)
    first, second = augment.apply(_batch(), drawn), augment.apply(_batch(), drawn)
    assert torch.equal(first.image, second.image)
    assert torch.equal(first.labels, second.labels)


def test_equal_generators_draw_alike():
    assert torch.equal(_draw(LIVE, 5).affine, _draw(LIVE, 5).affine)


def test_half_of_the_protocols_slices_are_turned_and_the_rest_rotated_half_of_the_time():
    drawn = augment.draw(PROTOCOL, (2000, 2, 2), torch.Generator().manual_seed(0))
    linear = drawn.affine[:, :, :2]
    turned = torch.linalg.det(linear) < 0  # each turn comes with one flip
    angle = torch.atan2(drawn.affine[:, 1, 0], drawn.affine[:, 0, 0])
    assert turned.float().mean() == pytest.approx(0.5, abs=0.04)
    assert set(linear[turned].flatten().tolist()) == {-1, 0, 1}
    assert (angle[~turned] != 0).float().mean() == pytest.approx(0.5, abs=0.06)
    assert angle[~turned].abs().max() <= math.radians(20)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_quarter_turns_and_flips_are_exact(k, axis):
    generator = torch.Generator().manual_seed(0)
    image, labels = torch.rand(2, 1, 32, 32, generator=generator), torch.randint(0, 4, (2, 32, 32), generator=generator)
    matrix = augment._TURNS[k] @ augment._FLIPS[axis]
    still = augment.Draw(
        torch.cat([matrix, torch.zeros(2, 1)], 1).repeat(2, 1, 1), torch.tensor([[1.0, 1, 0]] * 2), torch.zeros(1)
    )
    view = augment.apply(Batch(image, labels, {"map": image, "pseudo": labels}), still)
    expected = [torch.rot90(t, k, (-2, -1)) for t in (image, labels)]
    if axis:
        expected = [t.flip(axis - 3) for t in expected]
    assert torch.allclose(view.image, expected[0], atol=1e-4)
    assert torch.allclose(view.aux["map"], expected[0], atol=1e-4)
    assert torch.equal(view.labels, expected[1])
    assert torch.equal(view.aux["pseudo"], expected[1])


def test_the_maps_of_a_method_travel_with_the_labels_and_know_nothing_outside():
    batch = _batch()
    with_maps = Batch(batch.image, batch.labels, {"pseudo": batch.labels, "ensemble": torch.ones(6, 4, 64, 64)})
    view = augment.apply(with_maps, _draw(Augmentation(rotation_deg=20, shift_px=20, noise=0)))
    assert torch.equal(view.aux["pseudo"], view.labels)
    assert view.aux["ensemble"].min() == 0
    assert view.aux["ensemble"].max() == pytest.approx(1)
