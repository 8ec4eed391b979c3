"""The usual maker of runners: an engine in this process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_scribbleseg.qt.thread import be_nice
from napari_scribbleseg.qt.values import Runnable, RunRequest
from napari_scribbleseg.types import Event

if TYPE_CHECKING:
    from napari_scribbleseg.engine.engine import Engine


def make_local_runner(request: RunRequest, emit: Callable[[Event], None]) -> Runnable:
    """Make a runner of `engine`; torch is imported and the engine built on the thread that runs it."""
    from napari_scribbleseg.engine.runner import Runner

    runner = Runner(lambda: _build(request), emit)
    runner.focus(request.focus)
    return runner


def warm_up() -> threading.Thread:
    """Import torch and the engine on a thread of their own, so that the first Train need not wait seconds for them."""
    thread = threading.Thread(target=_import_engine, name="warm-up", daemon=True)
    thread.start()
    return thread


def _import_engine() -> None:
    be_nice()
    with contextlib.suppress(ImportError, OSError):  # Train says what is wrong, in a sentence
        import torch

        # The first optimiser of a process brings a second batch of imports with it.
        torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)


def _build(request: RunRequest) -> Engine:
    from napari_scribbleseg.data import SampleStore
    from napari_scribbleseg.engine import build_engine

    settings = request.settings
    store = SampleStore(resolution=settings.resolution, held_out=settings.held_out, seed=settings.seed)
    for cine in request.cines:
        store.add(cine)
    for edit in request.edits:
        store.apply(edit)
    return build_engine(settings, store, weights=request.weights, checkpoint=request.checkpoint)
