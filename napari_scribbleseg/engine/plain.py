"""Steps that look at every loss, and make do with the memory that there is."""

from __future__ import annotations

from collections.abc import Callable

import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.engine.batches import BatchMaker
from napari_scribbleseg.engine.device import free_memory, is_out_of_memory
from napari_scribbleseg.engine.optimisation import Optimisation
from napari_scribbleseg.engine.randomness import TrainingRandomness
from napari_scribbleseg.engine.resident import ResidentBatches
from napari_scribbleseg.engine.world import World
from napari_scribbleseg.types import Batch, FrameKey


class PlainSteps:
    """Trains on one batch after another; `FastSteps` is the same for who need not look.

    Where a device has too little memory for a batch, half of it must do from there on, and a device that is too small
    for a single slice hands over to the CPU. Processes that train together must not part like that: there the error
    comes out.

    Parameters
    ----------
    optimisation : Optimisation
    batches : BatchMaker or ResidentBatches
    randomness : TrainingRandomness
    world : World
    size : slices of a batch

    Attributes
    ----------
    size : int
        Slices of a batch now.
    """

    def __init__(
        self,
        optimisation: Optimisation,
        batches: BatchMaker | ResidentBatches,
        randomness: TrainingRandomness,
        world: World,
        size: int,
    ) -> None:
        self._optimisation = optimisation
        self._batches = batches
        self._randomness = randomness
        self._world = world
        self.size = size

    def step(
        self, clock: Clock, device: torch.device, caution: float, compromise: Callable[[str, torch.device], None]
    ) -> tuple[dict[str, float], list[FrameKey]]:
        """Train on a batch; return the weighted terms, finite or not, and the names of the slices.

        Parameters
        ----------
        caution : what the learning rate is multiplied by
        compromise : callable (sentence, device)
            Told of each compromise; brings the run to that device where it is another.
        """
        batch, keys = self._batches.draw(self.size, device)
        while True:
            try:
                with self._randomness:
                    return self._optimisation.update(batch, clock, caution), keys
            except (torch.OutOfMemoryError, RuntimeError) as error:
                alone_on_cpu = self.size == 1 and device.type == "cpu"
                if not is_out_of_memory(error) or alone_on_cpu or not self._world.is_alone:
                    raise
            batch, device = self._retreat(batch, device, compromise)

    def _retreat(
        self, batch: Batch, device: torch.device, compromise: Callable[[str, torch.device], None]
    ) -> tuple[Batch, torch.device]:
        """Halve the batch, taking every other slice; from a single slice go on to the CPU."""
        free_memory(device)
        every = 1
        if self.size > 1:
            self.size //= 2
            every = 2
            compromise(f"The {device.type} ran out of memory; going on with batches of {self.size}.", device)
        else:
            sentence = f"The {device.type} has too little memory; going on with the CPU."
            device = torch.device("cpu")
            compromise(sentence, device)
        kept = slice(0, every * self.size, every)
        aux = {name: values[kept].to(device) for name, values in batch.aux.items()}
        return Batch(batch.image[kept].to(device), batch.labels[kept].to(device), aux), device
