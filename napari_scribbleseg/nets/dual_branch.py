"""The dual-branch network: one encoder, a main and an auxiliary decoder."""

from __future__ import annotations

from torch import Tensor, nn

from napari_scribbleseg.labels import N_CLASSES
from napari_scribbleseg.nets.unet import Decoder, Encoder

AUXILIARY_DROPOUT = 0.5


class DualBranchUNet(nn.Module):
    """Luo et al., MICCAI 2022, section 2.1: two decoders that differ by dropout share one encoder.

    2 447 064 parameters for one channel and four classes. The auxiliary decoder drops channels with p = .5 before
    each of its conv blocks, as the paper says. Deviation of the released code, not followed: it drops channels of
    the five encoder features instead, by a functional call that stays on in evaluation.
    """

    def __init__(self, channels: int = 1, classes: int = N_CLASSES) -> None:
        super().__init__()
        self.encoder = Encoder(channels)
        self.main = Decoder(classes)
        self.auxiliary = Decoder(classes, channel_dropout=AUXILIARY_DROPOUT)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores of the main and the auxiliary decoder, each `(B, classes, H, W)`."""
        features = self.encoder(image)
        return self.main(features), self.auxiliary(features)
