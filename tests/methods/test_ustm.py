from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods import build_method
from napari_scribbleseg.methods.base import NoOptions
from napari_scribbleseg.methods.ustm import TransformationConsistency, consistency_weight
from napari_scribbleseg.types import Batch
from tests.methods.fixed import MIDWAY, FixedScores, scores_of

A, B, C, D = ([0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1], [0.2, 0.1, 0.6, 0.1], [0.4, 0.3, 0.2, 0.1])
SURE, UNSURE = [0.97, 0.01, 0.01, 0.01], [0.25] * 4
BATCH = Batch(torch.rand(1, 1, 2, 2), torch.tensor([[[0, IGNORE], [IGNORE, IGNORE]]]))


def _method() -> TransformationConsistency:
    method = TransformationConsistency(FixedScores(scores_of([[A, B], [C, D]])), NoOptions())
    method.teacher.net = FixedScores(scores_of([[SURE, SURE], [SURE, UNSURE]]))
    return method


@pytest.mark.parametrize(
    ("turns", "rotated"),
    [(0, [[A, B], [C, D]]), (1, [[B, D], [A, C]]), (2, [[D, C], [B, A]]), (3, [[C, A], [D, B]])],
)
def test_the_consistency_by_hand(turns, rotated, monkeypatch):
    # The last pixel of the teacher's view has entropy ln 4, above every threshold; the others .17.
    monkeypatch.setattr("torch.randint", lambda *args: torch.tensor([turns]))
    terms = _method().loss(BATCH, MIDWAY)
    pixels = [*rotated[0], rotated[1][0]]
    squares = sum(sum((s - t) ** 2 for s, t in zip(pixel, SURE, strict=True)) for pixel in pixels)
    weight = math.exp(-5 * (1 - 30 / 60) ** 2)
    assert terms["consistency"].item() == pytest.approx(weight * squares / (2 * 3), rel=1e-5)
    assert terms["partial_ce"].item() == pytest.approx(-math.log(0.7), rel=1e-5)


def test_the_teacher_sees_the_rotated_image_with_noise_within_its_limits(monkeypatch):
    monkeypatch.setattr("torch.randint", lambda *args: torch.tensor([1]))
    method, seen = _method(), []
    method.teacher.net.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    method.loss(BATCH, MIDWAY)
    turned = torch.rot90(BATCH.image, 1, (2, 3))
    assert [len(view) for view in seen] == [1, 2, 2, 2, 2]
    assert all((view - turned).abs().max() <= 0.2 + 1e-6 for view in seen)
    assert all((view - turned).abs().min() > 0 for view in seen)


def test_all_four_rotations_are_drawn():
    torch.manual_seed(0)
    assert {round(_method().loss(BATCH, MIDWAY)["consistency"].item(), 4) for _ in range(40)} == {
        round(value, 4) for value in _consistencies()
    }


def _consistencies() -> list[float]:
    weight = math.exp(-5 / 4)
    left_out = (D, C, A, B)  # what each rotation brings to the pixel where the teacher is unsure
    distances = {id(p): sum((s - t) ** 2 for s, t in zip(p, SURE, strict=True)) for p in (A, B, C, D)}
    return [weight * (sum(distances.values()) - distances[id(p)]) / 6 for p in left_out]


def test_the_weight_grows_in_stairs_over_the_whole_run():
    assert consistency_weight(Clock(999, 60_000)) == pytest.approx(math.exp(-5))
    assert consistency_weight(Clock(1000, 60_000)) == pytest.approx(math.exp(-5 * (59 / 60) ** 2))
    assert consistency_weight(Clock(60, 60)) == 1


def test_the_gate_is_closed_for_a_fresh_network_and_opens_for_a_sure_one():
    torch.manual_seed(0)
    method = build_method("ustm").train()
    image = torch.rand(2, 1, 32, 32)
    batch = Batch(image, torch.full((2, 32, 32), IGNORE))
    assert method.loss(batch, MIDWAY)["consistency"].item() == 0
    for head in (method.net.decoder.head, method.teacher.net.decoder.head):
        nn.init.normal_(head.weight, std=3)
    gradient = torch.autograd.grad(method.loss(batch, MIDWAY)["consistency"], method.net.decoder.head.weight)[0]
    assert gradient.abs().sum() > 0


def test_the_student_predicts():
    method = build_method("ustm").eval()
    nn.init.zeros_(method.teacher.net.decoder.head.weight)
    image = torch.rand(1, 1, 32, 32)
    assert torch.equal(method.predict(image), method.net(image).softmax(1))


def test_the_teacher_follows_after_each_step():
    method = _method()
    method.after_step(Clock(0, 10))
    assert torch.equal(method.teacher.net.scores, method.net.scores)
