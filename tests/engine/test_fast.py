"""The accelerated path does what the plain one does; on the CPU here, with a GPU the same and recorded."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from napari_scribbleseg.data import SampleStore, augment
from napari_scribbleseg.data.augment import Augmentation
from napari_scribbleseg.data.sampler import EpochSampler
from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.engine.batches import BatchMaker
from napari_scribbleseg.engine.engine import DivergedError
from napari_scribbleseg.engine.resident import ResidentBatches, place
from napari_scribbleseg.engine.world import ALONE
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.settings import TrainSettings, protocol_settings
from napari_scribbleseg.types import FrameKey
from tests.synthetic import make_cine, make_edit

CPU = torch.device("cpu")
SMALL = TrainSettings(batch_size=2, threads=1, steps=8, held_out=0.0, schedule="protocol", ema_decay=0.0)
STILL = Augmentation(rotation_deg=0, noise=0)


def _store(resolution="roi", side=64):
    store = SampleStore(resolution)
    for case in ("scan", "other"):
        store.add(make_cine(case, n_t=2, side=side if case == "scan" else side + 40))
        store.apply(make_edit(FrameKey(case, 0, 0), 1, side if case == "scan" else side + 40))
        store.apply(make_edit(FrameKey(case, 1, 1), 2, side if case == "scan" else side + 40))
    return store


def _both(store, ranges, *, roam=False, seed=3):
    plain = BatchMaker(store, EpochSampler(store.scribbled), ranges, seed, roam=roam)
    fast = ResidentBatches(store, EpochSampler(store.scribbled), ranges, seed, roam=roam, device=CPU, world=ALONE)
    return plain.draw(4, CPU), fast.draw(4, CPU)


def _assert_alike(plain, fast, inside=slice(None)):
    (a, keys), (b, same_keys) = plain, fast
    assert keys == same_keys
    assert torch.allclose(a.image[..., inside, inside], b.image[..., inside, inside], atol=1e-4)
    assert (a.labels != b.labels)[..., inside, inside].float().mean() < 1e-3


@pytest.mark.parametrize("resolution", ["roi", "protocol"])
def test_a_still_batch_is_the_same_on_both_paths(resolution):
    _assert_alike(*_both(_store(resolution, 200), STILL))


def test_turns_and_rotations_are_the_same_on_both_paths():
    ranges = Augmentation(quarter_turns=0.5, noise=0)
    for seed in range(4):
        _assert_alike(*_both(_store("protocol"), ranges, seed=seed))


def test_inside_the_window_the_live_views_are_the_same_on_both_paths():
    ranges = dataclasses.replace(augment.LIVE, noise=0, contrast=0)
    _assert_alike(*_both(_store("roi", 200), ranges), inside=slice(32, 96))


def test_windows_that_roam_are_the_same_on_both_paths():
    for seed in range(4):
        _assert_alike(*_both(_store("roi", 300), STILL, roam=True, seed=seed))


def test_a_window_beyond_the_picture_sees_nothing_there():
    _, (batch, _) = _both(_store("roi", 64), STILL)
    assert (batch.image[:, 0, 0] == 0).all()
    assert (batch.labels[:, 0] == IGNORE).all()


def test_placing_a_view_is_hand_checked():
    """A window of 2 pixels at column 2 and row 0 of a picture 4 high and 8 wide: its middle is x = -1/4, y = -1/2."""
    still = torch.eye(3)[None, :2]
    placed = place(still, torch.tensor([[0, 2]]), 2, (4, 8))
    assert placed[0].tolist() == [[0.25, 0, -0.25], [0, 0.5, -0.5]]


def test_an_edit_reaches_the_device():
    store = _store()
    fast = ResidentBatches(store, EpochSampler(store.scribbled), STILL, 0, roam=False, device=CPU, world=ALONE)
    fast.draw(2, CPU)
    key = FrameKey("scan", 0, 2)
    store.apply(make_edit(key, 9))
    drawn = [k for _ in range(3) for k in fast.draw(2, CPU)[1]]
    assert key in drawn


def _engine(checkpoint=None, **changes):
    settings = dataclasses.replace(SMALL, **changes)
    return build_engine(settings, _store(settings.resolution), checkpoint=checkpoint)


def _quiet(monkeypatch):
    """Take the noise away, which the paths draw from different generators, and the dropout."""
    from napari_scribbleseg.engine import engine as module

    monkeypatch.setattr(module, "AUGMENTATIONS", {"protocol": Augmentation(quarter_turns=0.5, noise=0)})
    monkeypatch.setattr(torch.nn.Dropout, "forward", lambda self, x: x)
    monkeypatch.setattr(torch.nn.Dropout2d, "forward", lambda self, x: x)


def test_both_paths_train_to_the_same_weights(monkeypatch):
    """To rounding: two steps of the protocol, where both see the same pixels."""
    _quiet(monkeypatch)
    changes = {"resolution": "protocol", "method": "pce", "batch_size": 2, "steps": 2}
    plain, fast = _engine(acceleration="off", **changes), _engine(acceleration="on", **changes)
    for _ in range(2):
        a, b = plain.step(), fast.step()
        # The plain path draws its noise, though of size 0, from the generator of the batches.
        fast._batches._generator.set_state(plain._batches._generator.get_state())
        assert b.terms["partial_ce"] == pytest.approx(a.terms["partial_ce"], abs=2e-4)
    for name, tensor in plain.weights().items():
        assert torch.allclose(tensor.float(), fast.weights()[name].float(), atol=2e-3), name


@pytest.mark.parametrize("method", ["dmpls", "dan", "mean_teacher", "s2l"])
def test_an_accelerated_run_resumes_to_the_bit(method):
    whole = _engine(method=method, acceleration="on")
    whole.advance(2)
    checkpoint = whole.checkpoint()
    expected = [whole.advance(2).terms, whole.step().terms]
    stored = {name: tensor.contiguous() for name, tensor in checkpoint.tensors.items()}  # as files keep them
    resumed = _engine(dataclasses.replace(checkpoint, tensors=stored), method=method, acceleration="on")
    assert [resumed.advance(2).terms, resumed.step().terms] == expected
    for name, tensor in whole.weights().items():
        assert torch.equal(tensor, resumed.weights()[name]), name


def test_several_steps_are_one_report():
    engine = _engine(method="pce", acceleration="on")
    report = engine.advance(3)
    assert report.step == engine.clock.step == 3
    assert report.learning_rate == pytest.approx(0.01 * (1 - 2 / 8) ** 0.9)
    assert math.isfinite(report.terms["partial_ce"])
    assert report.strokes_seen == 4


def test_a_loss_that_is_no_number_leaves_the_weights_alone_and_ends_the_run_after_ten():
    engine = _engine(method="pce", acceleration="on")
    for case in engine.store.cases:
        for key in engine.store.cine(case).keys():
            engine.store.canvas(key)[:] = math.nan
    before = engine.weights()
    engine.advance(9)
    learned = [n for n, _ in engine.method.named_parameters()]
    assert all(torch.equal(before[n], engine.weights()[n]) for n in learned)
    with pytest.raises(DivergedError, match="smaller learning rate"):
        engine.step()


def test_only_runs_of_known_length_are_accelerated():
    assert _engine(acceleration="on", schedule="live")._fast is None
    assert _engine(acceleration="auto")._fast is None, "there is no CUDA here"
    assert protocol_settings().acceleration == "auto"


def test_too_little_memory_for_the_resident_data_goes_on_step_by_step():
    engine, notices = _engine(method="pce", acceleration="on"), []
    engine.notify = notices.append

    def fail(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    engine._fast.step = fail
    assert engine.advance(2).step == 1
    assert [n.text for n in notices] == ["The cpu ran out of memory; going on step by step."]
    assert engine.advance(2).step == 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_recorded_run_learns_what_a_plain_one_learns():
    def losses(acceleration):
        engine = _engine(method="pce", resolution="protocol", batch_size=4, steps=60, acceleration=acceleration)
        return np.mean([engine.advance(1).terms["partial_ce"] for _ in range(60)][-10:])

    assert losses("on") == pytest.approx(losses("off"), rel=0.3)
