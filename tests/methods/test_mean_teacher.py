from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.losses import cross_entropy_and_dice
from napari_scribbleseg.methods.base import NoOptions
from napari_scribbleseg.methods.mean_teacher import MeanTeacher, consistency_weight
from napari_scribbleseg.types import Batch
from tests.methods.fixed import MIDWAY, FixedScores, scores_of

STUDENT = scores_of([[[0.7, 0.1, 0.1, 0.1]] * 2], [[[0.4, 0.3, 0.2, 0.1], [0.25] * 4]])
TEACHER = scores_of([[[0.1, 0.7, 0.1, 0.1]] * 2], [[[0.1, 0.2, 0.3, 0.4], [0.25] * 4]])
IMAGE = torch.zeros(2, 1, 1, 2)
LABELS = torch.tensor([[[0, 1]], [[IGNORE, IGNORE]]])


def _terms(labels: torch.Tensor, clock: Clock) -> dict[str, torch.Tensor]:
    method = MeanTeacher(FixedScores(STUDENT), NoOptions())
    method.teacher.net = FixedScores(TEACHER)
    return method.loss(Batch(IMAGE, labels), clock)


def test_the_loss_by_hand():
    # Unlabelled slice: differences (.3, .1, -.1, -.3) and none, over two pixels and four classes.
    terms = _terms(LABELS, MIDWAY)
    weight = 0.1 * math.exp(-5 * (1 - 100 / 200) ** 2)
    assert terms["consistency"].item() == pytest.approx(weight * 0.2 / 8, rel=1e-5)
    alone = cross_entropy_and_dice(STUDENT[:1], LABELS[:1]).item()
    assert terms["supervised"].item() == pytest.approx(alone, abs=1e-6)


def test_a_batch_of_labelled_slices_has_no_consistency():
    assert _terms(torch.zeros(2, 1, 2, dtype=torch.long), MIDWAY)["consistency"].item() == 0


def test_nobody_listens_to_the_teacher_at_first():
    assert consistency_weight(Clock(999, 60_000)) == 0
    assert consistency_weight(Clock(1000, 60_000)) == pytest.approx(0.1 * math.exp(-5 * (1 - 3 / 200) ** 2))
    assert consistency_weight(Clock(9, 600)) == 0
    assert consistency_weight(Clock(10, 600)) > 0


def test_the_teacher_follows_after_each_step():
    method = MeanTeacher(FixedScores(STUDENT), NoOptions())
    method.teacher.net = FixedScores(TEACHER)
    method.after_step(Clock(0, 10))
    assert torch.equal(method.teacher.net.scores, method.net.scores)


def test_the_gradient_reaches_the_student_on_unlabelled_slices_alone():
    method = MeanTeacher(FixedScores(STUDENT), NoOptions())
    method.teacher.net = FixedScores(TEACHER)
    term = method.loss(Batch(IMAGE, LABELS), MIDWAY)["consistency"]
    gradient = torch.autograd.grad(term, method.net.scores)[0]
    assert gradient[0].abs().sum() == 0
    assert gradient[1].abs().sum() > 0
