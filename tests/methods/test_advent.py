from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.losses import cross_entropy_and_dice
from napari_scribbleseg.methods import MethodError, build_method
from napari_scribbleseg.methods.advent import EntropyAdaptation, EntropyOptions
from napari_scribbleseg.types import Batch
from tests.methods.fixed import MIDWAY, FixedScores, scores_of

SCORES = scores_of([[[0.7, 0.1, 0.1, 0.1]] * 2], [[[0.5, 0.5, 0.0, 0.0], [0.25] * 4]])
LABELS = torch.tensor([[[0, 1]], [[IGNORE, IGNORE]]])
BATCH = Batch(torch.zeros(2, 1, 1, 2), LABELS)


def test_the_direct_form_by_hand():
    # Entropies ln 2 and ln 4 of the unlabelled slice, over ln 4: .5 and 1.
    terms = EntropyAdaptation(FixedScores(SCORES), EntropyOptions()).loss(BATCH, MIDWAY)
    weight = 0.1 * math.exp(-5 * (1 - 100 / 200) ** 2)
    assert terms["entropy"].item() == pytest.approx(weight * 0.75, rel=1e-4)
    alone = cross_entropy_and_dice(SCORES[:1], LABELS[:1]).item()
    assert terms["supervised"].item() == pytest.approx(alone, abs=1e-6)


def test_a_batch_of_labelled_slices_has_no_entropy_term():
    method = EntropyAdaptation(FixedScores(SCORES), EntropyOptions())
    labels = torch.zeros(2, 1, 2, dtype=torch.long)
    assert method.loss(Batch(BATCH.image, labels), MIDWAY)["entropy"].item() == 0


def test_the_direct_form_has_no_critic():
    method = build_method("advent")
    assert [o.name for o in method.objectives()] == ["segmenter"]
    with pytest.raises(MethodError, match="no critic"):
        method.criticise(BATCH, MIDWAY)


def test_the_adversarial_form_by_hand():
    method = EntropyAdaptation(FixedScores(SCORES), EntropyOptions(adversarial=True))
    method.critic = FixedScores(torch.tensor([[0.2, 0.8], [0.7, 0.3]]).log())
    seen = []
    method.critic.register_forward_pre_hook(lambda module, inputs: seen.append(inputs))
    terms = method.loss(BATCH, MIDWAY)
    assert terms["adversarial"].item() == pytest.approx(1e-3 * -math.log(0.3), rel=1e-5)
    assert "entropy" not in terms
    assert method.criticise(BATCH, MIDWAY)["critic"].item() == pytest.approx(
        (-math.log(0.8) - math.log(0.7)) / 2, rel=1e-5
    )
    # -p log p / ln 4 of (.5, .5, 0, 0) and of the uniform pixel: .25 each.
    expected = torch.tensor([[0.25, 0.25], [0.25, 0.25], [0.0, 0.25], [0.0, 0.25]])
    for (information,) in seen:
        assert torch.allclose(information[1, :, 0], expected, atol=1e-5)


def test_in_the_adversarial_form_gradients_stay_with_their_owner():
    torch.manual_seed(0)
    method = build_method("advent", {"adversarial": True}).train()
    labels = torch.zeros(4, 32, 32, dtype=torch.long)
    labels[2:] = IGNORE
    batch = Batch(torch.rand(4, 1, 32, 32), labels)
    segmenter, critic = method.objectives()
    assert {id(p) for p in (*segmenter.parameters, *critic.parameters)} == {id(p) for p in method.parameters()}
    term = segmenter.loss(batch, MIDWAY)["adversarial"]
    assert torch.autograd.grad(term, method.net.decoder.head.weight)[0].abs().sum() > 0
    learned = critic.loss(batch, MIDWAY)["critic"]
    leaks = torch.autograd.grad(learned, segmenter.parameters, allow_unused=True, retain_graph=True)
    assert all(g is None for g in leaks)
    assert all(g.abs().sum() > 0 for g in torch.autograd.grad(learned, [method.critic.verdict.weight]))
    assert method.net.training
    assert method.critic.training


def test_a_negative_weight_is_refused():
    with pytest.raises(MethodError, match="weight"):
        build_method("advent", {"adversarial_weight": -1})
