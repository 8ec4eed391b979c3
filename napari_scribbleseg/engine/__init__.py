"""The training engine: build one, step it, run it, save and resume it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_scribbleseg.engine.runner import Runner

if TYPE_CHECKING:
    from torch import Tensor

    from napari_scribbleseg.data.store import SampleStore
    from napari_scribbleseg.engine.engine import Engine
    from napari_scribbleseg.engine.world import World
    from napari_scribbleseg.settings import TrainSettings
    from napari_scribbleseg.types import Checkpoint


def build_engine(
    settings: TrainSettings,
    store: SampleStore,
    weights: Mapping[str, Tensor] | None = None,
    checkpoint: Checkpoint | None = None,
    world: World | None = None,
) -> Engine:
    """Build the engine: the only constructor, shared by window, command line and benchmarks.

    Parameters
    ----------
    settings : TrainSettings
    store : SampleStore
        Scans and strokes known so far; more may come while it runs.
    weights : tensors by name, optional
        Start from these instead of a random initialisation.
    checkpoint : Checkpoint, optional
        Continue this run: to the bit on a CPU with the same torch, threads and strokes.

    world : World, optional
        The processes that train together; by default this one alone.

    Raises
    ------
    WeightsError
        Where weights or checkpoint belong to another method.
    DeviceError, MethodError
        Where the settings ask for what is not there.
    """
    from napari_scribbleseg.engine.engine import Engine
    from napari_scribbleseg.engine.weights import WeightsError
    from napari_scribbleseg.engine.world import ALONE

    engine = Engine(settings, store, world or ALONE)
    try:
        if checkpoint is not None:
            engine.restore(checkpoint)
        elif weights is not None:
            engine.load_weights(dict(weights))
    except (RuntimeError, KeyError) as error:
        raise WeightsError(f"These weights belong to another method than {settings.method!r}.") from error
    store.hold_out()
    return engine


__all__ = ["Runner", "build_engine"]
