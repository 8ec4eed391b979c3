"""Entropy minimisation: where nobody scribbled, the network shall make up its mind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.losses import mean_entropy, partial_cross_entropy
from napari_scribbleseg.methods.base import MethodError, Terms
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.types import Batch


@dataclass(frozen=True)
class EntropyOptions:
    """Options of entropy minimisation.

    Attributes
    ----------
    weight : float
        Weight of the entropy term.
    """

    weight: float = 0.1

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise MethodError("The weight of the entropy must be 0 or more.")


class EntropyMinimisation(SingleNetwork):
    """Grandvalet and Bengio, NIPS 2004: pCE + .1 · H(p) / ln 4, the entropy averaged over all pixels.

    As in Luo et al., MICCAI 2022, row EM; no ramp-up.
    """

    key: ClassVar[str] = "entropy_min"
    title: ClassVar[str] = "Entropy minimisation"
    reference: ClassVar[str] = "Grandvalet and Bengio, NIPS 2004; Luo et al., MICCAI 2022"
    learns_from_unlabelled: ClassVar[bool] = True
    is_static: ClassVar[bool] = True
    Options: ClassVar[type[EntropyOptions]] = EntropyOptions

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the terms `partial_ce` and `entropy`, weight included."""
        scores = self.net(batch.image)
        supervised = partial_cross_entropy(scores, batch.labels)
        return {"partial_ce": supervised, "entropy": self.options.weight * mean_entropy(scores.softmax(1))}
