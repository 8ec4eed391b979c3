from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.engine.engine import MAX_BAD_STEPS, DivergedError
from napari_scribbleseg.engine.weights import WeightsError, build_trained
from napari_scribbleseg.labels import IGNORE, layer_to_training
from napari_scribbleseg.methods import METHODS
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FrameKey, ScribbleEdit
from tests.synthetic import make_cine, make_edit, make_strokes

SMALL = TrainSettings(batch_size=2, threads=1, steps=8, held_out=0.0)
KEY = FrameKey("scan", 0, 1)


def _store(settings=SMALL, n_t=2):
    store = SampleStore(settings.resolution, settings.held_out, settings.seed)
    store.add(make_cine(n_t=n_t))
    for z in range(2):
        store.apply(make_edit(FrameKey("scan", 0, z), z + 1))
    return store


def _engine(settings=SMALL, checkpoint=None, **changes):
    settings = dataclasses.replace(settings, **changes)
    return build_engine(settings, _store(settings), checkpoint=checkpoint)


def _losses(engine, count):
    return [tuple(engine.step().terms.values()) for _ in range(count)]


RUNS = [(key, "protocol") for key in METHODS] + [(key, "live") for key in ("dmpls", "random_walker", "s2l")]


@pytest.mark.parametrize(("method", "schedule"), RUNS)
def test_a_resumed_run_continues_to_the_bit(method, schedule):
    whole = _engine(method=method, schedule=schedule)
    _losses(whole, 2)
    checkpoint = whole.checkpoint()
    expected = _losses(whole, 2)

    resumed = _engine(checkpoint=checkpoint, method=method, schedule=schedule)
    torch.rand(7)
    assert _losses(resumed, 2) == expected
    for (name, a), (_, b) in zip(whole.weights().items(), resumed.weights().items(), strict=True):
        assert torch.equal(a, b), name


def test_predicting_and_foreign_random_numbers_do_not_disturb_training():
    quiet, busy = _engine(), _engine()
    expected = _losses(quiet, 3)
    found = []
    for _ in range(3):
        torch.rand(3)
        busy.predict([KEY])
        found += _losses(busy, 1)
    assert found == expected


def test_training_does_not_disturb_foreign_random_numbers():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    _losses(_engine(), 1)
    assert torch.equal(torch.rand(3), expected)


def test_a_checkpoint_is_a_private_copy():
    engine = _engine()
    checkpoint = engine.checkpoint()
    before = {name: t.clone() for name, t in checkpoint.tensors.items()}
    _losses(engine, 1)
    assert all(torch.equal(before[name], t) for name, t in checkpoint.tensors.items())


def test_training_learns_the_strokes_of_a_small_heart():
    engine = _engine(steps=40, learning_rate=0.03, method="pce")
    _losses(engine, 40)
    target = layer_to_training(make_strokes())
    drawn = target != IGNORE
    assert (engine.predict([KEY])[0].labels == target)[drawn].mean() > 0.85


def test_predictions_are_on_the_native_grid_and_know_their_age():
    engine = _engine()
    _losses(engine, 1)
    prediction = engine.predict([FrameKey("scan", 1, 2)])[0]
    assert prediction.labels.shape == prediction.confidence.shape == (64, 64)
    assert (prediction.step, prediction.revision) == (1, 2)


def test_strokes_are_seen_once_a_step_has_used_them():
    engine = _engine(batch_size=4)
    assert engine.step().strokes_seen == 2
    edit = make_strokes()
    edit[10:12, 10:12] = 1
    engine.apply([ScribbleEdit(KEY, edit, 3, strokes=2)])
    assert (engine.store.strokes_seen, engine.store.strokes_total) == (2, 4)


def test_the_whole_slice_protocol_steps_too():
    engine = _engine(resolution="protocol", batch_size=1)
    assert all(math.isfinite(v) for v in engine.step().terms.values())


