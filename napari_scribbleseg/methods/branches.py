"""What methods on the dual-branch network share: the strokes teach both branches, one decoder predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from napari_scribbleseg.losses import partial_cross_entropy

if TYPE_CHECKING:
    from torch import Tensor, nn

    from napari_scribbleseg.nets import DualBranchUNet

DECODERS = ("main", "auxiliary")


def supervise_branches(main: Tensor, auxiliary: Tensor, labels: Tensor) -> Tensor:
    """Return ½ (pCE₁ + pCE₂) of scores `(B, C, H, W)` of both branches under labels `(B, H, W)` with IGNORE."""
    return 0.5 * (partial_cross_entropy(main, labels) + partial_cross_entropy(auxiliary, labels))


def predict_by(decoder: str, network: nn.Module, image: Tensor) -> Tensor:
    """Return the softmax `(B, C, H, W)` of one decoder, "main" or "auxiliary"; the other is not run."""
    net = cast("DualBranchUNet", network)
    chosen = net.main if decoder == "main" else net.auxiliary
    scores: Tensor = chosen(net.encoder(image))
    return scores.softmax(1)
