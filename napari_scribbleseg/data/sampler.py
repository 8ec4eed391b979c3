"""Which slices make the next batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch

from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.types import FrameKey

RECENT_WEIGHT = 4.0
SCRIBBLED_SHARE = 0.5


class Sampler(Protocol):
    """Draws the keys of a batch; all its state is in `state()` and the generator it is given."""

    def draw(self, size: int, generator: torch.Generator) -> list[FrameKey]:
        """Return `size` keys."""

    def state(self) -> dict[str, Any]:
        """Return the position as JSON."""

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a position."""


class EpochSampler:
    """Every slice once, in random order, then again: the paper's protocol.

    A batch at the end of an epoch is filled from the next one.

    Parameters
    ----------
    known : callable → slices to draw from, sorted
        Asked at every batch; another list where anything changed.
    """

    def __init__(self, known: Callable[[], list[FrameKey]]) -> None:
        self._known = known
        self._left: list[FrameKey] = []
        self._latest: list[FrameKey] = []
        self._present: set[FrameKey] = set()

    def draw(self, size: int, generator: torch.Generator) -> list[FrameKey]:
        """Return `size` keys; none where there are none to draw from."""
        known = self._known()
        if known is not self._latest:
            self._latest, self._present = known, set(known)
        batch: list[FrameKey] = []
        while known and len(batch) < size:
            if not self._left:
                self._left = [known[i] for i in torch.randperm(len(known), generator=generator).tolist()]
            key = self._left.pop()
            if key in self._present:
                batch.append(key)
        return batch

    def state(self) -> dict[str, Any]:
        """Return what is left of the epoch, as JSON."""
        return {"left": [list(key) for key in self._left]}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue an epoch."""
        self._left = [FrameKey(*key) for key in state["left"]]


class HalfSampler:
    """The first half of a batch are labelled slices, the second half slices without labels, each in epochs of its own.

    Where nothing is without labels, the whole batch is labelled.
    """

    def __init__(self, store: SampleStore) -> None:
        self._labelled = EpochSampler(store.scribbled)
        self._unlabelled = EpochSampler(store.unlabelled)

    def draw(self, size: int, generator: torch.Generator) -> list[FrameKey]:
        """Return `size` keys, labelled ones first."""
        others = self._unlabelled.draw(size // 2, generator)
        return self._labelled.draw(size - len(others), generator) + others

    def state(self) -> dict[str, Any]:
        """Return what is left of both epochs, as JSON."""
        return {"labelled": self._labelled.state(), "unlabelled": self._unlabelled.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue both epochs."""
        self._labelled.restore(state["labelled"])
        self._unlabelled.restore(state["unlabelled"])


class LiveSampler:
    """At least half of a batch carries strokes, the newest four times as often; the rest are bare slices.

    Parameters
    ----------
    store : SampleStore
    use_bare : bool
        Whether slices without strokes take part (methods that learn from them).
    """

    def __init__(self, store: SampleStore, *, use_bare: bool) -> None:
        self._store = store
        self._use_bare = use_bare

    def draw(self, size: int, generator: torch.Generator) -> list[FrameKey]:
        """Return `size` keys, scribbled ones first."""
        scribbled, bare = self._store.scribbled(), self._store.bare() if self._use_bare else []
        n_bare = int(size * (1 - SCRIBBLED_SHARE)) if bare else 0
        recent = self._store.recent()
        weights = [RECENT_WEIGHT if key in recent else 1.0 for key in scribbled]
        return _pick(scribbled, size - n_bare, generator, weights) + _pick(bare, n_bare, generator)

    def state(self) -> dict[str, Any]:
        """Return nothing: the generator holds all there is."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Nothing to restore."""


def _pick(
    keys: Sequence[FrameKey], count: int, generator: torch.Generator, weights: Sequence[float] | None = None
) -> list[FrameKey]:
    """Draw without replacement while there are enough keys, else with."""
    if not count:
        return []
    chances = torch.tensor(weights or [1.0] * len(keys))
    return [keys[i] for i in torch.multinomial(chances, count, count > len(keys), generator=generator).tolist()]
