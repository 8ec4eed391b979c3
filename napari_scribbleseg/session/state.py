"""What opening a session gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.session.journal import read_journal
from napari_scribbleseg.session.manifest import Manifest, ScanRecord, View
from napari_scribbleseg.session.maps import MaskStates, map_path, read_map, read_states, states_path
from napari_scribbleseg.session.slices import MapKind, SliceRecord, SliceState

if TYPE_CHECKING:
    import torch

    from napari_scribbleseg.engine.postprocess import PostProcessing
    from napari_scribbleseg.settings import TrainSettings
    from napari_scribbleseg.types import Checkpoint

JOURNAL_NAME = "journal"
HISTORY_NAME = "history.jsonl"
MapKey = tuple[MapKind, str]


@dataclass(frozen=True, eq=False)
class SavedMaps:
    """Strokes and masks of all scans as they were last, edits of the journal included.

    Attributes
    ----------
    labels : Mapping[(kind, case), uint8 (t, z, y, x)], read-only
    mask_states : Mapping[case, MaskStates]
    next_revision : int
        One above the newest edit found.
    strokes : Mapping[case, int]
        Strokes drawn on each scan.
    replayed : frozenset of (kind, case)
        Maps that the journal changed and that should be written anew.
    problems : tuple of str
        A sentence for each part that is damaged or missing.
    damaged : tuple of Path
        Files that are damaged.
    strays : frozenset of str
        Cases of the journal that the manifest does not list.
    """

    labels: Mapping[MapKey, LabelMap]
    mask_states: Mapping[str, MaskStates]
    next_revision: int
    strokes: Mapping[str, int]
    replayed: frozenset[MapKey] = frozenset()
    problems: tuple[str, ...] = ()
    damaged: tuple[Path, ...] = ()
    strays: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class SessionState:
    """A session as it was when it was written last.

    Attributes
    ----------
    manifest : Manifest
        Settings, scans, view.
    maps : SavedMaps
    checkpoint : Checkpoint or None
        For a resume to the bit.
    weights : Mapping[str, Tensor] or None
        The weights that predict, where there is no whole checkpoint.
    history : tuple of JSON objects, oldest first
        The last events.
    problems : tuple of str
        One sentence for each part that could not be read; the others are whole.
    """

    manifest: Manifest
    maps: SavedMaps
    checkpoint: Checkpoint | None = None
    weights: Mapping[str, torch.Tensor] | None = None
    history: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def settings(self) -> TrainSettings:
        """Return the settings of the last run."""
        return self.manifest.settings

    @property
    def started_from(self) -> str:
        """Return the key of the weights that training began with, "" for from scratch."""
        return self.manifest.started_from

    @property
    def trained_s(self) -> float:
        """Return the seconds of training since then."""
        return self.manifest.trained_s

    @property
    def post(self) -> PostProcessing:
        """Return what was put right in predictions."""
        return self.manifest.post

    @property
    def scans(self) -> tuple[ScanRecord, ...]:
        """Return the worklist."""
        return self.manifest.scans

    @property
    def view(self) -> View | None:
        """Return where the person was looking."""
        return self.manifest.view

    @property
    def next_revision(self) -> int:
        """Return the number for the next edit."""
        return self.maps.next_revision

    @property
    def scribbles(self) -> Mapping[str, LabelMap]:
        """Return read-only strokes `(t, z, y, x)` by case, layer codes."""
        return _of_kind(self.maps, MapKind.SCRIBBLES)

    @property
    def masks(self) -> Mapping[str, LabelMap]:
        """Return read-only masks `(t, z, y, x)` by case, training codes."""
        return _of_kind(self.maps, MapKind.MASKS)

    @property
    def mask_states(self) -> Mapping[str, MaskStates]:
        """Return by case what was accepted, edited and locked, and what no training made."""
        return self.maps.mask_states


def _of_kind(maps: SavedMaps, kind: MapKind) -> Mapping[str, LabelMap]:
    return MappingProxyType({case: labels for (found, case), labels in maps.labels.items() if found is kind})


def load_maps(folder: Path, manifest: Manifest) -> SavedMaps:
    """Read strokes, masks and their states, and replay the journal over them; never raises for a damaged file."""
    draft = _Draft(folder, manifest)
    for record in manifest.scans:
        draft.read(record)
    records, problems = read_journal(folder / JOURNAL_NAME)
    draft.problems += problems
    for record_ in records:
        draft.replay(record_)
    return draft.finish()


@dataclass
class _Draft:
    folder: Path
    manifest: Manifest
    labels: dict[MapKey, LabelMap] = field(default_factory=dict)
    states: dict[str, dict[tuple[int, int], SliceState]] = field(default_factory=dict)
    origins: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)
    locked: dict[str, bool] = field(default_factory=dict)
    strokes: dict[str, int] = field(default_factory=dict)
    revision: int = 0
    replayed: set[MapKey] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    damaged: list[Path] = field(default_factory=list)
    strays: set[str] = field(default_factory=set)

    def read(self, record: ScanRecord) -> None:
        self.strokes[record.case] = record.strokes
        for kind in MapKind:
            path = map_path(self.folder, kind, record)
            self.labels[kind, record.case], problem = read_map(path, kind, record)
            self._note(problem or _missing(kind, record, path), path)
        path = states_path(self.folder, record)
        states, problem = read_states(path)
        self._note(problem, path)
        self.states[record.case], self.locked[record.case] = dict(states.slices), states.locked
        self.origins[record.case] = dict(states.origins)

    def _note(self, problem: str, path: Path) -> None:
        if problem:
            self.problems.append(problem)
            self.damaged.append(path)

    def replay(self, record: SliceRecord) -> None:
        kind, case, t, z = record.key
        labels = self.labels.get((kind, case))
        if labels is None or not _inside(t, z, labels) or record.labels.shape != labels.shape[2:]:
            self.strays.add(case)
            return
        labels[t, z] = record.labels
        self.replayed.add((kind, case))
        self.revision = max(self.revision, record.revision)
        self.strokes[case] = max(self.strokes[case], record.strokes)
        if kind is MapKind.MASKS:
            set_state(self.states[case], self.origins[case], record)

    def finish(self) -> SavedMaps:
        for labels in self.labels.values():
            labels.setflags(write=False)
        if self.strays:
            self.problems.append("Some edits fit no scan that the session lists; they stay in its folder journal.")
        return SavedMaps(
            labels=MappingProxyType(self.labels),
            mask_states=MappingProxyType({case: self._states_of(case) for case in self.states}),
            next_revision=max(self.manifest.next_revision, self.revision + 1),
            strokes=MappingProxyType(self.strokes),
            replayed=frozenset(self.replayed),
            problems=tuple(self.problems),
            damaged=tuple(self.damaged),
            strays=frozenset(self.strays),
        )

    def _states_of(self, case: str) -> MaskStates:
        states, origins = MappingProxyType(self.states[case]), MappingProxyType(self.origins[case])
        return MaskStates(states, self.locked[case], origins)


def set_state(
    states: dict[tuple[int, int], SliceState], origins: dict[tuple[int, int], str], record: SliceRecord
) -> None:
    """Note state and origin of a mask slice; PREDICTED is what every slice is that is not noted, and has no origin."""
    index = (record.key.t, record.key.z)
    states.pop(index, None)
    origins.pop(index, None)
    if record.state is not SliceState.PREDICTED:
        states[index] = record.state
        if record.origin:
            origins[index] = record.origin


def _inside(t: int, z: int, labels: LabelMap) -> bool:
    n_t, n_z = labels.shape[:2]
    return bool(0 <= t < n_t and 0 <= z < n_z)


def _missing(kind: MapKind, record: ScanRecord, path: Path) -> str:
    names = ("scribbled",) if kind is MapKind.SCRIBBLES else ("accepted", "edited")
    expected = sum(record.counts.get(name, 0) for name in names)
    return f"{kind.value}/{path.name} is missing." if expected and not path.exists() else ""


def count_slices(scribbles: LabelMap, states: Mapping[tuple[int, int], SliceState]) -> dict[str, int]:
    """Return how many slices carry strokes, were accepted, were edited."""
    mask = MaskStates(states)
    return {
        "scribbled": int(np.count_nonzero(scribbles.any(axis=(2, 3)))),
        "accepted": mask.count(SliceState.ACCEPTED),
        "edited": mask.count(SliceState.EDITED),
    }
