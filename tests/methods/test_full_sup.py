from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods.base import NoOptions, Supervision
from napari_scribbleseg.methods.full_sup import FullSupervision
from napari_scribbleseg.types import Batch
from tests.methods.fixed import FixedScores, scores_of

SCORES = scores_of([[[0.6, 0.4, 0.0, 0.0], [0.2, 0.8, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4]]])


def _loss(labels: list[int]) -> float:
    method = FullSupervision(FixedScores(SCORES), NoOptions())
    terms = method.loss(Batch(torch.zeros(1, 1, 1, 3), torch.tensor([[labels]])), Clock(0, 1))
    assert list(terms) == ["supervised"]
    return terms["supervised"].item()


def test_half_cross_entropy_half_dice_by_hand():
    # Labels 0, 1 and a corner that a rotation brought in.
    s = 1e-5
    cross_entropy = (-math.log(0.6) - math.log(0.8)) / 2
    dice_0 = (2 * 0.6 + s) / (0.6**2 + 0.2**2 + 1 + s)
    dice_1 = (2 * 0.8 + s) / (0.4**2 + 0.8**2 + 1 + s)
    expected = 0.5 * (cross_entropy + 1 - (dice_0 + dice_1 + 2) / 4)
    assert _loss([0, 1, IGNORE]) == pytest.approx(expected, abs=1e-6)


def test_a_batch_without_any_mask_costs_nothing():
    assert _loss([IGNORE] * 3) == pytest.approx(0, abs=1e-7)


def test_it_learns_from_the_masks_of_every_patient():
    assert FullSupervision.supervision is Supervision.MASKS
