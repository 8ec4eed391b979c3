"""Making the maps that a method keeps of its slices, a few at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.engine.batches import stack
from napari_scribbleseg.methods import MapKind, Method
from napari_scribbleseg.types import Batch, FrameKey

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

AT_ONCE = 8


class Preparation:
    """Knows which maps are due, and makes them.

    Stopping in between costs nothing: what is due follows from the strokes, the windows and the method's round alone.

    Parameters
    ----------
    method : Method
    store : SampleStore that keeps the maps
    """

    def __init__(self, method: Method, store: SampleStore) -> None:
        self._method = method
        self._store = store
        self._due: list[FrameKey] = []
        self._known: tuple[int, int] | None = None
        self._total = 0

    def is_due(self, clock: Clock) -> bool:
        """Tell whether any slice's maps must be made before the next step."""
        turn = self._method.map_round(clock)
        if turn is None:
            return False
        if self._known != (self._store.version, turn):
            self._due = self._store.stale_maps(turn)
            self._known, self._total = (self._store.version, turn), len(self._due)
        return bool(self._due)

    def make_some(self, clock: Clock, device: torch.device) -> tuple[int, int] | None:
        """Make the maps of a few slices that are due; None where none are.

        Returns
        -------
        Slices done and slices in all, of this round.
        """
        if not self.is_due(clock) or self._known is None:
            return None
        _, turn = self._known
        some, self._due = self._due[:AT_ONCE], self._due[AT_ONCE:]
        self._make(some, clock, device, turn)
        return self._total - len(self._due), self._total

    def _make(self, keys: Sequence[FrameKey], clock: Clock, device: torch.device, turn: int) -> None:
        samples = {key: self._store.sample(key) for key in keys}
        for has_maps in (False, True):
            group = [key for key in keys if bool(samples[key].aux) is has_maps]
            if not group:
                continue
            made = self._ask(stack([samples[key] for key in group], device), clock)
            for i, key in enumerate(group):
                self._store.put_maps(key, {name: values[i] for name, values in made.items()}, turn)

    def _ask(self, batch: Batch, clock: Clock) -> dict[str, npt.NDArray[np.generic]]:
        was_training = self._method.training
        self._method.eval()
        try:
            with torch.no_grad():
                made = self._method.make_maps(batch, clock)
        finally:
            self._method.train(was_training)
        return {name: _as_array(values, self._method.aux[name]) for name, values in made.items()}


def _as_array(values: Tensor, kind: MapKind) -> npt.NDArray[np.generic]:
    dtype = torch.uint8 if kind is MapKind.LABELS else torch.float16
    array: npt.NDArray[np.generic] = values.to(dtype).cpu().numpy()
    return array
