from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.losses import dice_loss
from napari_scribbleseg.methods import MethodError, build_method
from napari_scribbleseg.methods.dmpls import MixedPseudoLabelOptions, MixedPseudoLabels, mix_pseudo_labels
from napari_scribbleseg.types import Batch


class _FixedScores(torch.nn.Module):
    """A network whose two branches answer with given scores."""

    def __init__(self, main, auxiliary):
        super().__init__()
        self.main = torch.nn.Parameter(main)
        self.auxiliary = torch.nn.Parameter(auxiliary)

    def forward(self, image):
        return self.main, self.auxiliary


def _scores(*probabilities):
    """Scores `(1, 4, 1, n)` whose softmax is the given probabilities of each of n pixels."""
    return torch.tensor(probabilities).T.log()[None, :, None, :]


MAIN = _scores((0.7, 0.1, 0.1, 0.1), (0.4, 0.3, 0.2, 0.1))
AUXILIARY = _scores((0.1, 0.7, 0.1, 0.1), (0.1, 0.2, 0.6, 0.1))


def test_equation_2_by_hand():
    # α = .5: pixel 1 ties at .4 between BG and RV, so a little more of the main branch decides for BG; pixel 2:
    # (.25, .25, .4, .1) → Myo.
    p1, p2 = MAIN.softmax(1), AUXILIARY.softmax(1)
    assert mix_pseudo_labels(p1, p2, 0.51).tolist() == [[[0, 2]]]
    assert mix_pseudo_labels(p1, p2, 0.49).tolist() == [[[1, 2]]]
    assert mix_pseudo_labels(p1, p2, 1.0).tolist() == [[[0, 0]]]
    assert mix_pseudo_labels(p1, p2, 0.0).tolist() == [[[1, 2]]]


def test_equations_3_and_4_by_hand():
    method = MixedPseudoLabels(_FixedScores(MAIN, AUXILIARY), MixedPseudoLabelOptions(alpha=0.51))
    batch = Batch(torch.zeros(1, 1, 1, 2), torch.tensor([[[0, IGNORE]]]))
    terms = method.loss(batch, Clock(0, 1))
    pseudo = torch.tensor([[[0, 2]]])
    agreement = 0.5 * (dice_loss(MAIN.softmax(1), pseudo) + dice_loss(AUXILIARY.softmax(1), pseudo))
    assert terms["partial_ce"].item() == pytest.approx(0.5 * (-math.log(0.7) - math.log(0.1)))
    assert terms["pseudo_label"].item() == pytest.approx(0.5 * agreement.item())


def test_a_prior_of_strokes_raises_the_scores_of_the_partial_cross_entropy_alone():
    prior = (0.0, 1.0, 0.5, 0.0)
    options = {"alpha": 0.51}
    batch = Batch(torch.zeros(1, 1, 1, 2), torch.tensor([[[0, IGNORE]]]))
    plain = MixedPseudoLabels(_FixedScores(MAIN, AUXILIARY), MixedPseudoLabelOptions(**options))
    raised = MixedPseudoLabels(_FixedScores(MAIN, AUXILIARY), MixedPseudoLabelOptions(**options, stroke_prior=prior))
    expected, found = plain.loss(batch, Clock(0, 1)), raised.loss(batch, Clock(0, 1))
    # Of pixel 1, background: p · 1 / (Σ p_c · exp(prior_c)).
    main = 0.7 / (0.7 + 0.1 * math.e + 0.1 * math.exp(0.5) + 0.1)
    auxiliary = 0.1 / (0.1 + 0.7 * math.e + 0.1 * math.exp(0.5) + 0.1)
    assert found["partial_ce"].item() == pytest.approx(-0.5 * (math.log(main) + math.log(auxiliary)))
    assert found["pseudo_label"].item() == pytest.approx(expected["pseudo_label"].item())
    assert "stroke_prior" not in raised.state_dict()


def test_a_prior_needs_a_number_for_each_class():
    with pytest.raises(MethodError, match="4 classes"):
        MixedPseudoLabelOptions(stroke_prior=(1.0, 2.0))


def test_the_pseudo_label_itself_carries_no_gradient():
    p = MAIN.softmax(1).requires_grad_()
    assert not mix_pseudo_labels(p, p, 0.5).requires_grad


def test_alpha_is_drawn_anew_at_every_step_from_the_unit_interval(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "napari_scribbleseg.methods.dmpls.mix_pseudo_labels",
        lambda a, b, alpha: drawn.append(alpha) or mix_pseudo_labels(a, b, alpha),
    )
    method = MixedPseudoLabels(_FixedScores(MAIN, AUXILIARY), MixedPseudoLabelOptions())
    batch = Batch(torch.zeros(1, 1, 1, 2), torch.tensor([[[0, IGNORE]]]))
    torch.manual_seed(0)
    for step in range(200):
        method.loss(batch, Clock(step, 200))
    assert len(set(drawn)) == 200
    assert 0 <= min(drawn) < 0.05
    assert 0.95 < max(drawn) <= 1
    assert sum(drawn) / 200 == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(("decoder", "index"), [("main", 0), ("auxiliary", 1)])
def test_the_chosen_decoder_predicts(decoder, index):
    method = build_method("dmpls", {"decoder": decoder}).eval()
    image = torch.rand(1, 1, 32, 32)
    assert torch.allclose(method.predict(image), method.net(image)[index].softmax(1), atol=1e-6)


def test_the_defaults_are_the_papers():
    assert MixedPseudoLabelOptions() == MixedPseudoLabelOptions(pseudo_weight=0.5, alpha=None, decoder="main")


@pytest.mark.parametrize("wrong", [{"pseudo_weight": -1}, {"alpha": 2}, {"decoder": "third"}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(MethodError):
        build_method("dmpls", wrong)
