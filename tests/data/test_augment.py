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
    turned = drawn.turns[:, 1] > 0
    angle = torch.atan2(drawn.affine[:, 1, 0], drawn.affine[:, 0, 0])
    assert turned.float().mean() == pytest.approx(0.5, abs=0.04)
    assert (angle[turned] == 0).all()
    assert (angle[~turned] != 0).float().mean() == pytest.approx(0.5, abs=0.06)
    assert angle.abs().max() <= math.radians(20)


def test_a_quarter_turn_is_exact():
    batch = _batch()
    drawn = _draw(Augmentation(rotation_deg=0, noise=0))
    turned = augment.Draw(torch.tensor([[1, 2]] * 6), drawn.affine, drawn.intensity, drawn.noise)
    view = augment.apply(batch, turned)
    expected = torch.rot90(batch.labels, 1, (1, 2)).flip(2)
    assert torch.equal(view.labels, expected)