def test_the_protocols_learning_rate_follows_the_poly_schedule():
    engine = _engine(schedule="protocol", steps=2)
    assert [engine.step().learning_rate for _ in range(2)] == [0.01, pytest.approx(0.01 * 0.5**0.9)]


def test_a_run_that_roams_shows_the_network_what_is_no_heart():
    store = SampleStore()
    store.add(make_cine(side=300))
    store.apply(make_edit(KEY, side=300))
    engine = build_engine(dataclasses.replace(SMALL, locate=True), store)
    far = [engine._batches._shift(KEY) for _ in range(200)]
    assert 0.15 < np.mean([shift != (0, 0) for shift in far]) < 0.35


class _ScarceMemory:
    """Fails like a device with room for `slices` at a time."""

    def __init__(self, engine, slices):
        self._update, self._slices = engine._optimisation.update, slices
        engine._optimisation.update = self

    def __call__(self, batch, clock, caution=1.0):
        if len(batch.image) > self._slices:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return self._update(batch, clock, caution)


def test_too_little_memory_halves_the_batch_and_says_so():
    engine, notices = _engine(batch_size=4), []
    engine.notify = notices.append
    _ScarceMemory(engine, 1)
    assert engine.step().step == 1
    assert [n.text for n in notices] == [
        "The cpu ran out of memory; going on with batches of 2.",
        "The cpu ran out of memory; going on with batches of 1.",
    ]
    engine.step()
    assert len(notices) == 2


def test_a_device_too_small_for_one_slice_hands_over_to_the_cpu(monkeypatch):
    engine, notices = _engine(batch_size=1), []
    engine.notify = notices.append
    scarce = _ScarceMemory(engine, 0)
    engine.device = torch.device("meta")
    monkeypatch.setattr(engine._batches, "draw", lambda size, device: (_batch_on_cpu(engine), [KEY]))
    real_move = engine._move

    def move(device):
        real_move(device)
        scarce._slices = 9

    monkeypatch.setattr(engine, "_move", move)
    assert math.isfinite(sum(engine.step().terms.values()))
    assert engine.device.type == "cpu"
    assert notices[-1].text == "The meta has too little memory; going on with the CPU."


def _batch_on_cpu(engine):
    from napari_scribbleseg.engine.batches import BatchMaker

    return BatchMaker.draw(engine._batches, 1, torch.device("cpu"))[0]


def test_another_error_is_not_taken_for_scarce_memory():
    engine = _engine()

    def fail(batch, clock, caution):
        raise RuntimeError("something else")

    engine._optimisation.update = fail
    with pytest.raises(RuntimeError, match="something else"):
        engine.step()


def test_a_loss_that_is_no_number_leaves_the_weights_alone_and_ends_the_run_after_ten():
    engine = _engine()
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
    assert _engine().measure_held_out() is None


def test_weights_predict_what_the_engine_predicts():
    engine = _engine()
    _losses(engine, 2)
    method, settings = build_trained(engine.weights(), engine.description(), torch.device("cpu"))
    assert settings == engine.settings
    image = torch.rand(1, 1, 128, 128)
    assert torch.allclose(method.predict(image), engine.predictor.predict(image), atol=1e-6)


def test_a_live_run_that_was_through_goes_on_for_as_long_again():
    engine = _engine(steps=2)
    _losses(engine, 2)
    assert _engine(steps=2, checkpoint=engine.checkpoint()).clock.total == 4


def test_a_checkpoint_of_another_method_is_refused_with_a_sentence():
    checkpoint = _engine(method="pce").checkpoint()
    with pytest.raises(WeightsError, match="another method than 'dmpls'"):
        _engine(checkpoint=checkpoint)


def test_starting_weights_replace_the_random_ones():
    donor = _engine()
    _losses(donor, 1)
    engine = build_engine(SMALL, _store(), weights=donor.weights())
    assert all(torch.equal(a, donor.weights()[n]) for n, a in engine.weights().items())
