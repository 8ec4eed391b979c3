from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE, layer_to_training
from napari_scribbleseg.methods import MethodError, build_method
from napari_scribbleseg.methods.can_crf import FieldLoop, FieldLoopOptions, infer_field
from napari_scribbleseg.types import Batch
from tests.methods.fixed import FixedScores, scores_of
from tests.synthetic import make_cine, make_strokes, make_truth

START, LATER = Clock(0, 90), Clock(30, 90)


def _slice():
    image = torch.from_numpy(make_cine().volume(0)[:1] / 1000)[:, None]
    return Batch(image, torch.from_numpy(layer_to_training(make_strokes())).long()[None])


def test_the_term_by_hand():
    scores = scores_of([[[0.6, 0.4, 0.0, 0.0], [0.2, 0.8, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]]])
    method = FieldLoop(FixedScores(scores), FieldLoopOptions())
    strokes = torch.tensor([[[3, IGNORE, IGNORE]]])
    batch = Batch(torch.zeros(1, 1, 1, 3), strokes, {"pseudo": torch.tensor([[[0, 1, IGNORE]]])})
    assert method.loss(batch, START)["pseudo_label"].item() == pytest.approx(-(math.log(0.6) + math.log(0.8)) / 2)


def test_one_update_of_the_field_by_hand():
    # Neighbours of one intensity: k = exp(-1/72). The first pixel hears .9 · k for class 1, .1 · k for class 0.
    p = torch.tensor([[0.6, 0.1], [0.4, 0.9]]).reshape(1, 2, 1, 2)
    field = infer_field(p, torch.zeros(1, 1, 1, 2), torch.full((1, 1, 2), IGNORE), 2.0, 1)
    k = math.exp(-1 / 72)
    zero, one = 0.6 * math.exp(2 * 0.1 * k), 0.4 * math.exp(2 * 0.9 * k)
    assert field[0, 0, 0, 0].item() == pytest.approx(zero / (zero + one), rel=1e-5)


def test_a_stroke_holds_its_pixel_and_sways_its_neighbours():
    p = torch.tensor([[0.9, 0.6], [0.1, 0.4]]).reshape(1, 2, 1, 2)
    field = infer_field(p, torch.zeros(1, 1, 1, 2), torch.tensor([[[1, IGNORE]]]), 2.0, 5)
    assert field.argmax(1).tolist() == [[[1, 1]]]
    assert field[0, :, 0, 0].tolist() == [0, 1]


def test_the_first_seeds_are_sure_and_incomplete():
    batch = _slice()
    truth = torch.from_numpy(make_truth()[0, :1])
    seeds = build_method("can_crf").make_maps(batch, START)["pseudo"]
    known = seeds != IGNORE
    assert (batch.labels != IGNORE).float().mean() < known.float().mean() < 1
    assert (seeds == truth)[known].float().mean() > 0.97
    assert (seeds[batch.labels != IGNORE] == batch.labels[batch.labels != IGNORE]).all()


def test_later_labels_are_the_networks_drawn_to_the_edges_of_the_image():
    batch = _slice()
    truth = torch.from_numpy(make_truth()[0, :1]).long()
    noise = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(0))
    scores = 1.5 * torch.nn.functional.one_hot(truth, 4).movedim(-1, 1) + noise
    with torch.no_grad():
        labels = FieldLoop(FixedScores(scores), FieldLoopOptions()).make_maps(batch, LATER)["pseudo"]
    before, after = ((found == truth).float().mean().item() for found in (scores.argmax(1), labels))
    assert before < 0.75
    assert after > 0.9
    assert (labels[batch.labels != IGNORE] == batch.labels[batch.labels != IGNORE]).all()


def test_relabelling_comes_after_each_third_of_the_run():
    method = build_method("can_crf")
    assert [method.map_round(Clock(step, 90)) for step in (0, 29, 30, 59, 60, 89, 90)] == [0, 0, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("wrong", [{"certainty": 2}, {"field_weight": -1}, {"field_iterations": -1}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(MethodError):
        build_method("can_crf", wrong)
