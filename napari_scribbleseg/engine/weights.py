"""Weights files: safetensors with a JSON description. Nothing is ever unpickled."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.engine.device import move
from napari_scribbleseg.methods import Method, MethodError, build_method
from napari_scribbleseg.settings import TrainSettings

if TYPE_CHECKING:
    import torch
    from torch import Tensor

FORMAT = "napari-scribbleseg"
VERSION = 1
_ENTRY = "napari_scribbleseg"


class WeightsError(ValueError):
    """A weights file cannot be read, or does not fit."""


def save_weights(path: str | os.PathLike[str], tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Write tensors and a JSON description, atomically.

    Raises
    ------
    OSError
        Where the target cannot be written; an old file is then still whole.
    """
    content = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    described = json.dumps({"format": FORMAT, "version": VERSION, **meta}, sort_keys=True)
    write_atomically(path, save(content, metadata={_ENTRY: described}))


def load_weights(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read tensors and description.

    Raises
    ------
    WeightsError
        For a missing, damaged or foreign file, or one of a newer version; one sentence says which.
    """
    name = Path(path).name
    try:
        with safe_open(path, framework="pt") as file:
            meta = json.loads((file.metadata() or {}).get(_ENTRY, "null"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
    except FileNotFoundError as error:
        raise WeightsError(f"There is no weights file {name}.") from error
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(
            f"{name} is damaged or no weights file (safetensors). Train again or take a copy."
        ) from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise WeightsError(f"{name} holds no weights of napari-scribbleseg.")
    if meta.get("version", 0) > VERSION:
        raise WeightsError(f"{name} comes from a newer version of napari-scribbleseg. Update to use it.")
    return tensors, meta


def describe_weights(settings: TrainSettings, step: int, windows: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description that :func:`build_trained` needs.

    Parameters
    ----------
    windows : case → `SampleStore.window`, so that a scan trained on is found again at once
    """
    return {"settings": settings.to_json(), "step": step, "windows": dict(windows)}


def build_trained(
    tensors: Mapping[str, Tensor], meta: Mapping[str, Any], device: torch.device
) -> tuple[Method, TrainSettings]:
    """Return the method of a weights file, ready to predict, and the settings it was trained with.

    Raises
    ------
    WeightsError
        Where the description and the tensors do not make a method of this version.
    """
    try:
        settings = TrainSettings.from_json(meta["settings"])
        method = build_method(settings.method, settings.options)
        method.load_state_dict(dict(tensors))
    except (KeyError, RuntimeError, MethodError, ValueError) as error:
        raise WeightsError(f"These weights do not fit a method of this version: {error}") from error
    move(method, device)
    return method.eval(), settings
