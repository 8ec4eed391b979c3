"""A training set that lives on the device: batches are gathered and augmented there, and nothing waits for the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from napari_scribbleseg.data import augment
from napari_scribbleseg.data.augment import Augmentation
from napari_scribbleseg.data.grid import Grid
from napari_scribbleseg.data.maps import fill_of
from napari_scribbleseg.data.sampler import Sampler
from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.engine.batches import draw_shift
from napari_scribbleseg.engine.world import World
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.types import Batch, FrameKey


class Plan(NamedTuple):
    """What a batch will be, as a few numbers.

    Attributes
    ----------
    rows : int64 (B,)
        Rows of the resident tensors.
    affine, affine_of_maps : float (B, 2, 3)
        From the view to the canvas, and to the window that a method's maps are of.
    intensity : float (B, 5)
    boxes : int64 (B, 4)
        Both of an `augment.Look`.
    """

    rows: Tensor
    affine: Tensor
    affine_of_maps: Tensor
    intensity: Tensor
    boxes: Tensor


class ResidentBatches:
    """Draws what `BatchMaker` draws, from tensors on the device.

    Two differences in what a batch shows: in `roi` a rotation brings in what lies beside the window, where
    `BatchMaker` repeats the window's edge; and noise comes from the device's generator.

    Parameters
    ----------
    store : SampleStore
    sampler : Sampler
    augmentation : Augmentation
    seed : int
    roam : bool
    view_px : int
        See `BatchMaker`.
    device : torch.device
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
        device: torch.device,
        world: World,
    ) -> None:
        self._store = store
        self._sampler = sampler
        self._augmentation = augmentation
        self._roam = roam
        self._view_px = view_px
        self._device = device
        self._world = world
        self._generator = torch.Generator().manual_seed(seed)
        self._versions = (-1, -1)
        self._rows: dict[FrameKey, int] = {}
        self._images = self._labels = torch.empty(0)
        self._maps: dict[str, Tensor] = {}
        self._size = 0
        self._margin = 0

    @property
    def version(self) -> tuple[int, int]:
        """Changes whenever the tensors were loaded anew."""
        return self._versions

    def use_device(self, device: torch.device) -> None:
        """Follow the method to another device."""
        self._device, self._versions = device, (-1, -1)

    def refresh(self) -> None:
        """Load what has changed in the store since the last time."""
        slices, maps = self._store.version, self._store.maps_version
        if self._versions[0] != slices:
            self._load_slices()
        if self._versions != (slices, maps):
            self._load_maps()
        self._versions = (slices, maps)

    def plan(self, size: int) -> tuple[Plan, list[FrameKey]]:
        """Draw a batch of `size` slices, as numbers on the CPU, and return their names."""
        drawn = self._sampler.draw(size, self._generator)
        keys = drawn[self._world.share]
        grids = [self._store.grid(key.case) for key in keys]
        shifts = self._draw_shifts(drawn)[self._world.share]
        shape = len(drawn), self._size, self._size
        affine, look = augment.draw_views(self._augmentation, shape, self._generator, self._view_px)
        affine, look = affine[self._world.share], look.part(self._world.share)
        origins = [
            (grid.offset[0] + dy + self._margin, grid.offset[1] + dx + self._margin)
            for grid, (dy, dx) in zip(grids, shifts, strict=True)
        ]
        height, width = self._images.shape[-2:]
        on_canvas = place(affine, torch.tensor(origins), self._size, (height, width))
        on_maps = place(affine, torch.tensor(shifts), self._size, (self._size, self._size))
        rows = torch.tensor([self._rows[key] for key in keys])
        return Plan(rows, on_canvas, on_maps, look.intensity, look.boxes), keys

    def _draw_shifts(self, keys: Sequence[FrameKey]) -> list[tuple[int, int]]:
        if not self._roam:
            return [(0, 0)] * len(keys)
        return [draw_shift(self._store.grid(key.case), self._generator) for key in keys]

    def gather(self, plan: Plan) -> Batch:
        """Return the batch of a plan on the device, channels last; nothing but the device's own work."""
        size = [len(plan.rows), 1, *[self._view_px or self._size] * 2]
        grid = functional.affine_grid(plan.affine, size, align_corners=False)
        flat = Batch(self._images[plan.rows], self._labels[plan.rows])
        look = augment.Look(plan.intensity, plan.boxes, self._augmentation.blurs_or_mixes)
        noise = torch.randn(size, device=self._device)
        seen = augment.view(flat, grid, look, noise, self._gather_maps(plan, size))
        return replace(seen, image=seen.image.contiguous(memory_format=torch.channels_last))

    def _gather_maps(self, plan: Plan, size: list[int]) -> dict[str, Tensor]:
        if not self._maps:
            return {}
        grid = functional.affine_grid(plan.affine_of_maps, size, align_corners=False)
        return {name: augment.warp(_unpacked(values[plan.rows]), grid) for name, values in self._maps.items()}

    def draw(self, size: int, device: torch.device) -> tuple[Batch, list[FrameKey]]:
        """Return a batch of `size` slices on the device, and their names, like `BatchMaker.draw`."""
        self.refresh()
        plan, keys = self.plan(size)
        return self.gather(Plan(*(t.to(device) for t in plan))), keys

    def state(self) -> tuple[Tensor, dict[str, Any]]:
        """Return the generator's position and the sampler's."""
        return self._generator.get_state(), self._sampler.state()

    def restore(self, generator: Tensor, sampler: dict[str, Any]) -> None:
        """Continue where a state was taken."""
        self._generator.set_state(generator)
        self._sampler.restore(sampler)

    def _load_slices(self) -> None:
        keys = sorted({*self._store.scribbled(), *self._store.unlabelled()})
        grids = [self._store.grid(key.case) for key in keys]
        self._rows = {key: i for i, key in enumerate(keys)}
        self._size = grids[0].size
        self._margin = int(grids[0].smooth)
        shape = _common_shape(grids, self._margin)
        images = [_padded(self._store.canvas(key), shape, self._margin, 0) for key in keys]
        labels = [_padded(self._store.canvas_labels(key), shape, self._margin, IGNORE) for key in keys]
        self._images = torch.from_numpy(np.stack(images))[:, None].to(self._device)
        self._labels = torch.from_numpy(np.stack(labels)).to(self._device)

    def _load_maps(self) -> None:
        known = {key: self._store.sample(key).aux for key in self._store.scribbled()}
        names = sorted({name for aux in known.values() for name in aux})
        self._maps = {name: self._load_map(name, known) for name in names}

    def _load_map(self, name: str, known: dict[FrameKey, Any]) -> Tensor:
        example = next(aux[name] for aux in known.values() if name in aux)
        stacked = np.full((len(self._rows), *example.shape), fill_of(example), example.dtype)
        for key, aux in known.items():
            if name in aux:
                stacked[self._rows[key]] = aux[name]
        return torch.from_numpy(stacked).to(self._device)


