"""Telling slices without any label from the others, and averages over them alone.

A semi-supervised batch goes through the network in one pass, and every term is a mean over its own slices. Nothing
here waits for the device: a slice is weighed by 0 or 1, never cut out. Deviation of the released trainers: they
run labelled and unlabelled slices apart, so batch statistics there are of 6 slices, here of all 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_scribbleseg.labels import IGNORE

if TYPE_CHECKING:
    from torch import Tensor


def find_unlabelled(labels: Tensor) -> Tensor:
    """Return bool `(B,)`, True for the slices of `labels` `(B, H, W)` that are IGNORE throughout."""
    return (labels == IGNORE).flatten(1).all(1)


def mean_over(values: Tensor, chosen: Tensor) -> Tensor:
    """Average `values` `(B, …)` over the chosen slices, `chosen` bool `(B,)`; 0, with a gradient of 0, for none."""
    per_slice = values.flatten(1).mean(1) if values.ndim > 1 else values
    return (per_slice * chosen).sum() / chosen.sum().clamp(min=1)
