"""A critic: a small network that tells by a slice's prediction whether the slice had a mask."""

from __future__ import annotations

from torch import Tensor, nn

from napari_scribbleseg.labels import N_CLASSES

WIDTHS = (64, 128, 256, 512)
SLOPE = 0.2
DROPOUT = 0.5


def _halve(channels_in: int, channels_out: int) -> nn.Conv2d:
    """Return a 4 × 4 conv that halves height and width."""
    return nn.Conv2d(channels_in, channels_out, 4, stride=2, padding=1)


class Critic(nn.Module):
    """The discriminator of the adversarial methods, as released by Luo et al., MICCAI 2022, for DAN.

    conv4 of stride 2 on the maps and on the image, 64 channels each, summed; then conv4 of stride 2 to 128, 256 and
    512 channels, LeakyReLU .2 after each, channel-wise dropout .5 after the first two; average pool; linear → 2.

    Deviation: the average is taken over the whole slice, so that any size of at least 32 × 32 will do. The released
    code pools 7 × 7 windows and reads 2 × 2 of them, which fits slices of 256 × 256 alone.

    Parameters
    ----------
    map_channels : int
    image_channels : int
        0 for a critic that sees the maps alone.
    """

    def __init__(self, map_channels: int = N_CLASSES, image_channels: int = 1) -> None:
        super().__init__()
        first, second, third, last = WIDTHS
        self.read_maps = _halve(map_channels, first)
        self.read_image = _halve(image_channels, first) if image_channels else None
        self.body = nn.Sequential(
            _halve(first, second),
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Dropout2d(DROPOUT),
            _halve(second, third),
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Dropout2d(DROPOUT),
            _halve(third, last),
            nn.LeakyReLU(SLOPE, inplace=True),
        )
        self.verdict = nn.Linear(last, 2)

    def forward(self, maps: Tensor, image: Tensor | None = None) -> Tensor:
        """Return scores `(B, 2)`, unlabelled and labelled, for maps `(B, C, H, W)` and images `(B, 1, H, W)`.

        Raises
        ------
        ValueError
            Where an image is missing for a critic that looks at one, or given to one that does not.
        """
        if (image is None) != (self.read_image is None):
            raise ValueError("A critic wants an image exactly when it was built with image channels.")
        features = self.read_maps(maps)
        if self.read_image is not None:
            features = features + self.read_image(image)
        scores: Tensor = self.verdict(self.body(features).mean((2, 3)))
        return scores
