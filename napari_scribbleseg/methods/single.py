"""What methods on one plain network share."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from napari_scribbleseg.methods.base import Method

if TYPE_CHECKING:
    from torch import Tensor


class SingleNetwork(Method):
    """A method whose network gives one map of scores, which also predicts."""

    network: ClassVar[str] = "unet"

    def predict(self, image: Tensor) -> Tensor:
        """Return the softmax `(B, C, H, W)` of the network's scores."""
        scores: Tensor = self.net(image)
        return scores.softmax(1)
