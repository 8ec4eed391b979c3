"""Training's own random numbers.

Dropout and methods draw from torch's global generator. Inside `with randomness:` that generator continues a private
stream, so whatever else the process draws (a prediction, another library) cannot change a training run, and the
stream can be saved and continued to the bit.
"""

from __future__ import annotations

from types import TracebackType

import torch
from torch import Tensor


class TrainingRandomness:
    """A private stream for torch's global generators.

    Parameters
    ----------
    seed : int
    device : torch.device
        On CUDA its generator is swapped along with the CPU's.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._on_cuda = device.type == "cuda"
        outside = self._current()
        torch.manual_seed(seed)
        self._inside = self._current()
        self._set(outside)
        self._outside = outside

    def __enter__(self) -> None:
        self._outside = self._current()
        self._set(self._inside)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside = self._current()
        self._set(self._outside)

    def diverge(self, rank: int) -> None:
        """Go on with a stream of this process's own, from the same seed: no two processes drop the same features."""
        if rank:
            with self:
                torch.manual_seed(torch.initial_seed() + 7919 * rank)

    def state(self) -> dict[str, Tensor]:
        """Return the position of the stream."""
        return dict(self._inside)

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continue a stream; a part that this device lacks is left as seeded."""
        self._inside = {name: state.get(name, tensor) for name, tensor in self._inside.items()}

    def _current(self) -> dict[str, Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self._on_cuda:
            states["cuda"] = torch.cuda.get_rng_state()
        return states

    @staticmethod
    def _set(states: dict[str, Tensor]) -> None:
        torch.set_rng_state(states["cpu"])
        if "cuda" in states:
            torch.cuda.set_rng_state(states["cuda"])
