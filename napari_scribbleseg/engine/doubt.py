"""Where the network doubts itself: what its two decoders disagree on, and what both of them are unsure of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from napari_scribbleseg.data.grid import Grid
from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.labels import BG, FOREGROUND, LabelMap
from napari_scribbleseg.methods import Method
from napari_scribbleseg.nets import DualBranchUNet
from napari_scribbleseg.types import FrameKey, SliceDoubt

SMOOTH_PX = 20.0
"""Pixels that every class has right for nothing, so that a few unsure ones in an empty slice weigh little."""


@torch.inference_mode()
def doubt_slices(
    method: Method, store: SampleStore, keys: Sequence[FrameKey], device: torch.device
) -> Iterator[tuple[FrameKey, SliceDoubt]]:
    """Yield how far the network is to be trusted on slices of one scan.

    The score is 1 - the Dice to be expected of what is shown, if the mean of the decoders' probabilities were right: it
    rises where either of them is unsure, and where they contradict each other. Tried on ACDC (`benchmarks/doubt.py`),
    it ranks slices by their error better than the Dice between the two answers, alone or mixed in.

    Parameters
    ----------
    method : Method in evaluation mode, on `device`
    store : SampleStore that holds the scan
    keys : slices of a single case
    """
    grid = store.grid(keys[0].case)
    windows = np.stack([grid.crop(store.canvas(key), 0) for key in keys])
    images = torch.from_numpy(windows)[:, None].to(device).contiguous(memory_format=torch.channels_last)
    inside = _field_mask(grid, device)
    answers = [_confine(p.float(), inside) for p in ask(method, images)]
    shown, believed = _one_hot(answers[0]), torch.stack(answers).mean(0)
    other = _one_hot(answers[-1])
    scores, disagreement = 1 - dice(shown, believed, SMOOTH_PX), 1 - dice(shown, other)
    labels = (believed - shown).abs().sum((2, 3))[:, 1:].argmax(1) + FOREGROUND[0]
    maps = _to_native(grid, 1 - (shown * believed).sum(1))
    for i, key in enumerate(keys):
        yield key, SliceDoubt(float(scores[i]), float(disagreement[i]), int(labels[i]), maps[i])


def ask(method: Method, images: Tensor) -> list[Tensor]:
    """Return the probabilities `(B, C, H, W)` of every decoder for images `(B, 1, H, W)`, the one that predicts first.

    The encoder runs once. A method whose network has one decoder answers once.
    """
    net = method.net
    if not isinstance(net, DualBranchUNet):
        return [method.predict(images)]
    features = net.encoder(images)
    answers: list[Tensor] = [net.main(features).softmax(1), net.auxiliary(features).softmax(1)]
    return answers[::-1] if getattr(method.options, "decoder", "main") == "auxiliary" else answers


def dice(answer: Tensor, other: Tensor, smooth: float = 1e-6) -> Tensor:
    """Return the Dice of two maps `(B, C, H, W)`, mean over the classes of the heart, `(B,)`.

    Where `answer` holds labels and `other` probabilities, this is about the Dice to be expected of the labels:
    (2 Σ a p + s) / (Σ a + Σ p + s), with s pixels that are right for nothing. A class that neither holds counts as
    right.
    """
    a, p = answer[:, 1:], other[:, 1:]
    shared, size = (a * p).sum((2, 3)), a.sum((2, 3)) + p.sum((2, 3))
    return ((2 * shared + smooth) / (size + smooth)).mean(1)


def _one_hot(probabilities: Tensor) -> Tensor:
    n_classes = probabilities.shape[1]
    return functional.one_hot(probabilities.argmax(1), n_classes).movedim(3, 1).to(probabilities.dtype)


def _field_mask(grid: Grid, device: torch.device) -> Tensor | None:
    """Return where in the window a heart can be, bool `(H, W)`; None where that is not known."""
    if grid.field is None:
        return None
    top, left, bottom, right = grid.field
    y = torch.arange(grid.size, device=device)[:, None] + grid.offset[0]
    x = torch.arange(grid.size, device=device)[None] + grid.offset[1]
    return (y >= top) & (y < bottom) & (x >= left) & (x < right)


def _confine(probabilities: Tensor, inside: Tensor | None) -> Tensor:
    """Return probabilities that are background outside of the field, as the masks shown are."""
    if inside is None:
        return probabilities
    confined = probabilities * inside
    confined[:, BG] += (~inside).to(probabilities.dtype)
    return confined


def _to_native(grid: Grid, maps: Tensor) -> LabelMap:
    """Carry maps `(B, size, size)` of 0–1 back to the scan, uint8 `(B, y, x)` × 255, 0 outside the window."""
    canvas = torch.from_numpy(grid.paste(maps.cpu().numpy(), 0))[:, None]
    how = {"mode": "bilinear", "align_corners": False} if grid.smooth else {"mode": "nearest-exact"}
    native = functional.interpolate(canvas, grid.native, **how)[:, 0]
    return (native * 255).round().to(torch.uint8).numpy()
