"""Random-walker pseudo masks, learned as if they were whole masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.losses import cross_entropy_and_dice
from napari_scribbleseg.methods.base import MapKind, MethodError, Terms
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.methods.slices import label_slices
from napari_scribbleseg.methods.walk import decide, walk
from napari_scribbleseg.types import Batch

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor


@dataclass(frozen=True)
class RandomWalkerOptions:
    """Options of random-walker pseudo masks.

    Attributes
    ----------
    beta : float
        How much an edge in the image hinders the walk.
    """

    beta: float = 100.0

    def __post_init__(self) -> None:
        if self.beta <= 0:
            raise MethodError("The random walker's beta must be above 0.")


class RandomWalkerMasks(SingleNetwork):
    """Luo et al., MICCAI 2022, row RW: ½ (CE + Dice) on masks that a random walker makes of the strokes.

    The masks (Grady, IEEE TPAMI 2006; scikit-image, β = 100, direct solver) are made once of the unaugmented slice and
    again only where strokes change. A slice that lacks a class walks with the seeds it has; the released code turns a
    slice that lacks any class of the heart into background, 362 of 1902 slices. See :func:`walk.walk` for slices with
    one class. The network sees masks alone: a slice without strokes has none, and teaches nothing.
    """

    key: ClassVar[str] = "random_walker"
    title: ClassVar[str] = "Random-walker pseudo masks"
    reference: ClassVar[str] = "Grady, IEEE TPAMI 2006; Luo et al., MICCAI 2022"
    aux: ClassVar[Mapping[str, MapKind]] = MappingProxyType({"pseudo": MapKind.LABELS})
    is_static: ClassVar[bool] = True
    Options: ClassVar[type[RandomWalkerOptions]] = RandomWalkerOptions

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the one term `pseudo_mask`; a batch without maps falls back on the strokes."""
        return {"pseudo_mask": cross_entropy_and_dice(self.net(batch.image), batch.aux.get("pseudo", batch.labels))}

    def make_maps(self, batch: Batch, clock: Clock) -> dict[str, Tensor]:
        """Return the pseudo masks of slices with strokes."""
        return {"pseudo": label_slices(self._mask_slice, batch.image[:, 0], batch.labels)}

    def _mask_slice(self, image: npt.NDArray[Any], seeds: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return decide(walk(image, seeds, self.options.beta))
