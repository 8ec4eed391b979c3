from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.losses import cross_entropy_and_dice
from napari_scribbleseg.methods import build_method
from napari_scribbleseg.methods.base import NoOptions
from napari_scribbleseg.methods.dan import DeepAdversarialNetwork
from napari_scribbleseg.types import Batch
from tests.methods.fixed import MIDWAY, FixedScores, scores_of

SCORES = scores_of([[[0.7, 0.1, 0.1, 0.1]] * 2], [[[0.4, 0.3, 0.2, 0.1]] * 2])
LABELS = torch.tensor([[[0, 1]], [[IGNORE, IGNORE]]])
# The critic believes of either slice with .8 and .3 that it is labelled.
VERDICT = torch.tensor([[0.2, 0.8], [0.7, 0.3]]).log()


@pytest.fixture
def method() -> DeepAdversarialNetwork:
    method = DeepAdversarialNetwork(FixedScores(SCORES), NoOptions())
    method.critic = FixedScores(VERDICT)
    return method


@pytest.fixture
def real_batch() -> Batch:
    labels = torch.zeros(4, 32, 32, dtype=torch.long)
    labels[2:] = IGNORE
    return Batch(torch.rand(4, 1, 32, 32), labels)


def test_the_segmenters_loss_by_hand(method):
    terms = method.loss(Batch(torch.zeros(2, 1, 1, 2), LABELS), MIDWAY)
    # The weight is full from t = 30 000; the unlabelled slice should be taken for a labelled one.
    assert terms["adversarial"].item() == pytest.approx(0.1 * -math.log(0.3), rel=1e-5)
    alone = cross_entropy_and_dice(SCORES[:1], LABELS[:1]).item()
    assert terms["supervised"].item() == pytest.approx(alone, abs=1e-6)


def test_the_critics_loss_by_hand(method):
    terms = method.criticise(Batch(torch.zeros(2, 1, 1, 2), LABELS), MIDWAY)
    assert terms["critic"].item() == pytest.approx((-math.log(0.8) - math.log(0.7)) / 2, rel=1e-5)


def test_a_batch_of_labelled_slices_has_no_adversarial_term(method):
    labels = torch.zeros(2, 1, 2, dtype=torch.long)
    assert method.loss(Batch(torch.zeros(2, 1, 1, 2), labels), MIDWAY)["adversarial"].item() == 0


def test_the_segmenter_comes_first_and_the_critic_has_its_own_adam():
    segmenter, critic = build_method("dan").objectives()
    assert (segmenter.name, critic.name) == ("segmenter", "critic")
    assert segmenter.optimiser is None
    adam = critic.optimiser(critic.parameters)
    assert isinstance(adam, torch.optim.Adam)
    assert adam.defaults["lr"] == 1e-4
    assert adam.defaults["betas"] == (0.9, 0.99)


def test_the_critic_sees_evaluation_mode_predictions_and_leaves_the_segmenter_as_it_was(real_batch):
    method = build_method("dan").train()
    seen = []
    method.critic.register_forward_pre_hook(lambda module, inputs: seen.append((module.training, inputs)))
    state = {name: tensor.clone() for name, tensor in method.net.state_dict().items()}
    term = method.criticise(real_batch, MIDWAY)["critic"]
    assert method.net.training
    assert all(torch.equal(tensor, state[name]) for name, tensor in method.net.state_dict().items())
    in_training, (probabilities, image) = seen[0]
    assert in_training
    assert torch.allclose(probabilities, method.eval().net(real_batch.image).softmax(1), atol=1e-6)
    assert torch.equal(image, real_batch.image)
    gradients = torch.autograd.grad(term, list(method.net.parameters()), allow_unused=True)
    assert all(g is None for g in gradients)


def test_the_segmenter_plays_against_the_critic_in_evaluation_mode(real_batch):
    method = build_method("dan").train()
    modes = []
    method.critic.register_forward_pre_hook(lambda module, inputs: modes.append(module.training))
    term = method.loss(real_batch, MIDWAY)["adversarial"]
    assert modes == [False]
    assert method.critic.training
    assert method.critic.body[2].training
    gradient = torch.autograd.grad(term, method.net.decoder.head.weight)[0]
    assert gradient.abs().sum() > 0
    assert all(p.grad is None for p in method.critic.parameters())


def test_an_error_leaves_no_one_in_evaluation_mode(method):
    class _Broken(nn.Module):
        def forward(self, *seen):
            raise RuntimeError("broken")

    method.critic = _Broken().train()
    with pytest.raises(RuntimeError, match="broken"):
        method.loss(Batch(torch.zeros(2, 1, 1, 2), LABELS), MIDWAY)
    assert method.critic.training
