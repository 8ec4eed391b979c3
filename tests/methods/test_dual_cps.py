from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.losses import dice_loss
from napari_scribbleseg.methods import build_method
from napari_scribbleseg.methods.base import NoOptions
from napari_scribbleseg.methods.dual_cps import CrossPseudoSupervision
from napari_scribbleseg.types import Batch
from tests.methods.fixed import MIDWAY, FixedBranches, scores_of

MAIN = scores_of([[[0.7, 0.1, 0.1, 0.1], [0.4, 0.3, 0.2, 0.1]]])
AUXILIARY = scores_of([[[0.1, 0.7, 0.1, 0.1], [0.1, 0.2, 0.6, 0.1]]])
BATCH = Batch(torch.zeros(1, 1, 1, 2), torch.tensor([[[0, IGNORE]]]))


def test_the_loss_by_hand():
    # The main branch says BG, BG; the auxiliary RV, Myo. Each learns from the other's.
    terms = CrossPseudoSupervision(FixedBranches(MAIN, AUXILIARY), NoOptions()).loss(BATCH, MIDWAY)
    s = 1e-5
    main = [s / (0.65 + s), (2 * 0.1 + s) / (0.1 + 1 + s), (2 * 0.2 + s) / (0.05 + 1 + s), s / (0.02 + s)]
    auxiliary = [(2 * 0.2 + s) / (0.02 + 2 + s), s / (0.53 + s), s / (0.37 + s), s / (0.02 + s)]
    crossed = (1 - sum(main) / 4) + (1 - sum(auxiliary) / 4)
    assert terms["cross_pseudo_label"].item() == pytest.approx(0.5 * 0.5 * crossed, rel=1e-5)
    assert terms["partial_ce"].item() == pytest.approx(0.5 * (-math.log(0.7) - math.log(0.1)), rel=1e-5)


def test_pseudo_labels_carry_no_gradient():
    method = CrossPseudoSupervision(FixedBranches(MAIN, AUXILIARY), NoOptions())
    term = method.loss(BATCH, MIDWAY)["cross_pseudo_label"]
    main = MAIN.clone().requires_grad_()
    alone = 0.25 * dice_loss(main.softmax(1), torch.tensor([[[1, 2]]]))
    expected = torch.autograd.grad(alone, main)[0]
    assert torch.allclose(torch.autograd.grad(term, method.net.main)[0], expected, atol=1e-7)


def test_the_main_decoder_predicts():
    method = build_method("dual_cps").eval()
    image = torch.rand(1, 1, 32, 32)
    assert torch.allclose(method.predict(image), method.net(image)[0].softmax(1), atol=1e-6)
