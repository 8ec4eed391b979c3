from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.data import augment
from napari_scribbleseg.data.augment import LIVE, PROTOCOL, STRONG, Augmentation, Look
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


@pytest.mark.parametrize("ranges", [PROTOCOL, LIVE, STRONG])
def test_no_label_appears_that_was_not_there(ranges):
    for seed in range(10):
        view = augment.apply(_batch(), _draw(ranges, seed))
        assert set(view.labels.unique().tolist()) == {3, IGNORE}


@pytest.mark.parametrize("ranges", [PROTOCOL, LIVE, STRONG])
def test_image_and_labels_move_together(ranges):
    for seed in range(10):
        still = Augmentation(**{**vars(ranges), "noise": 0, "gamma": 0, "contrast": 0, "brightness": 0, "blur_px": 0})
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
    plain = Look(torch.tensor([[1.0, 1, 0, 0, 0]] * 2), torch.zeros(2, 4, dtype=torch.long), False)
    affine = torch.cat([matrix, torch.zeros(2, 1)], 1).repeat(2, 1, 1)
    still = augment.Draw(affine, plain, torch.zeros(2, 1, 32, 32))
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


def test_a_smaller_view_shows_the_middle_at_the_same_scale():
    image = torch.rand(1, 1, 32, 32)
    labels = torch.arange(32 * 32).view(1, 32, 32) % 4
    still = augment.draw(Augmentation(rotation_deg=0, noise=0), (1, 32, 32), torch.Generator(), window=16)
    view = augment.apply(Batch(image, labels), still)
    assert torch.allclose(view.image, image[..., 8:24, 8:24], atol=1e-5)
    assert torch.equal(view.labels, labels[:, 8:24, 8:24])


def _only(**ranges):
    return Augmentation(rotation_deg=0, **{"noise": 0, **ranges})


def test_a_blurred_slice_keeps_its_mean_and_loses_its_edges():
    image = torch.zeros(64, 1, 32, 32)
    image[..., 16:] = 1
    drawn = augment.draw(_only(blur_px=2), (64, 32, 32), torch.Generator().manual_seed(0))
    view = augment.apply(Batch(image, torch.zeros(64, 32, 32, dtype=torch.long)), drawn)
    sigma = drawn.look.intensity[:, 3]
    assert 0.2 < (sigma > 0).float().mean() < 0.5
    assert sigma.max() <= 2
    assert torch.allclose(view.image[sigma == 0], image[sigma == 0], atol=1e-5)
    steepest = (view.image[..., 1:] - view.image[..., :-1]).amax((1, 2, 3))
    assert (steepest[sigma > 1] < 0.5).all()
    assert torch.allclose(view.image.mean((1, 2, 3)), torch.tensor(0.5), atol=1e-5)


def test_the_blur_of_a_line_is_the_gaussian():
    image = torch.zeros(1, 1, 15, 15)
    image[..., 7] = 1
    profile = augment._blur(image, torch.tensor(1.0).view(1, 1, 1, 1))[0, 0, 7]
    expected = torch.exp(-0.5 * torch.arange(-3.0, 4) ** 2)
    assert torch.allclose(profile[4:11], expected / expected.sum(), atol=1e-6)


def test_cutmix_shows_image_labels_and_maps_of_the_next_slice_in_one_box():
    n = torch.arange(8.0)
    image, labels = n.view(8, 1, 1, 1).expand(8, 1, 40, 40), n.long().view(8, 1, 1).expand(8, 40, 40)
    drawn = augment.draw(_only(cutmix=0.5), (8, 40, 40), torch.Generator().manual_seed(1))
    view = augment.apply(Batch(image, labels, {"p": image, "m": labels}), drawn)
    boxes = drawn.look.boxes
    mixed = (boxes[:, 2] > boxes[:, 0]).nonzero().flatten().tolist()
    assert 0 < len(mixed) < 8
    for i in range(8):
        top, left, bottom, right = boxes[i].tolist()
        expected = torch.full((40, 40), i)
        expected[top:bottom, left:right] = (i + 1) % 8
        assert torch.equal(view.labels[i], expected)
        assert torch.equal(view.aux["m"][i], expected)
        assert torch.allclose(view.image[i, 0], expected.float(), atol=1e-5)
        assert torch.allclose(view.aux["p"][i, 0], expected.float(), atol=1e-5)
        if i in mixed:
            assert (bottom - top) * (right - left) == pytest.approx(0.2 * 1600, rel=0.2)


def test_varied_noise_differs_from_slice_to_slice():
    drawn = augment.draw(Augmentation(noise=0.1, varied_noise=True), (200, 4, 4), torch.Generator().manual_seed(0))
    spread = drawn.look.intensity[:, 4]
    assert 0 <= spread.min() < 0.02
    assert 0.08 < spread.max() <= 0.1
