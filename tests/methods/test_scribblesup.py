from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE, layer_to_training
from napari_scribbleseg.methods import MethodError, build_method
from napari_scribbleseg.methods.scribblesup import GraphPropagation, GraphPropagationOptions, obey_strokes
from napari_scribbleseg.types import Batch
from tests.methods.fixed import FixedScores, scores_of
from tests.synthetic import make_cine, make_strokes, make_truth

START, LATER = Clock(0, 90), Clock(30, 90)


def _slice():
    image = torch.from_numpy(make_cine().volume(0)[:1] / 1000)[:, None]
    return Batch(image, torch.from_numpy(layer_to_training(make_strokes())).long()[None])


def _propagate(batch, clock=START, network=None):
    method = GraphPropagation(network or torch.nn.Identity(), GraphPropagationOptions())
    with torch.no_grad():
        return method.make_maps(batch, clock)["pseudo"]


def test_the_term_by_hand():
    scores = scores_of([[[0.6, 0.4, 0.0, 0.0], [0.2, 0.8, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]]])
    method = GraphPropagation(FixedScores(scores), GraphPropagationOptions())
    strokes = torch.tensor([[[3, IGNORE, IGNORE]]])
    batch = Batch(torch.zeros(1, 1, 1, 3), strokes, {"pseudo": torch.tensor([[[0, 1, IGNORE]]])})
    assert method.loss(batch, START)["pseudo_label"].item() == pytest.approx(-(math.log(0.6) + math.log(0.8)) / 2)


def test_energies_by_hand():
    # Three superpixels, classes 0 and 3 drawn: a stroke of 3 in the first, of 0 in the last.
    unary = np.arange(12.0).reshape(4, 3)
    obeyed = obey_strokes(unary, np.array([3, IGNORE, 0]), np.array([0, 3]))
    assert obeyed.tolist() == [[math.inf, 1, 2], [9, 10, math.inf]]
    assert obey_strokes(np.zeros((1, 2)), np.array([IGNORE, 0]), np.array([0, 3])).tolist() == [[0, 0], [0, math.inf]]


def test_strokes_spread_to_the_edges_of_the_image_and_stay():
    batch = _slice()
    pseudo = _propagate(batch)
    strokes = batch.labels
    assert (pseudo[strokes != IGNORE] == strokes[strokes != IGNORE]).all()
    assert np.mean(pseudo[0].numpy() == make_truth()[0, 0]) > 0.9


def test_the_network_has_a_say_from_the_second_round_on():
    batch = _slice()
    truth = torch.from_numpy(make_truth()[0, :1]).long()
    image = torch.full_like(batch.image, 0.5)
    blind = Batch(image, batch.labels)
    sure = 20 * torch.nn.functional.one_hot(truth, 4).movedim(-1, 1).float()
    agreement = [
        (_propagate(blind, clock, FixedScores(sure)) == truth).float().mean().item() for clock in (START, LATER)
    ]
    assert agreement[0] < agreement[1]
    assert agreement[1] > 0.9


def test_a_class_that_nobody_drew_appears_nowhere_whatever_the_network_says():
    batch = _slice()
    labels = batch.labels.where(batch.labels != 2, IGNORE)
    myocardium = torch.zeros(1, 4, 64, 64)
    myocardium[:, 2] = 5
    assert set(_propagate(Batch(batch.image, labels), LATER, FixedScores(myocardium)).unique().tolist()) == {0, 1, 3}


def test_slices_with_one_class_or_none():
    image = torch.rand(3, 1, 16, 16)
    labels = torch.full((3, 16, 16), IGNORE)
    labels[0, 0], labels[1, 5, 5] = 0, 3
    pseudo = _propagate(Batch(image, labels))
    assert (pseudo[0] == 0).all()
    assert (pseudo[1:] == labels[1:]).all()


def test_labels_are_made_anew_after_each_third_of_the_run():
    method = build_method("scribblesup")
    assert [method.map_round(Clock(step, 90)) for step in (0, 29, 30, 59, 60, 89, 90)] == [0, 0, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("wrong", [{"area_px": 0}, {"border_cost": -1}, {"width": 0}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(MethodError):
        build_method("scribblesup", wrong)
