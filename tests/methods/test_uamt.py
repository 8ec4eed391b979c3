from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.losses import cross_entropy_and_dice
from napari_scribbleseg.methods import MethodError, build_method
from napari_scribbleseg.methods.uamt import UncertaintyAwareMeanTeacher, UncertaintyAwareOptions
from napari_scribbleseg.types import Batch
from tests.methods.fixed import MIDWAY, FixedScores, scores_of

SURE = [0.97, 0.01, 0.01, 0.01]
STUDENT = scores_of([[[0.7, 0.1, 0.1, 0.1]] * 2], [[[0.4, 0.3, 0.2, 0.1], [0.1, 0.7, 0.1, 0.1]]])
TEACHER = scores_of([[SURE, SURE]], [[SURE, [0.25] * 4]])
LABELS = torch.tensor([[[0, 1]], [[IGNORE, IGNORE]]])


def _terms(labels: torch.Tensor, **options: float) -> dict[str, torch.Tensor]:
    method = UncertaintyAwareMeanTeacher(FixedScores(STUDENT), UncertaintyAwareOptions(**options))
    method.teacher.net = FixedScores(TEACHER)
    return method.loss(Batch(torch.zeros(2, 1, 1, 2), labels), MIDWAY)


def test_the_loss_by_hand():
    # One pixel counts: of the unlabelled slice the first, since the teacher is unsure of the second.
    square = 0.57**2 + 0.29**2 + 0.19**2 + 0.09**2
    terms = _terms(LABELS)
    weight = math.exp(-5 * (1 - 30 / 60) ** 2)
    assert terms["consistency"].item() == pytest.approx(weight * square / 2, rel=1e-5)
    alone = cross_entropy_and_dice(STUDENT[:1], LABELS[:1]).item()
    assert terms["supervised"].item() == pytest.approx(alone, abs=1e-6)


def test_a_batch_of_labelled_slices_has_no_consistency():
    assert _terms(torch.zeros(2, 1, 2, dtype=torch.long))["consistency"].item() == 0


def test_the_released_weight_is_an_option():
    full, tenth = _terms(LABELS)["consistency"], _terms(LABELS, consistency_weight=0.1)["consistency"]
    assert tenth.item() == pytest.approx(0.1 * full.item())
    with pytest.raises(MethodError, match="weight"):
        build_method("uamt", {"consistency_weight": -1})


def test_the_gate_is_closed_for_a_fresh_network_and_opens_for_a_sure_one():
    torch.manual_seed(0)
    method = build_method("uamt").train()
    batch = Batch(torch.rand(2, 1, 32, 32), torch.full((2, 32, 32), IGNORE))
    assert method.loss(batch, MIDWAY)["consistency"].item() == 0
    for head in (method.net.decoder.head, method.teacher.net.decoder.head):
        nn.init.normal_(head.weight, std=3)
    gradient = torch.autograd.grad(method.loss(batch, MIDWAY)["consistency"], method.net.decoder.head.weight)[0]
    assert gradient.abs().sum() > 0
