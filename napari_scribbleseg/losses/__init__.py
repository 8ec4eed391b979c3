"""Loss terms, each a plain function of tensors."""

from napari_scribbleseg.losses.cross_entropy_dice import cross_entropy_and_dice
from napari_scribbleseg.losses.dice import dice_loss
from napari_scribbleseg.losses.entropy import entropy, mean_entropy
from napari_scribbleseg.losses.gated_crf import GatedKernel, gated_crf_loss, sum_neighbours
from napari_scribbleseg.losses.mumford_shah import level_set_energy, total_variation
from napari_scribbleseg.losses.partial_cross_entropy import partial_cross_entropy

__all__ = [
    "GatedKernel",
    "cross_entropy_and_dice",
    "dice_loss",
    "entropy",
    "gated_crf_loss",
    "level_set_energy",
    "mean_entropy",
    "partial_cross_entropy",
    "sum_neighbours",
    "total_variation",
]
