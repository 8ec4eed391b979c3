"""Cross-entropy on the pixels that a person scribbled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from napari_scribbleseg.labels import IGNORE

if TYPE_CHECKING:
    from torch import Tensor


def partial_cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    """Average the cross-entropy over scribbled pixels.

    Luo et al., MICCAI 2022, eq. 1, which is printed as a sum over the scribbled pixels; like the released code
    this is their mean, so that the term does not grow with the length of the strokes.

    Parameters
    ----------
    scores : float (B, C, H, W), before the softmax
    labels : int64 (B, H, W), training codes; IGNORE where nobody scribbled

    Returns
    -------
    Scalar; 0, with a gradient of 0, for a batch without any scribble.
    """
    total = functional.cross_entropy(scores, labels, ignore_index=IGNORE, reduction="sum")
    return total / (labels != IGNORE).sum().clamp(min=1)
