"""The maps that a method keeps of labelled slices: pseudo labels, averaged predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.types import FrameKey

Array = npt.NDArray[Any]


class Origin(NamedTuple):
    """What a slice's maps were made from: its strokes, its window, and the round of the method."""

    revision: int
    offset: tuple[int, int]
    round: int


@dataclass(frozen=True, eq=False)
class SliceMaps:
    """Maps of one slice in the window it had, by name: labels uint8 `(H, W)` or probabilities float16 `(C, H, W)`."""

    windows: Mapping[str, Array]
    origin: Origin


class MapBook:
    """All maps of a store, and where they come from."""

    def __init__(self) -> None:
        self._maps: dict[FrameKey, SliceMaps] = {}
        self.version = 0

    def put(self, key: FrameKey, windows: Mapping[str, Array], origin: Origin) -> None:
        """Keep the maps of a slice in place of those before."""
        self._maps[key] = SliceMaps(dict(windows), origin)
        self.version += 1

    def of(self, key: FrameKey) -> SliceMaps | None:
        """Return the maps of a slice; None where none were made."""
        return self._maps.get(key)

    def stale(self, wanted: Mapping[FrameKey, Origin]) -> list[FrameKey]:
        """Return the slices whose maps are missing or come from something else, in the order given."""
        return [key for key, origin in wanted.items() if key not in self._maps or self._maps[key].origin != origin]

    def forget(self, keys: Iterable[FrameKey]) -> None:
        """Drop the maps of slices that lost their strokes."""
        for key in keys:
            self._maps.pop(key, None)

    def state(self) -> tuple[dict[str, Array], list[dict[str, Any]]]:
        """Return arrays by name, and JSON values."""
        arrays: dict[str, Array] = {}
        entries = []
        for i, (key, maps) in enumerate(sorted(self._maps.items())):
            arrays |= {f"map.{i}.{name}": values for name, values in maps.windows.items()}
            entries.append({"key": list(key), "names": sorted(maps.windows), "origin": list(maps.origin)})
        return arrays, entries

    def restore(self, arrays: Mapping[str, Array], entries: Iterable[Mapping[str, Any]]) -> None:
        """Take the maps of a state; what has changed since is stale by its origin."""
        for i, entry in enumerate(entries):
            revision, offset, turn = entry["origin"]
            windows = {name: np.array(arrays[f"map.{i}.{name}"]) for name in entry["names"]}
            self.put(FrameKey(*entry["key"]), windows, Origin(revision, (offset[0], offset[1]), turn))


def fill_of(values: Array) -> int:
    """Return what stands where a map knows nothing: IGNORE in labels, 0 in probabilities."""
    return IGNORE if values.dtype == np.uint8 else 0
