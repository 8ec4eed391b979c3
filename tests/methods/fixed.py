"""Networks whose answer is known beforehand, for equations worked by hand."""

from __future__ import annotations

import torch
from torch import nn

from napari_scribbleseg.clock import Clock

MIDWAY = Clock(30_000, 60_000)


class FixedScores(nn.Module):
    """Answers every image with the same scores, which are its one parameter."""

    def __init__(self, scores: torch.Tensor) -> None:
        super().__init__()
        self.scores = nn.Parameter(scores.clone())

    def forward(self, *seen: torch.Tensor) -> torch.Tensor:
        copies = len(seen[0]) // len(self.scores)
        return self.scores.repeat(copies, *([1] * (self.scores.ndim - 1)))


class FixedBranches(nn.Module):
    """Two branches that answer every image with the same scores."""

    def __init__(self, main: torch.Tensor, auxiliary: torch.Tensor) -> None:
        super().__init__()
        self.main = nn.Parameter(main.clone())
        self.auxiliary = nn.Parameter(auxiliary.clone())

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.main, self.auxiliary


def scores_of(*slices: list[list[list[float]]]) -> torch.Tensor:
    """Scores `(B, 4, H, W)` whose softmax is the probabilities given slice by slice, row by row, pixel by pixel."""
    return torch.tensor(slices).log().movedim(-1, 1)
