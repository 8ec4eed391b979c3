"""A device with too little memory."""

from __future__ import annotations

import math

import pytest
import torch

from tests.engine.engines import KEY, make_engine


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
    engine, notices = make_engine(batch_size=4), []
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
    engine, notices = make_engine(batch_size=1), []
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
    engine = make_engine()

    def fail(batch, clock, caution):
        raise RuntimeError("something else")

    engine._optimisation.update = fail
    with pytest.raises(RuntimeError, match="something else"):
        engine.step()
