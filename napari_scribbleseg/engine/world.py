"""One training over several processes, each with a share of every batch (`torchrun`)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn


class WorldError(ValueError):
    """What was asked for cannot be done by several processes together."""


@dataclass(frozen=True)
class World:
    """The processes that train together, and which of them this one is.

    Every process draws the same batch and keeps its share of it; gradients are averaged before each update. With
    dropout off, two processes therefore step as one that runs the two half-batches apart and averages their
    gradients. Batch statistics are each process's own, as in `DistributedDataParallel`; they are averaged before
    anything is predicted from them.

    Attributes
    ----------
    rank, size : int
        0 and 1 for a process that trains alone. Rank 0 writes files and talks.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_alone(self) -> bool:
        """Whether there is nobody to agree with."""
        return self.size == 1

    @property
    def speaks(self) -> bool:
        """Whether this process writes files and talks to people."""
        return self.rank == 0

    @property
    def share(self) -> slice:
        """The slices of a batch that are this process's own."""
        return slice(self.rank, None, self.size)

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their mean over all processes, in one message."""
        if self.is_alone or not tensors:
            return
        flat = torch.cat([t.reshape(-1).float() for t in tensors])
        distributed.all_reduce(flat)
        flat /= self.size
        start = 0
        for tensor in tensors:
            tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
            start += tensor.numel()

    def average_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Average the gradients of parameters; one that has none here counts as zero, as others may have some."""
        if self.is_alone:
            return
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        self.average([p.grad for p in parameters if p.grad is not None])

    def average_buffers(self, module: nn.Module) -> None:
        """Average the batch statistics of a module."""
        self.average([b for b in module.buffers() if b.is_floating_point()])

    def worst(self, wrong: Tensor) -> Tensor:
        """Return the largest value of a scalar over all processes."""
        if not self.is_alone:
            wrong = wrong.clone()
            distributed.all_reduce(wrong, distributed.ReduceOp.MAX)
        return wrong

    def leave(self) -> None:
        """Leave the others, when all is done."""
        if not self.is_alone and distributed.is_initialized():
            distributed.destroy_process_group()


ALONE = World()


def join_world() -> World:
    """Return the processes that `torchrun` started this one with; a process started alone is alone.

    The first call joins their group, over NCCL where there is CUDA and over gloo else.
    """
    if "WORLD_SIZE" not in os.environ or "RANK" not in os.environ:
        return ALONE
    if not distributed.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return World(distributed.get_rank(), distributed.get_world_size())
