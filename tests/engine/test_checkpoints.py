"""What a checkpoint holds, and that nothing is missing in it."""

from __future__ import annotations

import pytest
import torch

from napari_scribbleseg.engine.weights import WeightsError
from napari_scribbleseg.methods import METHODS
from tests.engine.engines import losses, make_engine

RUNS = [(key, "protocol") for key in METHODS] + [(key, "live") for key in ("dmpls", "random_walker", "s2l")]


@pytest.mark.parametrize(("method", "schedule"), RUNS)
def test_a_resumed_run_continues_to_the_bit(method, schedule):
    whole = make_engine(method=method, schedule=schedule)
    losses(whole, 2)
    checkpoint = whole.checkpoint()
    expected = losses(whole, 2)

    resumed = make_engine(checkpoint=checkpoint, method=method, schedule=schedule)
    torch.rand(7)
    assert losses(resumed, 2) == expected
    for (name, a), (_, b) in zip(whole.weights().items(), resumed.weights().items(), strict=True):
        assert torch.equal(a, b), name


def test_a_checkpoint_is_a_private_copy():
    engine = make_engine()
    checkpoint = engine.checkpoint()
    before = {name: t.clone() for name, t in checkpoint.tensors.items()}
    losses(engine, 1)
    assert all(torch.equal(before[name], t) for name, t in checkpoint.tensors.items())


@pytest.mark.parametrize("schedule", ["live", "finetune"])
def test_names_on_disk_are_those_of_checkpoints_written_before(schedule):
    engine = make_engine(schedule=schedule, ema_decay=0.9, held_out=0.1)
    engine.load_weights(engine.weights())
    engine.step()
    checkpoint = engine.checkpoint()
    groups = {"method", "optimiser", "random", "store", "averaged"} | ({"anchor"} if schedule == "finetune" else set())
    assert {name.split("/")[0] for name in checkpoint.tensors} == groups
    assert {n for n in checkpoint.tensors if n.startswith("random/")} >= {"random/batches"}
    parts = {"sampler", "optimiser", "store"}
    assert set(checkpoint.meta) == {"settings", "step", "windows", "total", "batch_size"} | parts
    assert set(checkpoint.meta["store"]) == {"slices", "windows", "revision", "total", "maps"}


def test_a_live_run_that_was_through_goes_on_for_as_long_again():
    engine = make_engine(steps=2)
    losses(engine, 2)
    assert make_engine(steps=2, checkpoint=engine.checkpoint()).clock.total == 4


def test_a_checkpoint_of_another_method_is_refused_with_a_sentence():
    checkpoint = make_engine(method="pce").checkpoint()
    with pytest.raises(WeightsError, match="another method than 'dmpls'"):
        make_engine(checkpoint=checkpoint)
