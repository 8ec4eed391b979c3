from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods import build_method
from napari_scribbleseg.methods.base import NoOptions
from napari_scribbleseg.methods.dual_cr import BranchConsistency
from napari_scribbleseg.types import Batch
from tests.methods.fixed import MIDWAY, FixedBranches, scores_of

MAIN = scores_of([[[0.7, 0.1, 0.1, 0.1], [0.4, 0.3, 0.2, 0.1]]])
AUXILIARY = scores_of([[[0.1, 0.7, 0.1, 0.1], [0.1, 0.2, 0.6, 0.1]]])
BATCH = Batch(torch.zeros(1, 1, 1, 2), torch.tensor([[[0, IGNORE]]]))


def test_the_loss_by_hand():
    terms = BranchConsistency(FixedBranches(MAIN, AUXILIARY), NoOptions()).loss(BATCH, MIDWAY)
    # Squares: .36 + .36, and .09 + .01 + .16; over two pixels and four classes.
    weight = 0.1 * math.exp(-5 * (1 - 100 / 200) ** 2)
    assert terms["consistency"].item() == pytest.approx(weight * (0.72 + 0.26) / 8, rel=1e-5)
    assert terms["partial_ce"].item() == pytest.approx(0.5 * (-math.log(0.7) - math.log(0.1)), rel=1e-5)


def test_both_branches_are_drawn_to_each_other():
    method = BranchConsistency(FixedBranches(MAIN, AUXILIARY), NoOptions())
    term = method.loss(BATCH, MIDWAY)["consistency"]
    gradients = torch.autograd.grad(term, [method.net.main, method.net.auxiliary])
    assert all(g.abs().sum() > 0 for g in gradients)


def test_the_main_decoder_predicts():
    method = build_method("dual_cr").eval()
    image = torch.rand(1, 1, 32, 32)
    assert torch.allclose(method.predict(image), method.net(image)[0].softmax(1), atol=1e-6)
