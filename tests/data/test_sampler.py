from __future__ import annotations

from collections import Counter

import pytest
import torch

from napari_scribbleseg.data.sampler import EpochSampler, LiveSampler
from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.types import FrameKey
from tests.synthetic import make_cine, make_edit


@pytest.fixture
def store() -> SampleStore:
    store = SampleStore()
    store.add(make_cine(n_t=2, n_z=8))
    for z in range(6):
        store.apply(make_edit(FrameKey("scan", 0, z), z + 1))
    return store


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_an_epoch_shows_every_slice_once(store):
    sampler, generator = EpochSampler(store.scribbled), _generator()
    drawn = [key for _ in range(3) for key in sampler.draw(4, generator)]
    assert Counter(drawn) == Counter(dict.fromkeys(store.scribbled(), 2))


def test_an_epoch_continues_where_it_was_saved(store):
    sampler, generator = EpochSampler(store.scribbled), _generator()
    sampler.draw(4, generator)
    state, position = sampler.state(), generator.get_state()
    expected = sampler.draw(5, generator)
    other = EpochSampler(store.scribbled)
    other.restore(state)
    assert other.draw(5, torch.Generator().set_state(position) or generator) == expected


def test_half_of_a_live_batch_carries_strokes(store):
    batch = LiveSampler(store, use_bare=True).draw(6, _generator())
    scribbled = set(store.scribbled())
    assert [key in scribbled for key in batch] == [True] * 3 + [False] * 3


def test_a_method_that_needs_strokes_gets_only_those(store):
    scribbled = set(store.scribbled())
    assert set(LiveSampler(store, use_bare=False).draw(6, _generator())) <= scribbled


def test_the_newest_strokes_come_more_often(store):
    sampler, generator = LiveSampler(store, use_bare=False), _generator()
    counts = Counter(key for _ in range(600) for key in sampler.draw(1, generator))
    recent = sum(counts[k] for k in store.recent())
    assert recent / 600 == pytest.approx(12 / 15, abs=0.06)


def test_a_batch_larger_than_the_store_repeats_slices(store):
    assert len(LiveSampler(store, use_bare=False).draw(20, _generator())) == 20
