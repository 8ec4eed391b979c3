"""A conditional random field in the loop: train, relabel the training set, train on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from torch.nn import functional

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.losses import partial_cross_entropy, sum_neighbours
from napari_scribbleseg.methods.base import MapKind, MethodError, Terms
from napari_scribbleseg.methods.single import SingleNetwork
from napari_scribbleseg.methods.slices import label_slices
from napari_scribbleseg.methods.walk import decide, walk
from napari_scribbleseg.types import Batch

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

RECURSION = 20_000
"""Steps, of the paper's 60 000, between two relabellings."""
RELABELLINGS = 2
BETA = 100.0
SMALLEST = 1e-6


@dataclass(frozen=True)
class FieldLoopOptions:
    """Options of the conditional random field in the loop.

    Attributes
    ----------
    certainty : float
        Probability from which the first walk's label counts as a seed.
    field_weight : float
        Weight of a neighbour's opinion in the field.
    field_iterations : int
        Mean-field updates.
    """

    certainty: float = 0.9
    field_weight: float = 0.1
    field_iterations: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.certainty <= 1:
            raise MethodError("The certainty of a seed must lie between 0 and 1.")
        if self.field_weight < 0 or self.field_iterations < 0:
            raise MethodError("The weight and the iterations of the field must be 0 or more.")


class FieldLoop(SingleNetwork):
    """Can et al., DLMIA 2018: grow seeds from the strokes, train, relabel by a conditional random field, train on.

    First labels: a random walker's, where it is at least 90 % certain; elsewhere none. Network: cross-entropy on the
    labelled pixels. After T/3 and 2T/3 every slice with strokes is relabelled as a whole by mean-field inference,
    starting from the network's softmax p (unaugmented, in evaluation mode):
    q_i ∝ p_i · exp(.1 Σ_j k_ij q_j), five times, then argmax. The strokes keep their own labels throughout.

    Simplified. The field reaches 11 × 11 pixels, with the kernel of the gated CRF loss, where the paper's is fully
    connected and has a second, purely spatial kernel: pydensecrf2, which computes that one, comes without wheels for
    Python 3.12 and later. Its weight is fixed, not learned as a recurrent layer. The paper's further variant that
    leaves uncertain pixels out by dropout sampling is not here. Training goes on from the same weights in one run,
    whose length the recursions share. A walk's certainty of 90 % is our choice: in twelve patients of ACDC 95 of 100
    seeds or more are then right in every class.
    """

    key: ClassVar[str] = "can_crf"
    title: ClassVar[str] = "Conditional random field in the loop"
    reference: ClassVar[str] = "Can et al., DLMIA 2018"
    aux: ClassVar[Mapping[str, MapKind]] = MappingProxyType({"pseudo": MapKind.LABELS})
    is_static: ClassVar[bool] = True
    Options: ClassVar[type[FieldLoopOptions]] = FieldLoopOptions

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the one term `pseudo_label`; a batch without maps falls back on the strokes."""
        pseudo = batch.aux.get("pseudo", batch.labels)
        return {"pseudo_label": partial_cross_entropy(self.net(batch.image), pseudo)}

    def map_round(self, clock: Clock) -> int:
        """Return the number of relabellings so far."""
        return min(clock.paper_step // RECURSION, RELABELLINGS)

    def make_maps(self, batch: Batch, clock: Clock) -> dict[str, Tensor]:
        """Return grown seeds in the first round, the field's labels in later ones."""
        if self.map_round(clock) == 0:
            return {"pseudo": label_slices(self._grow_seeds, batch.image[:, 0], batch.labels)}
        p = self.predict(batch.image)
        options: FieldLoopOptions = self.options
        refined = infer_field(p, batch.image, batch.labels, options.field_weight, options.field_iterations)
        return {"pseudo": refined.argmax(1)}

    def _grow_seeds(self, image: npt.NDArray[Any], strokes: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return decide(walk(image, strokes, BETA), self.options.certainty)


def infer_field(probabilities: Tensor, image: Tensor, labels: Tensor, weight: float, iterations: int) -> Tensor:
    """Return the mean field q_i ∝ p_i · exp(weight · Σ_j k_ij q_j), clamped to the strokes.

    Krähenbühl and Koltun, NIPS 2011, with Potts' compatibility and the kernel of `losses.gated_crf`, not normalised:
    a pixel unlike all of its neighbours keeps its own opinion.

    Parameters
    ----------
    probabilities : float (B, C, H, W)
    image : float (B, 1, H, W) in [0, 1]
    labels : int64 (B, H, W), strokes with IGNORE

    Returns
    -------
    float (B, C, H, W), probabilities.
    """
    known = (labels != IGNORE).unsqueeze(1)
    strokes = functional.one_hot(labels.where(labels != IGNORE, 0), probabilities.shape[1]).movedim(-1, 1)
    own = probabilities.clamp(min=SMALLEST).log()
    field = strokes.to(own.dtype).where(known, probabilities)
    for _ in range(iterations):
        opinion, _ = sum_neighbours(field, image)
        field = strokes.to(own.dtype).where(known, (own + weight * opinion).softmax(1))
    return field
