"""ScribbleSup: strokes spread over a graph of superpixels, in turns with training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.graph_cut import expand
from napari_scribbleseg.labels import BG, IGNORE
from napari_scribbleseg.losses import partial_cross_entropy
from napari_scribbleseg.methods.base import MapKind, MethodError, Terms
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.methods.slices import label_slices
from napari_scribbleseg.methods.superpixels import Superpixels
from napari_scribbleseg.types import Batch

if TYPE_CHECKING:
    from torch import Tensor

TURN = 20_000
"""Steps, of the paper's 60 000, between two propagations."""
PROPAGATIONS = 2
SMALLEST = 1e-6

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class GraphPropagationOptions:
    """Options of graph propagation.

    Attributes
    ----------
    area_px : float
        Pixels of a superpixel.
    border_cost : float
        Energy of a pixel of border between two superpixels of the same intensities.
    width : float
        Squared distance of cumulative histograms at which that energy falls to 1/e.
    """

    area_px: float = 20.0
    border_cost: float = 1.0
    width: float = 1.0

    def __post_init__(self) -> None:
        if self.area_px < 1:
            raise MethodError("A superpixel must have at least one pixel.")
        if self.border_cost < 0 or self.width <= 0:
            raise MethodError("The cost of a border must be 0 or more, the width of the histograms above 0.")


class GraphPropagation(SingleNetwork):
    """Lin et al., CVPR 2016: label superpixels by a graph cut from strokes and network, train on it, and again.

    The labels Y of a slice's superpixels minimise Σ_i ψ_scribble(y_i) + Σ_i ψ_network(y_i) + Σ_ij ψ(y_i, y_j), and the
    network learns Y by cross-entropy. ψ_scribble forces the label of a superpixel under a stroke, and forbids classes
    that nobody drew in this slice. ψ_network = -Σ ln p over the superpixel's pixels (unaugmented, in evaluation mode);
    the first labels go without it. ψ_ij = (length of the common border) · exp(-‖h_i - h_j‖²) for labels that differ,
    h being cumulative histograms of intensity. Labels are made at the start, after T/3 and after 2T/3.

    Simplified. SLIC superpixels of about 20 pixels (paper: Felzenszwalb's); no histograms of texture, which such small
    regions hardly have; the border's length in ψ_ij is ours, so that the cost of a border follows its length and not
    the number of regions along it. Strokes keep their own label where they share a superpixel. With background strokes
    alone a slice is background; with one class of the heart alone, only its strokes are known. Training goes on from
    the same weights in one run.
    """

    key: ClassVar[str] = "scribblesup"
    title: ClassVar[str] = "Graph propagation over superpixels"
    reference: ClassVar[str] = "Lin et al., CVPR 2016 (ScribbleSup)"
    aux: ClassVar[Mapping[str, MapKind]] = MappingProxyType({"pseudo": MapKind.LABELS})
    is_static: ClassVar[bool] = True
    Options: ClassVar[type[GraphPropagationOptions]] = GraphPropagationOptions

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the one term `pseudo_label`; a batch without maps falls back on the strokes."""
        pseudo = batch.aux.get("pseudo", batch.labels)
        return {"pseudo_label": partial_cross_entropy(self.net(batch.image), pseudo)}

    def map_round(self, clock: Clock) -> int:
        """Return the number of propagations since the first."""
        return min(clock.paper_step // TURN, PROPAGATIONS)

    def make_maps(self, batch: Batch, clock: Clock) -> dict[str, Tensor]:
        """Return the propagated labels; from the strokes alone in the first round."""
        p = torch.ones_like(batch.image) if self.map_round(clock) == 0 else self.predict(batch.image)
        cost = -p.clamp(min=SMALLEST).log()
        return {"pseudo": label_slices(self._propagate, batch.image[:, 0], batch.labels, cost)}

    def _propagate(self, image: Array, strokes: Array, cost: Array) -> Array:
        options: GraphPropagationOptions = self.options
        drawn = np.unique(strokes[strokes != IGNORE])
        if len(drawn) < 2:
            return np.full_like(strokes, BG) if drawn.tolist() == [BG] else strokes
        regions = Superpixels.of(image, options.area_px)
        links = regions.link(image, options.border_cost, options.width)
        unary = obey_strokes(regions.add_up(cost), regions.strokes(strokes), drawn)
        spread = drawn[expand(unary, links)][regions.index]
        return np.where(strokes == IGNORE, spread, strokes)


def obey_strokes(unary: Array, strokes: Array, drawn: Array) -> npt.NDArray[np.float64]:
    """Return the energies `(drawn classes, n)` of n superpixels, infinite where a stroke says otherwise.

    Parameters
    ----------
    unary : float (C, n) or (1, n)
        Energies of all classes, or one for each of them.
    strokes : int (n,)
        The class of the stroke in a superpixel, or IGNORE.
    drawn : int (k,)
        The classes with strokes in this slice.
    """
    chosen = unary[drawn] if len(unary) > 1 else np.repeat(unary, len(drawn), axis=0)
    against = (strokes != IGNORE) & (strokes != drawn[:, None])
    return np.where(against, np.inf, chosen)
