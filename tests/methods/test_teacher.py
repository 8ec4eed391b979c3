from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.methods.teacher import (
    Teacher,
    add_noise,
    certainty_threshold,
    ema_decay,
    gated_consistency,
)
from tests.methods.fixed import FixedScores, scores_of


class _Undecided(nn.Module):
    """Sure of class 0 in the first half of a batch, and of class 1 in the second; counts what it sees."""

    def __init__(self):
        super().__init__()
        self.views = []

    def forward(self, image):
        self.views.append(image)
        scores = torch.full((len(image), 4, *image.shape[2:]), -100.0)
        half = len(image) // 2
        scores[:half, 0] = scores[half:, 1] = 100.0
        return scores


def test_noise_has_its_spread_and_its_limits():
    torch.manual_seed(0)
    noise = add_noise(torch.full((1, 1, 200, 200), 0.5)) - 0.5
    assert noise.abs().max() <= 0.2 + 1e-6
    assert (noise.abs() > 0.2 - 1e-6).float().mean().item() == pytest.approx(0.0455, abs=0.005)
    inside = noise[noise.abs() < 0.1]
    assert inside.numel() / noise.numel() == pytest.approx(0.683, abs=0.01)


def test_uncertainty_is_the_entropy_of_the_mean_of_eight_noisy_views_not_the_mean_of_entropies():
    teacher = Teacher(_Undecided())
    entropy = teacher.measure_entropy(torch.zeros(3, 1, 2, 2))
    assert torch.allclose(entropy, torch.full((3, 2, 2), math.log(2)), atol=1e-5)
    views = torch.cat(teacher.net.views)
    assert len(views) == 8 * 3
    assert len({view.sum().item() for view in views}) == len(views)


def test_the_gate_opens_over_the_run():
    assert certainty_threshold(Clock(0, 60_000)) == pytest.approx((0.75 + 0.25 * math.exp(-5)) * math.log(2))
    assert certainty_threshold(Clock(60_000, 60_000)) == pytest.approx(math.log(2))
    # p = (.75, .25): entropy .562, between .521 and .693.
    teacher = Teacher(FixedScores(scores_of([[[0.75, 0.25, 0.0, 0.0]]])))
    image = torch.zeros(1, 1, 1, 1)
    assert not teacher.find_certain(image, Clock(0, 10)).any()
    assert teacher.find_certain(image, Clock(10, 10)).all()


def test_gated_consistency_by_hand():
    p_student = torch.tensor([[0.5, 0.5, 0, 0], [1.0, 0, 0, 0], [0.0, 0, 1, 0]]).T[None, :, None]
    p_teacher = torch.tensor([[1.0, 0, 0, 0], [0.0, 1, 0, 0], [0.0, 0, 1, 0]]).T[None, :, None]
    # ‖·‖² = .5, 2 and 0; the middle pixel is gated out.
    certain = torch.tensor([[[True, False, True]]])
    assert gated_consistency(p_student, p_teacher, certain).item() == pytest.approx(0.5 / (2 * 2))


def test_a_closed_gate_costs_zero_with_a_gradient_of_zero():
    p_student = torch.rand(1, 4, 2, 2, requires_grad=True)
    closed = gated_consistency(p_student, torch.rand(1, 4, 2, 2), torch.zeros(1, 2, 2, dtype=torch.bool))
    closed.backward()
    assert closed.item() == 0
    assert p_student.grad.abs().sum() == 0


def test_the_average_starts_as_a_true_mean_and_then_forgets():
    assert [ema_decay(step) for step in (0, 1, 3)] == [0, 0.5, 0.75]
    assert ema_decay(98) < 0.99
    assert ema_decay(5000) == 0.99


def test_the_teacher_follows_by_hand():
    student = nn.Linear(1, 1, bias=False)
    teacher = Teacher(student)
    for step, (value, expected) in enumerate([(4.0, 4.0), (2.0, 3.0), (0.0, 2.0)]):
        nn.init.constant_(student.weight, value)
        teacher.follow(student, step)
        assert teacher.net.weight.item() == pytest.approx(expected)
    nn.init.constant_(student.weight, 1.0)
    teacher.follow(student, 1000)
    assert teacher.net.weight.item() == pytest.approx(0.99 * 2.0 + 0.01 * 1.0)


def test_the_teacher_shares_nothing_with_its_student_and_learns_nothing_by_gradient():
    student = nn.Sequential(nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4))
    teacher = Teacher(student)
    assert not any(p.requires_grad for p in teacher.parameters())
    assert not {id(p) for p in teacher.parameters()} & {id(p) for p in student.parameters()}
    statistics = student[1].running_mean.clone()
    assert not teacher(torch.rand(2, 1, 4, 4)).requires_grad
    assert torch.equal(student[1].running_mean, statistics)
    assert not torch.equal(teacher.net[1].running_mean, statistics)
    student(torch.rand(2, 1, 4, 4) + 5)
    before = teacher.net[1].running_mean.clone()
    teacher.follow(student, 0)
    assert torch.equal(teacher.net[1].running_mean, before)


def test_an_average_is_all_in_the_state():
    teacher, resumed = Teacher(nn.Conv2d(1, 4, 1)), Teacher(nn.Conv2d(1, 4, 1))
    resumed.load_state_dict(teacher.state_dict())
    assert torch.equal(teacher.net.weight, resumed.net.weight)
