"""A small file of weights that were never trained, for tests that need real ones."""

from __future__ import annotations

from pathlib import Path

import torch

from napari_scribbleseg.api.model import Model
from napari_scribbleseg.api.shipped import for_sharing
from napari_scribbleseg.methods import build_method
from napari_scribbleseg.settings import TrainSettings


def write_weights(path: Path, **settings) -> Path:
    """Write weights of a network as it is before its first step."""
    chosen = TrainSettings(**settings)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        method = build_method(chosen.method, chosen.options)
    meta = {"settings": chosen.to_json(), "step": 0, "windows": {}}
    for_sharing(Model(method.state_dict(), meta)).save(path)
    return path
