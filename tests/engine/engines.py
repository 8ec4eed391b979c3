"""Small engines over a made-up heart."""

from __future__ import annotations

import dataclasses

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Cine, FrameKey
from tests.synthetic import make_cine, make_edit

SMALL = TrainSettings(batch_size=2, threads=1, steps=8, held_out=0.0)
KEY = FrameKey("scan", 0, 1)


def make_store(settings=SMALL, *others: Cine, n_t=2):
    """Return a store with strokes on two slices of "scan", and other scans without any."""
    store = SampleStore(settings.resolution, settings.held_out, settings.seed)
    store.add(make_cine(n_t=n_t))
    for cine in others:
        store.add(cine)
    for z in range(2):
        store.apply(make_edit(FrameKey("scan", 0, z), z + 1))
    return store


def make_engine(settings=SMALL, checkpoint=None, **changes):
    settings = dataclasses.replace(settings, **changes)
    return build_engine(settings, make_store(settings), checkpoint=checkpoint)


def losses(engine, count):
    return [tuple(engine.step().terms.values()) for _ in range(count)]
