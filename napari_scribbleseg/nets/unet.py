"""The 2D U-Net of the paper's comparison: 16-32-64-128-256 channels, bilinear upsampling."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_scribbleseg.labels import N_CLASSES

WIDTHS = (16, 32, 64, 128, 256)
ENCODER_DROPOUT = (0.05, 0.1, 0.2, 0.3, 0.5)
BN_EPSILON = 1e-5
DOWNSCALING = 2 ** (len(WIDTHS) - 1)
"""Height and width of an input must be multiples of this."""


class ConvBlock(nn.Sequential):
    """conv3 - BN - LeakyReLU - dropout - conv3 - BN - LeakyReLU: `(B, C_in, H, W)` → `(B, C_out, H, W)`."""

    def __init__(self, channels_in: int, channels_out: int, dropout: float) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, padding=1),
            nn.BatchNorm2d(channels_out, eps=BN_EPSILON),
            nn.LeakyReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Conv2d(channels_out, channels_out, 3, padding=1),
            nn.BatchNorm2d(channels_out, eps=BN_EPSILON),
            nn.LeakyReLU(inplace=True),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return features `(B, C_out, H, W)`; in `torch.inference_mode` each BN is part of the conv before it.

        Passes for BN alone take a tenth of a prediction on a CPU. The weights are folded anew every time, which costs a
        millisecond and can never be out of date while they train.
        """
        if self.training or not torch.is_inference_mode_enabled():
            result: Tensor = super().forward(image)
            return result
        first, first_norm, _, _, second, second_norm, _ = self
        return _normalised(_normalised(image, first, first_norm), second, second_norm)


def _normalised(image: Tensor, conv: nn.Module, norm: nn.Module) -> Tensor:
    """Return LeakyReLU(BN(conv3(image))) of evaluation mode by a single convolution."""
    mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
    scale = norm.get_parameter("weight") * torch.rsqrt(variance + BN_EPSILON)
    bias = norm.get_parameter("bias") + (conv.get_parameter("bias") - mean) * scale
    kernel = conv.get_parameter("weight") * scale[:, None, None, None]
    return functional.leaky_relu_(functional.conv2d(image, kernel, bias, padding=1))


class Encoder(nn.Module):
    """Five levels of features, halved in size from each to the next."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        inputs = (channels, *WIDTHS[:-1])
        self.blocks = nn.ModuleList(ConvBlock(i, o, p) for i, o, p in zip(inputs, WIDTHS, ENCODER_DROPOUT, strict=True))
        self.pool = nn.MaxPool2d(2)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return features from fine to coarse for an image `(B, C, H, W)`."""
        features = [self.blocks[0](image)]
        for block in self.blocks[1:]:
            features.append(block(self.pool(features[-1])))
        return features


class UpStage(nn.Module):
    """1 × 1 conv and bilinear upsampling, joined with the finer features, then a block.

    `channel_dropout` drops whole channels of the joined features, right before the conv block. It is a module,
    so evaluation is deterministic.
    """

    def __init__(self, coarse: int, fine: int, channel_dropout: float) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(coarse, fine, 1)
        self.upsample = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.drop = nn.Dropout2d(channel_dropout) if channel_dropout else nn.Identity()
        self.block = ConvBlock(2 * fine, fine, 0.0)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Return features of the size of `fine`."""
        joined = torch.cat([fine, _laid_out(self.upsample(self.squeeze(coarse)))], dim=1)
        features: Tensor = self.block(self.drop(joined))
        return features


def _laid_out(features: Tensor) -> Tensor:
    """Return features whose gradient is made contiguous on a CPU before it goes on.

    Half of a joined gradient is not, and upsampling takes a path five times slower for it than the copy costs.
    """
    if features.requires_grad and features.device.type == "cpu":
        last = features.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if last else torch.contiguous_format
        features.register_hook(lambda gradient: gradient.contiguous(memory_format=layout))
    return features


class Decoder(nn.Module):
    """From five levels of features to class scores."""

    def __init__(self, classes: int = N_CLASSES, channel_dropout: float = 0.0) -> None:
        super().__init__()
        pairs = zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True)
        self.stages = nn.ModuleList(UpStage(coarse, fine, channel_dropout) for coarse, fine in pairs)
        self.head = nn.Conv2d(WIDTHS[0], classes, 3, padding=1)

    def forward(self, features: list[Tensor]) -> Tensor:
        """Return scores `(B, classes, H, W)`, before the softmax."""
        x = features[-1]
        for stage, fine in zip(self.stages, features[-2::-1], strict=True):
            x = stage(x, fine)
        scores: Tensor = self.head(x)
        return scores


class UNet(nn.Module):
    """One encoder, one decoder; 1 813 764 parameters for one channel and four classes."""

    def __init__(self, channels: int = 1, classes: int = N_CLASSES) -> None:
        super().__init__()
        self.encoder = Encoder(channels)
        self.decoder = Decoder(classes)

    def forward(self, image: Tensor) -> Tensor:
        """Return scores `(B, classes, H, W)` for an image `(B, C, H, W)`; H and W multiples of 16."""
        scores: Tensor = self.decoder(self.encoder(image))
        return scores
