from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods import MethodError, build_method
from napari_scribbleseg.methods.rloss import RegularisedLoss, RegularisedLossOptions
from napari_scribbleseg.types import Batch
from tests.methods.fixed import FixedScores, scores_of


def test_the_terms_by_hand():
    # Intensities .2 and .3, side by side: k = exp(-½ (1/36 + 1)), 1 - p·q = 1 - (.6 · .2 + .4 · .8), from both sides.
    scores = scores_of([[[0.6, 0.4, 0.0, 0.0], [0.2, 0.8, 0.0, 0.0]]])
    method = RegularisedLoss(FixedScores(scores), RegularisedLossOptions())
    image = torch.tensor([0.2, 0.3]).reshape(1, 1, 1, 2)
    terms = method.loss(Batch(image, torch.tensor([[[IGNORE, 1]]])), Clock(0, 1))
    field = 2 * math.exp(-0.5 * (1 / 36 + 1)) * (1 - 0.44) / 2
    assert terms["partial_ce"].item() == pytest.approx(-math.log(0.8))
    assert terms["gated_crf"].item() == pytest.approx(0.1 * field, rel=1e-5)


def test_it_draws_like_neighbours_together():
    scores = scores_of([[[0.6, 0.4, 0.0, 0.0], [0.1, 0.9, 0.0, 0.0]]])
    method = RegularisedLoss(FixedScores(scores), RegularisedLossOptions())
    bare = Batch(torch.zeros(1, 1, 1, 2), torch.full((1, 1, 2), IGNORE))
    method.loss(bare, Clock(0, 1))["gated_crf"].backward()
    undecided = method.net.scores.grad[0, :, 0, 0]
    assert undecided[1] < 0 < undecided[0], "a step against the gradient goes towards the surer neighbour's class"


def test_a_negative_weight_is_refused():
    with pytest.raises(MethodError, match="field"):
        build_method("rloss", {"weight": -1})
