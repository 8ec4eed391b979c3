"""Scribble2Label: strokes first, then also where the averaged prediction is sure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.losses import partial_cross_entropy
from napari_scribbleseg.methods.base import MapKind, MethodError, Terms
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.types import Batch

if TYPE_CHECKING:
    from torch import Tensor

WARM_UP = 6000
"""Steps, of the paper's 60 000, with the strokes alone."""
EVERY = 100
"""Steps between two updates of the average."""


@dataclass(frozen=True)
class ScribbleToLabelOptions:
    """Options of Scribble2Label.

    Attributes
    ----------
    weight : float
        Weight of the cross-entropy on pseudo labels.
    threshold : float
        Averaged probability above which a pixel has a pseudo label.
    share : float
        Share of the newest prediction in the average.
    """

    weight: float = 0.5
    threshold: float = 0.8
    share: float = 0.2

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise MethodError("The weight of the pseudo labels must be 0 or more.")
        if not (0 <= self.threshold <= 1 and 0 < self.share <= 1):
            raise MethodError("The threshold and the share of the newest prediction must lie between 0 and 1.")


class ScribbleToLabel(SingleNetwork):
    """Lee and Jeong, MICCAI 2020: pCE + .5 · CE on unannotated pixels where an averaged prediction is above .8.

    The strokes alone teach up to t = T/10. From then on, every 100 steps, each training slice with strokes is
    predicted (unaugmented, in evaluation mode) and avg ← .2 · p + .8 · avg; the first average is the first
    prediction. The pseudo label is argmax avg where max avg > .8, and its cross-entropy the mean over these pixels.
    The start scales with the length of a run, the 100 steps do not: they say how fresh the average is. As in Luo et
    al., MICCAI 2022, row S2L. Averages are stored in half precision.
    """

    key: ClassVar[str] = "s2l"
    title: ClassVar[str] = "Scribble2Label"
    reference: ClassVar[str] = "Lee and Jeong, MICCAI 2020; Luo et al., MICCAI 2022"
    aux: ClassVar[Mapping[str, MapKind]] = MappingProxyType({"ensemble": MapKind.PROBABILITIES})
    Options: ClassVar[type[ScribbleToLabelOptions]] = ScribbleToLabelOptions

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the term `partial_ce`, and `pseudo_label` once there are averages."""
        scores = self.net(batch.image)
        terms = {"partial_ce": partial_cross_entropy(scores, batch.labels)}
        if "ensemble" in batch.aux:
            pseudo = pick_pseudo_labels(batch.aux["ensemble"], batch.labels, self.options.threshold)
            terms["pseudo_label"] = self.options.weight * partial_cross_entropy(scores, pseudo)
        return terms

    def map_round(self, clock: Clock) -> int | None:
        """Return None up to T/10, then one more round every 100 steps."""
        since = clock.step - clock.scaled(WARM_UP)
        return since // EVERY if since >= 0 else None

    def make_maps(self, batch: Batch, clock: Clock) -> dict[str, Tensor]:
        """Return the averages with the present prediction taken in."""
        newest, before = self.predict(batch.image), batch.aux.get("ensemble")
        share = self.options.share
        return {"ensemble": newest if before is None else share * newest + (1 - share) * before}


def pick_pseudo_labels(average: Tensor, labels: Tensor, threshold: float) -> Tensor:
    """Return argmax of averaged probabilities `(B, C, H, W)` where they exceed the threshold and nobody scribbled.

    Elsewhere int64 `(B, H, W)` is IGNORE.
    """
    best, argmax = average.max(1)
    return argmax.where((best > threshold) & (labels == IGNORE), IGNORE)
