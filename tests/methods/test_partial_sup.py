from __future__ import annotations

import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods.base import NoOptions, Supervision
from napari_scribbleseg.methods.full_sup import FullSupervision
from napari_scribbleseg.methods.partial_sup import PartialSupervision
from napari_scribbleseg.types import Batch
from tests.methods.fixed import FixedScores, scores_of


def test_the_loss_is_that_of_full_supervision():
    scores = scores_of([[[0.6, 0.4, 0.0, 0.0], [0.2, 0.8, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4]]])
    batch = Batch(torch.zeros(1, 1, 1, 3), torch.tensor([[[0, 1, IGNORE]]]))
    full, partial = (m(FixedScores(scores), NoOptions()) for m in (FullSupervision, PartialSupervision))
    assert partial.loss(batch, Clock(0, 1)) == full.loss(batch, Clock(0, 1))
    assert partial.loss(batch, Clock(0, 1))["supervised"] > 0.1


def test_it_learns_from_few_masks_and_from_nothing_else():
    assert PartialSupervision.supervision is Supervision.FEW_MASKS
    assert not PartialSupervision.supervision.mixes_unlabelled
    assert not PartialSupervision.learns_from_unlabelled
