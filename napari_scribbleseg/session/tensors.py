"""Checkpoint and weights of a session as safetensors; torch is imported only when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.session.errors import SessionError
from napari_scribbleseg.types import Checkpoint

if TYPE_CHECKING:
    import torch

CHECKPOINT_NAME = "checkpoint.safetensors"
WEIGHTS_NAME = "weights.safetensors"
_STATE, _WEIGHTS = "state/", "weights/"
_DESCRIPTION = ("settings", "step", "windows")


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write all of a checkpoint into one file, atomically, so that its parts always belong together.

    Raises
    ------
    OSError
        When the target cannot be written; the old file is then as it was.
    """
    from napari_scribbleseg.engine.weights import save_weights

    tensors = {_STATE + name: tensor for name, tensor in checkpoint.tensors.items()}
    tensors |= {_WEIGHTS + name: tensor for name, tensor in checkpoint.weights.items()}
    save_weights(path, _separate(tensors), {"checkpoint": checkpoint.meta})


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; tensors are on the CPU.

    Raises
    ------
    SessionError
        For a damaged file or one of a newer version; the sentence names the file.
    """
    tensors, meta = _read(path)
    if not isinstance(meta.get("checkpoint"), dict):
        raise SessionError(f"{path.name} holds no checkpoint.")
    return Checkpoint(tensors=_under(_STATE, tensors), meta=meta["checkpoint"], weights=_under(_WEIGHTS, tensors))


def write_weights(path: Path, checkpoint: Checkpoint) -> None:
    """Write the weights that predict as a file that the command line reads too, atomically.

    Raises
    ------
    OSError
        When the target cannot be written; the old file is then as it was.
    """
    from napari_scribbleseg.engine.weights import save_weights

    meta = {name: checkpoint.meta[name] for name in _DESCRIPTION if name in checkpoint.meta}
    save_weights(path, _separate(checkpoint.weights), meta)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Read the weights that predict; tensors are on the CPU.

    Raises
    ------
    SessionError
        For a damaged file or one of a newer version; the sentence names the file.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    from napari_scribbleseg.engine.weights import WeightsError, load_weights

    try:
        tensors, meta = load_weights(path)
    except WeightsError as error:
        raise SessionError(str(error)) from error
    # What was loaded may still be the mapped file, which Windows would then not let us replace.
    return {name: tensor.clone() for name, tensor in tensors.items()}, meta


def _separate(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return tensors of which no two share memory, as the format wants them."""
    seen: set[int] = set()
    separate = {}
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        separate[name] = tensor.clone() if place in seen else tensor
        seen.add(place)
    return separate


def _under(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
