"""The systems that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from napari_scribbleseg.bench.annotate.classical import Classical
from napari_scribbleseg.bench.annotate.network import Network
from napari_scribbleseg.bench.annotate.system import System
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    from napari_scribbleseg.api.model import Model

Build = Callable[[Cine, "Model | None", int], System]


@dataclass(frozen=True)
class Entry:
    """A system in the comparison.

    Attributes
    ----------
    key, title : str
        Name in files and on the command line; what tables and figures print.
    build : callable (Cine, Model or None, threads) → System
    needs_weights : bool
    learns : bool
        Whether it trains a network.
    """

    key: str
    title: str
    build: Build
    needs_weights: bool = False
    learns: bool = False


def _classical(key: str, title: str) -> Entry:
    def build(cine: Cine, start: Model | None, threads: int) -> System:
        from napari_scribbleseg.baselines import build_baseline

        return Classical(build_baseline(key), cine)

    return Entry(key, title, build)


SYSTEMS: Mapping[str, Entry] = MappingProxyType(
    {
        entry.key: entry
        for entry in (
            Entry(
                "finetuned",
                "Ours, fine-tuned",
                lambda cine, start, threads: Network(start, cine, threads),
                needs_weights=True,
                learns=True,
            ),
            Entry("scratch", "Ours, from scratch", lambda cine, _, threads: Network(None, cine, threads), learns=True),
            _classical("random_walker", "Random Walker"),
            _classical("growcut", "GrowCut"),
            _classical("graph_cuts", "Graph Cuts"),
            _classical("grabcut", "GrabCut"),
            _classical("random_forest", "Random forest, ilastik-like"),
            _classical("slic_seg", "Superpixel forest, Slic-Seg-like"),
            _classical("level_set", "Level set, ITK-SNAP-like"),
        )
    }
)
"""All systems, in the order of the tables."""


def choose_systems(text: str) -> tuple[Entry, ...]:
    """Read a choice of systems such as "all", "classical" or "finetuned,random_walker".

    Raises
    ------
    BenchError
        For an unknown name; the sentence lists the known ones.
    """
    wanted: set[str] = set()
    for name in (part.strip() for part in text.split(",")):
        groups = {"all": set(SYSTEMS), "classical": {key for key, entry in SYSTEMS.items() if not entry.learns}}
        if name not in groups and name not in SYSTEMS:
            raise BenchError(f"There is no system {name!r}; known are {', '.join([*groups, *SYSTEMS])}.")
        wanted |= groups.get(name, {name})
    return tuple(entry for key, entry in SYSTEMS.items() if key in wanted)
