"""The thread that carries masks over to neighbouring slices; no training, no torch, and always masks or a sentence."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.qt.doubt_book import MIN_CYCLE
from napari_scribbleseg.qt.record import SliceIndex
from napari_scribbleseg.qt.thread import PoliteThread
from napari_scribbleseg.qt.values import Propagation
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    from qtpy.QtCore import QObject

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Suggestion:
    """A mask that a slice might have.

    Attributes
    ----------
    labels : uint8 (y, x), training codes
    maker : Propagation
        The slice that it was carried over from.
    """

    labels: LabelMap
    maker: Propagation


@dataclass(frozen=True, eq=False)
class SuggestionJob:
    """What is carried over, and where to.

    Attributes
    ----------
    cine : Cine
    masks : Mapping[(t, z), uint8 (y, x)]
        Copies of the masks to start from.
    targets : Mapping[(t, z), (t, z)]
        Slices to make suggestions for, and the slice of `masks` that each is made from.
    """

    cine: Cine
    masks: Mapping[SliceIndex, LabelMap]
    targets: Mapping[SliceIndex, SliceIndex]

    def work_out(self) -> Iterator[tuple[SliceIndex, Suggestion]]:
        """Yield a suggestion for each target, those of one pair of phases together."""
        from napari_scribbleseg.baselines.propagation import propagate

        for (t, source_t), pairs in self._by_phases().items():
            places, sources = [z for z, _ in pairs], [z for _, z in pairs]
            before, after = self.cine.volume(source_t)[sources], self.cine.volume(t)[places]
            masks = np.stack([self.masks[source_t, z] for z in sources])
            for (z, source_z), labels in zip(pairs, propagate(before, after, masks), strict=True):
                yield (t, z), Suggestion(labels, Propagation(source_t, source_z))

    def _by_phases(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        found: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for (t, z), (source_t, source_z) in self.targets.items():
            found.setdefault((t, source_t), []).append((z, source_z))
        return found


def find_targets(
    shape: tuple[int, int], sources: Collection[SliceIndex], taken: Collection[SliceIndex], reach: int
) -> dict[SliceIndex, SliceIndex]:
    """Return the slices to make suggestions for, nearest first, and the source of each.

    Parameters
    ----------
    shape : (t, z)
    sources : slices of one phase that have a mask
    taken : slices that need no suggestion
    reach : phases to either side; in a scan of one phase, slices to either side
    """
    n_t, n_z = shape
    found: dict[SliceIndex, SliceIndex] = {}
    for apart in range(1, reach + 1):
        for t, z in sources:
            for step in (-apart, apart):
                target = ((t + step) % n_t if n_t >= MIN_CYCLE else t + step, z) if n_t > 1 else (t, z + step)
                inside = 0 <= target[0] < n_t and 0 <= target[1] < n_z
                if inside and target not in taken and target not in sources:
                    found.setdefault(target, (t, z))
    return found


class SuggestionThread(PoliteThread):
    """Work suggestions out; afterwards either `found` is filled or `problem` is a sentence."""

    def __init__(self, job: SuggestionJob, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.job = job
        self.found: dict[SliceIndex, Suggestion] = {}
        self.problem = ""

    def work(self) -> None:
        """Do the job."""
        try:
            self.found = dict(self.job.work_out())
        except ImportError as error:
            self.problem = f"Suggestions need a package that did not load ({error.name or error})."
        except Exception as error:  # a dead window is worse than any error in here
            log.exception("Suggestions stopped with an error")
            why = str(error) or type(error).__name__
            self.problem = f"Suggestions stopped because of an error: {why}. Your masks are safe."
