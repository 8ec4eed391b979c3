"""Loss terms, each a plain function of tensors."""

from napari_scribbleseg.losses.dice import dice_loss
from napari_scribbleseg.losses.partial_cross_entropy import partial_cross_entropy

__all__ = ["dice_loss", "partial_cross_entropy"]
