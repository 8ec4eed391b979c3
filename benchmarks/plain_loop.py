"""The baseline of the step-time benchmark: a plain fp32 loop over a DataLoader, as the paper's released recipe has it.

Slices are turned or rotated and resized to 256 × 256 with order 0 in numpy by eight loader processes, and trained on in
the default memory layout with torch's default number of threads.
"""

from __future__ import annotations

import random
from collections.abc import Generator

import numpy as np
import torch
from scipy import ndimage
from torch.utils.data import DataLoader, Dataset

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods import build_method
from napari_scribbleseg.types import Batch

EPOCH = 1312
"""Slices of an epoch, as in four folds of ACDC, so that the loader is not restarted every few steps."""


class Slices(Dataset):
    """The store's slices, augmented one by one."""

    def __init__(self, store: SampleStore) -> None:
        self._samples = [store.sample(key) for key in store.scribbled()]
        self._size = self._samples[0].image.shape[0]

    def __len__(self) -> int:
        return EPOCH

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        sample = self._samples[index % len(self._samples)]
        image, labels = augment(sample.image, sample.labels)
        zoom = [self._size / n for n in image.shape]
        image, labels = ndimage.zoom(image, zoom, order=0), ndimage.zoom(labels, zoom, order=0)
        return torch.from_numpy(image.astype(np.float32))[None], torch.from_numpy(labels.astype(np.int64))


def augment(image: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn and flip, or rotate by up to 20°, each with p = .5, order 0."""
    if random.random() > 0.5:
        k, axis = random.randrange(4), random.randrange(2)
        return np.flip(np.rot90(image, k), axis).copy(), np.flip(np.rot90(labels, k), axis).copy()
    if random.random() > 0.5:
        angle = random.randrange(-20, 20)
        image = ndimage.rotate(image, angle, order=0, reshape=False)
        labels = ndimage.rotate(labels, angle, order=0, reshape=False, mode="constant", cval=IGNORE)
    return image, labels


def run_plain(
    store: SampleStore, batch_size: int, workers: int = 8, device: torch.device | str = "cpu"
) -> Generator[None]:
    """Train DMPLS for ever, a step a turn; close the generator to end the loader's processes."""
    method = build_method("dmpls").train().to(device)
    optimiser = torch.optim.SGD(method.parameters(), 0.01, momentum=0.9, weight_decay=1e-4)
    step = 0
    while True:
        loader = DataLoader(Slices(store), batch_size, shuffle=True, num_workers=workers, drop_last=True)
        for image, labels in loader:
            optimiser.zero_grad()
            batch = Batch(image.to(device), labels.to(device))
            loss = torch.stack(list(method.loss(batch, Clock(step, 60_000)).values())).sum()
            loss.backward()
            optimiser.step()
            _ = loss.item()  # the released loop logs every loss
            step += 1
            yield
