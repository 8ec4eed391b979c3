from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods import MethodError, build_method
from napari_scribbleseg.methods.s2l import ScribbleToLabel, ScribbleToLabelOptions
from napari_scribbleseg.types import Batch
from tests.methods.fixed import FixedScores, scores_of

SCORES = scores_of([[[0.7, 0.1, 0.1, 0.1], [0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.6, 0.1], [0.1, 0.1, 0.1, 0.7]]])
IMAGE = torch.zeros(1, 1, 1, 4)
LABELS = torch.tensor([[[0, IGNORE, IGNORE, IGNORE]]])
NOW = Clock(0, 60_000)


def _method():
    return ScribbleToLabel(FixedScores(SCORES), ScribbleToLabelOptions())


def test_before_there_are_averages_the_strokes_alone_teach():
    terms = _method().loss(Batch(IMAGE, LABELS), NOW)
    assert list(terms) == ["partial_ce"]
    assert terms["partial_ce"].item() == pytest.approx(-math.log(0.7))


def test_the_pseudo_label_term_by_hand():
    # Sure of 2, but scribbled 0; sure of 1; exactly at .8; sure of 3. Only the second and the fourth count.
    average = torch.tensor([[0.0, 0.0, 0.9, 0.1], [0.1, 0.85, 0.05, 0.0], [0.0, 0.2, 0.8, 0.0], [0.0, 0.0, 0.1, 0.9]])
    batch = Batch(IMAGE, LABELS, {"ensemble": average.T[None, :, None]})
    terms = _method().loss(batch, NOW)
    assert terms["partial_ce"].item() == pytest.approx(-math.log(0.7))
    assert terms["pseudo_label"].item() == pytest.approx(0.5 * (-math.log(0.3) - math.log(0.7)) / 2)


def test_where_no_average_is_known_there_is_no_pseudo_label():
    terms = _method().loss(Batch(IMAGE, LABELS, {"ensemble": torch.zeros(1, 4, 1, 4)}), NOW)
    assert terms["pseudo_label"].item() == 0


def test_the_first_average_is_the_prediction_and_later_ones_take_a_fifth_of_it():
    method, p = _method(), SCORES.softmax(1)
    first = method.make_maps(Batch(IMAGE, LABELS), NOW)["ensemble"]
    assert torch.allclose(first, p)
    before = torch.full_like(p, 0.25)
    later = method.make_maps(Batch(IMAGE, LABELS, {"ensemble": before}), NOW)["ensemble"]
    assert torch.allclose(later, 0.2 * p + 0.8 * 0.25)


def test_rounds_start_after_a_tenth_of_the_run_and_come_every_100_real_steps():
    rounds = {step: _method().map_round(Clock(step, 3000)) for step in (0, 299, 300, 399, 400, 2999)}
    assert rounds == {0: None, 299: None, 300: 0, 399: 0, 400: 1, 2999: 26}
    assert _method().map_round(Clock(5999, 60_000)) is None
    assert _method().map_round(Clock(6000, 60_000)) == 0


@pytest.mark.parametrize("wrong", [{"weight": -1}, {"threshold": 2}, {"share": 0}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(MethodError):
        build_method("s2l", wrong)
