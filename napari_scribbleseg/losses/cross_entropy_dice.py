"""The supervised loss of dense labels: cross-entropy and Dice in equal parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.losses.dice import dice_loss
from napari_scribbleseg.losses.partial_cross_entropy import partial_cross_entropy

if TYPE_CHECKING:
    from torch import Tensor


def cross_entropy_and_dice(scores: Tensor, labels: Tensor) -> Tensor:
    """Return ½ (CE + Dice), both over the labelled pixels alone.

    The loss of Luo et al., MICCAI 2022, table 1, for every row that learns from whole masks. A mask, too, has
    pixels without a label: a rotation brings IGNORE in at the corners. The cross-entropy is the mean over labelled
    pixels, the Dice per class over the whole batch.

    Parameters
    ----------
    scores : float (B, C, H, W), before the softmax
    labels : int64 (B, H, W), training codes; IGNORE where nothing is known

    Returns
    -------
    Scalar; 0, with a gradient of 0, for a batch without any label.
    """
    dice = dice_loss(scores.softmax(1), labels, labels != IGNORE)
    return 0.5 * (partial_cross_entropy(scores, labels) + dice)
