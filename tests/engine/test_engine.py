from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.engine.engine import MAX_BAD_STEPS, DivergedError
from napari_scribbleseg.engine.weights import build_trained
from napari_scribbleseg.labels import IGNORE, layer_to_training
from napari_scribbleseg.types import FrameKey, ScribbleEdit
from tests.engine.engines import KEY, SMALL, losses, make_engine, make_store
from tests.synthetic import make_cine, make_edit, make_strokes


def test_predicting_and_foreign_random_numbers_do_not_disturb_training():
    quiet, busy = make_engine(), make_engine()
    expected = losses(quiet, 3)
    found = []
    for _ in range(3):
        torch.rand(3)
        busy.predict([KEY])
        found += losses(busy, 1)
    assert found == expected


def test_training_does_not_disturb_foreign_random_numbers():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    losses(make_engine(), 1)
    assert torch.equal(torch.rand(3), expected)


def test_training_learns_the_strokes_of_a_small_heart():
    engine = make_engine(steps=40, learning_rate=0.03, method="pce")
    losses(engine, 40)
    target = layer_to_training(make_strokes())
    drawn = target != IGNORE
    assert (engine.predict([KEY])[0].labels == target)[drawn].mean() > 0.85


def test_predictions_are_on_the_native_grid_and_know_their_age():
    engine = make_engine()
    losses(engine, 1)
    prediction = engine.predict([FrameKey("scan", 1, 2)])[0]
    assert prediction.labels.shape == prediction.confidence.shape == (64, 64)
    assert (prediction.step, prediction.revision) == (1, 2)


def test_strokes_are_seen_once_a_step_has_used_them():
    engine = make_engine(batch_size=4)
    assert engine.step().strokes_seen == 2
    edit = make_strokes()
    edit[10:12, 10:12] = 1
    engine.apply([ScribbleEdit(KEY, edit, 3, strokes=2)])
    assert (engine.store.strokes_seen, engine.store.strokes_total) == (2, 4)


def test_the_whole_slice_protocol_steps_too():
    engine = make_engine(resolution="protocol", batch_size=1)
    assert all(math.isfinite(v) for v in engine.step().terms.values())


def test_the_protocols_learning_rate_follows_the_poly_schedule():
    engine = make_engine(schedule="protocol", steps=2)
    assert [engine.step().learning_rate for _ in range(2)] == [0.01, pytest.approx(0.01 * 0.5**0.9)]


def test_a_run_that_roams_shows_the_network_what_is_no_heart():
    store = SampleStore()
    store.add(make_cine(side=300))
    store.apply(make_edit(KEY, side=300))
    engine = build_engine(dataclasses.replace(SMALL, locate=True), store)
    far = [engine._batches._shift(KEY) for _ in range(200)]
    assert 0.15 < np.mean([shift != (0, 0) for shift in far]) < 0.35


def test_a_loss_that_is_no_number_leaves_the_weights_alone_and_ends_the_run_after_ten():
    engine = make_engine()
    before = engine.weights()
    for key in engine.store.cine("scan").keys():
        engine.store.canvas(key)[:] = math.nan
    for _ in range(MAX_BAD_STEPS - 1):
        engine.step()
    with pytest.raises(DivergedError, match="smaller learning rate"):
        engine.step()
    learned = [n for n, _ in engine.method.named_parameters()]
    assert all(torch.equal(before[n], engine.weights()[n]) for n in learned)


def test_held_out_accuracy_counts_only_held_out_strokes():
    settings = dataclasses.replace(SMALL, held_out=0.4)
    store = SampleStore("roi", 0.4, 3)
    store.add(make_cine())
    for z in range(3):
        store.apply(make_edit(FrameKey("scan", 0, z), z + 1))
    changed = make_strokes()
    changed[20, 20] = 2
    store.apply(ScribbleEdit(KEY, changed, 9))
    engine = build_engine(settings, store)
    engine.step()
    report = engine.measure_held_out()
    assert report.n_pixels == sum(int((m != 255).sum()) for m in store.held_out().values()) > 0
    assert 0 <= report.accuracy <= 1


def test_without_held_out_strokes_there_is_no_accuracy():
    assert make_engine().measure_held_out() is None


def test_weights_predict_what_the_engine_predicts():
    engine = make_engine()
    losses(engine, 2)
    method, settings = build_trained(engine.weights(), engine.description(), torch.device("cpu"))
    assert settings == engine.settings
    image = torch.rand(1, 1, 128, 128)
    assert torch.allclose(method.predict(image), engine.predictor.predict(image), atol=1e-6)


def test_starting_weights_replace_the_random_ones():
    donor = make_engine()
    losses(donor, 1)
    engine = build_engine(SMALL, make_store(), weights=donor.weights())
    assert all(torch.equal(a, donor.weights()[n]) for n, a in engine.weights().items())
