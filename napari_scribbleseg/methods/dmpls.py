"""Dynamically mixed pseudo labels: the method of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import N_CLASSES
from napari_scribbleseg.losses import dice_loss
from napari_scribbleseg.methods.base import Method, MethodError, Terms
from napari_scribbleseg.methods.branches import DECODERS, most_probable, predict_by, supervise_branches
from napari_scribbleseg.types import Batch


@dataclass(frozen=True)
class MixedPseudoLabelOptions:
    """Options of dynamically mixed pseudo labels.

    Attributes
    ----------
    pseudo_weight : float
        λ of eq. 4.
    alpha : float or None
        Share of the main decoder in the mixture (eq. 2); None draws it from U(0, 1) at every step.
    decoder : str
        "main" or "auxiliary": which decoder predicts.
    stroke_prior : one number per class, or None
        Logarithm of how much oftener each class is drawn on than it is there, up to a constant. People leave out
        background and borders, so a network that takes strokes for a fair sample draws every structure too large.
        Added to the scores within pCE alone (logit adjustment: Menon et al., ICLR 2021, eq. 10); None is the paper.
    """

    pseudo_weight: float = 0.5
    alpha: float | None = None
    decoder: str = "main"
    stroke_prior: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if self.pseudo_weight < 0:
            raise MethodError("The pseudo-label weight λ must be 0 or more.")
        if self.alpha is not None and not 0 <= self.alpha <= 1:
            raise MethodError("The mixing share α must lie between 0 and 1.")
        if self.decoder not in DECODERS:
            raise MethodError(f"The predicting decoder must be one of {DECODERS}, not {self.decoder!r}.")
        if self.stroke_prior is not None and len(self.stroke_prior) != N_CLASSES:
            raise MethodError(f"The prior of strokes has one number for each of {N_CLASSES} classes.")


class MixedPseudoLabels(Method):
    """Luo et al., MICCAI 2022: dual branches, partial cross-entropy and dynamically mixed pseudo labels.

    Total loss (eq. 4) = ½ (pCE₁ + pCE₂) + λ · ½ (Dice(p₁, PL) + Dice(p₂, PL)), with the pseudo label
    PL = argmax(α p₁ + (1 - α) p₂) (eq. 2), detached, over all pixels; λ = .5, no ramp-up.
    """

    key: ClassVar[str] = "dmpls"
    title: ClassVar[str] = "Dual branch, dynamically mixed pseudo labels"
    reference: ClassVar[str] = "Luo et al., MICCAI 2022"
    network: ClassVar[str] = "dual_branch"
    learns_from_unlabelled: ClassVar[bool] = True
    is_static: ClassVar[bool] = True
    Options: ClassVar[type[MixedPseudoLabelOptions]] = MixedPseudoLabelOptions

    stroke_prior: Tensor

    def __init__(self, network: nn.Module, options: MixedPseudoLabelOptions) -> None:
        super().__init__(network, options)
        prior = torch.tensor(options.stroke_prior or [0.0] * N_CLASSES)
        self.register_buffer("stroke_prior", prior[:, None, None], persistent=False)

    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the terms `partial_ce` and `pseudo_label`, λ included."""
        main, auxiliary = self.net(batch.image)
        p_main, p_auxiliary = main.softmax(1), auxiliary.softmax(1)
        pseudo = mix_pseudo_labels(p_main, p_auxiliary, self._draw_alpha(batch.image.device))
        agreement = dice_loss(p_main, pseudo) + dice_loss(p_auxiliary, pseudo)
        if self.options.stroke_prior is not None:
            main, auxiliary = main + self.stroke_prior, auxiliary + self.stroke_prior
        return {
            "partial_ce": supervise_branches(main, auxiliary, batch.labels),
            "pseudo_label": self.options.pseudo_weight * 0.5 * agreement,
        }

    def predict(self, image: Tensor) -> Tensor:
        """Return the softmax of the predicting decoder; only that decoder is run."""
        return predict_by(self.options.decoder, self.net, image)

    def _draw_alpha(self, device: torch.device) -> Tensor | float:
        """Return α, drawn on the device so that nothing waits for the CPU."""
        alpha: float | None = self.options.alpha
        return torch.rand((), device=device) if alpha is None else alpha


def mix_pseudo_labels(p_main: Tensor, p_auxiliary: Tensor, alpha: Tensor | float) -> Tensor:
    """Return argmax(α p₁ + (1 - α) p₂), int64 `(B, H, W)`, without gradient (eq. 2)."""
    return most_probable(alpha * p_main.detach() + (1 - alpha) * p_auxiliary.detach())