def place(affine: Tensor, origin: Tensor, size: int, extent: tuple[int, int]) -> Tensor:
    """Return the map from a view to a larger picture that holds the window.

    Parameters
    ----------
    affine : float (B, 2, 3)
        From the view to the window, in the coordinates of `affine_grid`.
    origin : int (B, 2)
        First pixel (y, x) of the window in the picture.
    size : int
        Side of the window in pixels.
    extent : (height, width) of the picture
    """
    whole = torch.tensor([extent[1], extent[0]])
    scale = size / whole
    start = (size + 2 * origin.flip(1)) / whole - 1
    placed = affine * scale[:, None]
    placed[:, :, 2] += start
    return placed


def _common_shape(grids: Sequence[Grid], margin: int) -> tuple[int, int]:
    height, width = (max(grid.canvas[axis] for grid in grids) + 2 * margin for axis in (0, 1))
    return height, width


def _padded(canvas: npt.NDArray[Any], shape: tuple[int, int], margin: int, fill: int) -> npt.NDArray[Any]:
    if canvas.shape == shape:
        return canvas
    padded = np.full(shape, fill, canvas.dtype)
    padded[margin : margin + canvas.shape[0], margin : margin + canvas.shape[1]] = canvas
    return padded


def _unpacked(values: Tensor) -> Tensor:
    return values.float() if values.is_floating_point() else values
