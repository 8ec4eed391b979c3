from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE, layer_to_training
from napari_scribbleseg.methods import MethodError, build_method
from napari_scribbleseg.methods.random_walker import RandomWalkerMasks, RandomWalkerOptions
from napari_scribbleseg.types import Batch
from tests.methods.fixed import FixedScores, scores_of
from tests.synthetic import make_cine, make_strokes, make_truth

NOW = Clock(0, 1)


def test_the_term_by_hand():
    # The mask says 0 and 1, and nothing at a corner; the strokes say nothing that counts.
    scores = scores_of([[[0.6, 0.4, 0.0, 0.0], [0.2, 0.8, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]]])
    method = RandomWalkerMasks(FixedScores(scores), RandomWalkerOptions())
    strokes = torch.tensor([[[3, IGNORE, IGNORE]]])
    batch = Batch(torch.zeros(1, 1, 1, 3), strokes, {"pseudo": torch.tensor([[[0, 1, IGNORE]]])})
    s = 1e-5
    cross_entropy = -(math.log(0.6) + math.log(0.8)) / 2
    overlap = (1.2 + s) / (0.36 + 0.04 + 1 + s) + (1.6 + s) / (0.16 + 0.64 + 1 + s) + 2
    assert method.loss(batch, NOW)["pseudo_mask"].item() == pytest.approx((cross_entropy + 1 - overlap / 4) / 2)


def test_masks_come_near_the_truth_and_keep_the_strokes():
    image = torch.from_numpy(make_cine().volume(0)[:1] / 1000)[:, None]
    strokes = torch.from_numpy(layer_to_training(make_strokes())).long()[None]
    pseudo = build_method("random_walker").make_maps(Batch(image, strokes), NOW)["pseudo"]
    assert pseudo.dtype == torch.int64
    assert (pseudo[strokes != IGNORE] == strokes[strokes != IGNORE]).all()
    assert np.mean(pseudo[0].numpy() == make_truth()[0, 0]) > 0.9


def test_a_beta_of_zero_is_refused():
    with pytest.raises(MethodError, match="beta"):
        build_method("random_walker", {"beta": 0})
