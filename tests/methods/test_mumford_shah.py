from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods import MethodError, build_method
from napari_scribbleseg.methods.mumford_shah import MumfordShah, MumfordShahOptions
from napari_scribbleseg.types import Batch
from tests.methods.fixed import FixedScores, scores_of


def test_the_terms_by_hand():
    # Class 0 has mass (1, .5, 0) on intensities (0, 1, 1): mean 1/3, Σ = 1/9 + .5 · 4/9. Class 1 sees 1 alone.
    scores = scores_of([[[1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]])
    method = MumfordShah(FixedScores(scores), MumfordShahOptions())
    image = torch.tensor([0.0, 1.0, 1.0]).reshape(1, 1, 1, 3)
    terms = method.loss(Batch(image, torch.tensor([[[IGNORE, 0, IGNORE]]])), Clock(0, 1))
    assert terms["partial_ce"].item() == pytest.approx(math.log(2))
    assert terms["level_set"].item() == pytest.approx(1e-6 / 3)
    assert terms["total_variation"].item() == pytest.approx(1e-6 * 2)


def test_a_negative_weight_is_refused():
    with pytest.raises(MethodError, match="Mumford"):
        build_method("mumford_shah", {"weight": -1})
