"""The usual maker of runners: an engine in this process."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribbleseg.qt.thread import be_nice
from napari_scribbleseg.qt.values import Runnable, RunRequest
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Checkpoint, Event

if TYPE_CHECKING:
    from torch import Tensor

    from napari_scribbleseg.api.model import Model
    from napari_scribbleseg.data import SampleStore
    from napari_scribbleseg.engine.engine import Engine
    from napari_scribbleseg.engine.predicting import Predicting

_STORE = "store/"


def make_local_runner(request: RunRequest, emit: Callable[[Event], None]) -> Runnable:
    """Make a runner of `engine`; torch is imported and the engine built on the thread that runs it."""
    from napari_scribbleseg.engine.runner import Runner

    runner = Runner(lambda: _build(request), emit, doubt_at_end_s=request.doubt_at_end_s, post=request.post)
    runner.focus(request.focus)
    return runner


def warm_up(source: str = "") -> threading.Thread:
    """Get ready to predict, on a thread of its own, so that the first mask need not wait seconds for imports.

    Parameters
    ----------
    source : weights file that will be asked for, "" where none will
    """
    return _in_background(lambda: _get_ready(source))


def warm_up_training() -> threading.Thread:
    """Import what training needs beyond that, likewise."""
    return _in_background(_import_optimisers)


def _in_background(work: Callable[[], None]) -> threading.Thread:
    def politely() -> None:
        be_nice()
        # Whoever asks for what does not load here will say what is wrong, in a sentence.
        with contextlib.suppress(ImportError, OSError, ValueError):
            work()

    thread = threading.Thread(target=politely, name="warm-up", daemon=True)
    thread.start()
    return thread


def _get_ready(source: str) -> None:
    from napari_scribbleseg.data import SampleStore
    from napari_scribbleseg.engine.predicting import Predicting

    if source:
        model = _load(source, _stamp(source))
        Predicting(model.settings, SampleStore(model.settings.resolution), model.tensors)


def _import_optimisers() -> None:
    import torch

    # The first optimiser of a process brings a second batch of imports with it.
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)


def _build(request: RunRequest) -> Engine | Predicting:
    from napari_scribbleseg.data import SampleStore

    settings, weights = request.settings, request.weights
    if request.source and weights is None and request.checkpoint is None:
        settings, weights = _read(request.source, settings)
    store = SampleStore(resolution=settings.resolution, held_out=settings.held_out, seed=settings.seed)
    for cine in request.cines:
        store.add(cine)
    for edit in request.edits:
        store.apply(edit)
    if settings.steps == 0 and (request.checkpoint is not None or weights is not None):
        return _build_predicting(settings, store, weights, request.checkpoint)
    from napari_scribbleseg.engine import build_engine

    return build_engine(settings, store, weights=weights, checkpoint=request.checkpoint)


def _read(source: str, settings: TrainSettings) -> tuple[TrainSettings, Mapping[str, Tensor]]:
    """Return the weights of a file, and the settings with what the weights were trained with in their place."""
    model = _load(source, _stamp(source))
    if settings.steps == 0:
        before = model.settings
        kept = {"method": before.method, "options": before.options, "resolution": before.resolution}
        settings = dataclasses.replace(settings, **kept)
    return settings, model.tensors


def _stamp(source: str) -> float:
    """Return what tells a file from one that takes its place."""
    try:
        return Path(source).stat().st_mtime
    except OSError:
        return 0.0


@functools.lru_cache(maxsize=1)
def _load(source: str, stamp: float) -> Model:
    from napari_scribbleseg.api.shipped import find_weights

    return find_weights(source)


def _build_predicting(
    settings: TrainSettings,
    store: SampleStore,
    weights: Mapping[str, Tensor] | None,
    checkpoint: Checkpoint | None,
) -> Predicting:
    from napari_scribbleseg.engine.predicting import Predicting

    if checkpoint is None:
        return Predicting(settings, store, weights or {})
    trained = TrainSettings.from_json(checkpoint.meta["settings"])
    settings = dataclasses.replace(settings, method=trained.method, options=trained.options)
    kept = {name.removeprefix(_STORE): t for name, t in checkpoint.tensors.items() if name.startswith(_STORE)}
    store.restore({name: tensor.numpy() for name, tensor in kept.items()}, checkpoint.meta["store"])
    return Predicting(settings, store, checkpoint.weights, int(checkpoint.meta["step"]))
