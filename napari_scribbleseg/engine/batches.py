"""From the store to tensors on the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_scribbleseg.data import augment
from napari_scribbleseg.data.augment import Augmentation
from napari_scribbleseg.data.grid import Grid
from napari_scribbleseg.data.maps import fill_of
from napari_scribbleseg.data.sampler import Sampler
from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.engine.world import ALONE, World
from napari_scribbleseg.types import Batch, FrameKey, Sample

FAR_SHARE = 0.25


def stack(samples: Sequence[Sample], device: torch.device) -> Batch:
    """Return slices as a batch on a device; a map that some of them lack knows nothing there."""
    image = torch.from_numpy(np.stack([s.image for s in samples]))[:, None].to(device)
    labels = torch.from_numpy(np.stack([s.labels for s in samples])).to(device).long()
    return Batch(image, labels, {name: _stack_map(name, samples).to(device) for name in _names(samples)})


def _names(samples: Sequence[Sample]) -> list[str]:
    return sorted({name for sample in samples for name in sample.aux})


def _stack_map(name: str, samples: Sequence[Sample]) -> Tensor:
    known = next(sample.aux[name] for sample in samples if name in sample.aux)
    unknown = np.full_like(known, fill_of(known))
    stacked = torch.from_numpy(np.stack([sample.aux.get(name, unknown) for sample in samples]))
    return stacked.float() if stacked.is_floating_point() else stacked.long()


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
    view_px : int
        Side of the square in the middle of a window that training sees; 0 is the whole window.
    world : World
    """

    def __init__(
        self,
        store: SampleStore,
        sampler: Sampler,
        augmentation: Augmentation,
        seed: int,
        *,
        roam: bool,
        view_px: int = 0,
        world: World = ALONE,
    ) -> None:
        self._store = store
        self._world = world
        self._sampler = sampler
        self._augmentation = augmentation
        self._roam = roam
        self._view_px = view_px
        self._generator = torch.Generator().manual_seed(seed)

    def draw(self, size: int, device: torch.device) -> tuple[Batch, list[FrameKey]]:
        """Return a batch of `size` slices on `device`, channels last, and their names; or this process's share."""
        drawn = self._sampler.draw(size, self._generator)
        shifts = [self._shift(key) for key in drawn]
        share, keys = self._world.share, drawn[self._world.share]
        batch = stack([self._store.sample(k, s) for k, s in zip(keys, shifts[share], strict=True)], device)
        shape = len(drawn), *batch.labels.shape[1:]
        look = augment.draw(self._augmentation, shape, self._generator, self._view_px)
        view = augment.apply(batch, look.part(share))
        return replace(view, image=view.image.contiguous(memory_format=torch.channels_last)), keys

    def _shift(self, key: FrameKey) -> tuple[int, int]:
        return draw_shift(self._store.grid(key.case), self._generator) if self._roam else (0, 0)

    def state(self) -> tuple[Tensor, dict[str, Any]]:
        """Return the generator's position and the sampler's."""
        return self._generator.get_state(), self._sampler.state()

    def restore(self, generator: Tensor, sampler: dict[str, Any]) -> None:
        """Continue where a state was taken."""
        self._generator.set_state(generator)
        self._sampler.restore(sampler)


def draw_shift(grid: Grid, generator: torch.Generator) -> tuple[int, int]:
    """Draw how far (y, x) a window that roams is moved: a quarter of them to any place of the slice."""
    if float(torch.rand((), generator=generator)) >= FAR_SHARE:
        return (0, 0)
    quarter = grid.size // 4
    y, x = (
        int(torch.randint(-quarter, max(n - 3 * quarter, 1 - quarter), (), generator=generator)) for n in grid.canvas
    )
    return y - grid.offset[0], x - grid.offset[1]
