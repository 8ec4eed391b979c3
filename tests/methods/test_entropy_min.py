from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods import MethodError, build_method
from napari_scribbleseg.methods.entropy_min import EntropyMinimisation, EntropyOptions
from napari_scribbleseg.types import Batch
from tests.methods.fixed import FixedScores, scores_of


def test_the_terms_by_hand():
    # A scribbled pixel that is even between all classes, and a free one even between two.
    scores = scores_of([[[0.25, 0.25, 0.25, 0.25], [0.5, 0.5, 0.0, 0.0]]])
    method = EntropyMinimisation(FixedScores(scores), EntropyOptions())
    terms = method.loss(Batch(torch.zeros(1, 1, 1, 2), torch.tensor([[[1, IGNORE]]])), Clock(0, 1))
    assert terms["partial_ce"].item() == pytest.approx(math.log(4))
    assert terms["entropy"].item() == pytest.approx(0.1 * (1 + 0.5) / 2)


def test_a_negative_weight_is_refused():
    with pytest.raises(MethodError, match="entropy"):
        build_method("entropy_min", {"weight": -1})
