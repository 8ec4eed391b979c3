"""From the store to tensors on the device."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_scribbleseg.data import augment
from napari_scribbleseg.data.augment import Augmentation
from napari_scribbleseg.data.sampler import Sampler
from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.types import Batch, FrameKey

FAR_SHARE = 0.25


class BatchMaker:
    """Draws slices, stacks them, sends them to the device and augments them there.

    Parameters
    ----------
    store : SampleStore
    sampler : Sampler
    augmentation : Augmentation
    seed : int
    roam : bool
        Move a quarter of the windows to any place of the slice, so that the network learns what is no heart.
    """

    def __init__(
        self, store: SampleStore, sampler: Sampler, augmentation: Augmentation, seed: int, *, roam: bool
    ) -> None:
        self._store = store
        self._sampler = sampler
        self._augmentation = augmentation
        self._roam = roam
        self._generator = torch.Generator().manual_seed(seed)

    def draw(self, size: int, device: torch.device) -> tuple[Batch, list[FrameKey]]:
        """Return a batch of `size` slices on `device`, channels last, and their names."""
        keys = self._sampler.draw(size, self._generator)
        samples = [self._store.sample(key, self._shift(key)) for key in keys]
        image = torch.from_numpy(np.stack([s.image for s in samples]))[:, None].to(device)
        labels = torch.from_numpy(np.stack([s.labels for s in samples])).to(device).long()
        drawn = augment.draw(self._augmentation, (len(keys), *labels.shape[1:]), self._generator)
        view = augment.apply(Batch(image, labels), drawn)
        return Batch(view.image.contiguous(memory_format=torch.channels_last), view.labels), keys

    def _shift(self, key: FrameKey) -> tuple[int, int]:
        if not self._roam or float(torch.rand((), generator=self._generator)) >= FAR_SHARE:
            return (0, 0)
        grid = self._store.grid(key.case)
        y, x = (
            int(
                torch.randint(
                    -(grid.size // 4), max(n - 3 * grid.size // 4, 1 - grid.size // 4), (), generator=self._generator
                )
            )
            for n in grid.canvas
        )
        return y - grid.offset[0], x - grid.offset[1]

    def state(self) -> tuple[Tensor, dict[str, Any]]:
        """Return the generator's position and the sampler's."""
        return self._generator.get_state(), self._sampler.state()

    def restore(self, generator: Tensor, sampler: dict[str, Any]) -> None:
        """Continue where a state was taken."""
        self._generator.set_state(generator)
        self._sampler.restore(sampler)
