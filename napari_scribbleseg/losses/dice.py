"""Soft Dice loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

SMOOTH = 1e-5


def dice_loss(probabilities: Tensor, labels: Tensor, valid: Tensor | None = None) -> Tensor:
    """Return 1 - Dice, per class over the whole batch, averaged over all classes, background included.

    Dice = (2 Σ p y + s) / (Σ p² + Σ y² + s) with s = 1e-5, the squared denominator of the released code.

    Parameters
    ----------
    probabilities : float (B, C, H, W), after the softmax
    labels : int64 (B, H, W), a class for every pixel; any value where `valid` is False
    valid : bool (B, H, W), optional
        The pixels to count; all by default. With none to count, the loss and its gradient are 0.

    Returns
    -------
    Scalar in [0, 1].
    """
    classes = probabilities.shape[1]
    known = labels if valid is None else labels.where(valid, 0)
    target = functional.one_hot(known, classes).movedim(-1, 1).to(probabilities.dtype)
    if valid is not None:
        inside = valid.unsqueeze(1)
        target, probabilities = target * inside, probabilities * inside
    over = (0, 2, 3)
    overlap = (probabilities * target).sum(over)
    size = probabilities.square().sum(over) + target.sum(over)
    return 1 - ((2 * overlap + SMOOTH) / (size + SMOOTH)).mean()
