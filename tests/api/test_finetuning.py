"""Adapting trained weights to a few strokes, as the window and the command line do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_scribbleseg.api import FineTuning, Model, StrokesError, finetune, finetune_settings, fit
from tests.synthetic import make_cine, make_strokes, make_truth


def strokes(n_t=1, n_z=3, slices=(1,)):
    drawn = np.zeros((n_t, n_z, 64, 64), np.uint8)
    for z in slices:
        drawn[0, z] = make_strokes()
    return drawn


@pytest.fixture(scope="module")
def start() -> Model:
    """Weights of a few steps on another scan."""
    return fit(make_cine("other"), strokes(slices=(0, 1, 2)), steps=15, batch_size=2, threads=1)


def test_settings_are_those_of_the_start_made_for_adapting(start):
    settings = finetune_settings(start, seed=3)
    assert (settings.method, settings.resolution, settings.schedule, settings.seed) == ("dmpls", "roi", "finetune", 3)


def test_before_any_stroke_it_answers_as_the_start_does_and_does_not_train(start):
    tuning = FineTuning(start, [make_cine()], threads=1)
    assert tuning.train(seconds=5) == 0
    assert all(torch.equal(start.tensors[name], tensor) for name, tensor in tuning.model().tensors.items())
    assert tuning.segment("scan").shape == (1, 3, 64, 64)


def test_strokes_are_followed_within_few_steps(start):
    tuning = FineTuning(start, [make_cine()], threads=1, settings=finetune_settings(start, batch_size=2))
    drawn, truth = strokes(), make_truth(1, 3)
    before = tuning.segment("scan")
    tuning.draw("scan", drawn)
    assert tuning.train(steps=25) == 25
    after, on = tuning.segment("scan"), drawn > 0
    wanted = np.where(drawn == 4, 0, drawn)
    assert (after[on] == wanted[on]).mean() > max(0.8, (before[on] == wanted[on]).mean())
    assert (after == truth).mean() > (before == truth).mean()


def test_time_and_steps_both_end_it(start):
    tuning = FineTuning(start, [make_cine()], threads=1)
    tuning.draw("scan", strokes())
    assert tuning.train(seconds=0) == 0
    assert tuning.train(seconds=60, steps=2) == 2


def test_only_what_changed_is_a_new_stroke(start):
    tuning = FineTuning(start, [make_cine()], threads=1)
    tuning.draw("scan", strokes())
    before = tuning._engine.store.revision
    tuning.draw("scan", strokes())
    assert tuning._engine.store.revision == before
    tuning.draw("scan", np.zeros_like(strokes()))
    assert not tuning._engine.store.scribbled()


def test_strokes_of_another_shape_are_refused(start):
    tuning = FineTuning(start, [make_cine()], threads=1)
    with pytest.raises(StrokesError, match="do not fit"):
        tuning.draw("scan", np.ones((1, 3, 10, 10), np.uint8))


def test_one_call_adapts_to_several_scans_and_is_repeatable(start):
    cines = [make_cine("scan"), make_cine("next")]
    drawn = {"scan": strokes(), "next": strokes(slices=(0,))}
    seen = []
    one, two = (
        finetune(start, cines, drawn, seconds=1e9, steps=2, threads=1, progress=seen.append, batch_size=2)
        for _ in range(2)
    )
    assert [report.step for report in seen] == [1, 2, 1, 2]
    assert one.step == 2
    assert all(torch.equal(one.tensors[name], tensor) for name, tensor in two.tensors.items())
    assert any(not torch.equal(start.tensors[name], tensor) for name, tensor in one.tensors.items())


def test_without_a_start_it_begins_from_scratch():
    tuning = FineTuning(None, [make_cine()], threads=1)
    tuning.draw("scan", strokes())
    assert tuning.train(steps=2) == 2
    assert tuning.model().settings.schedule == "live"
