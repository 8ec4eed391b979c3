"""A copy of all strokes and masks that belongs to the writing thread, fed with changed slices."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.session.errors import SessionError
from napari_scribbleseg.session.manifest import Manifest, ScanRecord, stand_in
from napari_scribbleseg.session.maps import (
    MaskStates,
    map_path,
    read_geometry,
    states_path,
    write_map,
    write_states,
)
from napari_scribbleseg.session.privacy import strip_header
from napari_scribbleseg.session.slices import MapKind, SliceKey, SliceRecord
from napari_scribbleseg.session.state import MapKey, SavedMaps, count_slices, set_state
from napari_scribbleseg.types import Cine


class Shadow:
    """Maps of all scans, of which those that changed are written.

    `put`, `add` and `set_locked` are quick and for any thread; `write` and `count` are for the one thread that writes.

    Parameters
    ----------
    folder : of the session
    manifest : lists the scans
    maps : as they were loaded
    """

    def __init__(self, folder: Path, manifest: Manifest, maps: SavedMaps) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._records = {record.case: record for record in manifest.scans}
        self._geometry: dict[str, Cine] = {}
        self._labels: dict[MapKey, LabelMap] = dict(maps.labels)
        self._states = {case: dict(states.slices) for case, states in maps.mask_states.items()}
        self._origins = {case: dict(states.origins) for case, states in maps.mask_states.items()}
        self._locked = {case: states.locked for case, states in maps.mask_states.items()}
        self._waiting: dict[SliceKey, SliceRecord] = {}
        self._dirty: set[MapKey] = set(maps.replayed)

    def add(self, cine: Cine, record: ScanRecord) -> bool:
        """Take the geometry of a scan; return whether it is new and a first, empty file should be written."""
        with self._guard:
            new = record.case not in self._records
            self._geometry[record.case] = stand_in(record, strip_header(cine.header))
            self._records[record.case] = record
            if new:
                for kind in MapKind:
                    self._labels[kind, record.case] = np.broadcast_to(np.uint8(0), record.shape)
                self._states[record.case], self._origins[record.case] = {}, {}
                self._locked[record.case] = False
                # So that the header of the scan is there even if the next strokes come from the journal.
                self._dirty.add((MapKind.SCRIBBLES, record.case))
            return new

    def put(self, records: Iterable[SliceRecord]) -> None:
        """Take changed slices.

        Raises
        ------
        SessionError
            When one of them does not lie in a scan of the session; none is taken then.
        """
        records = list(records)
        with self._guard:
            for record in records:
                self._require_slice(record)
            self._waiting.update((record.key, record) for record in records)

    def set_locked(self, case: str, locked: bool) -> None:
        """Note whether a mask is locked.

        Raises
        ------
        SessionError
            For a case that is not in the session.
        """
        with self._guard:
            if case not in self._records:
                raise SessionError(f"{case} is not a scan of this session.")
            self._locked[case] = locked
            self._dirty.add((MapKind.MASKS, case))

    def write(self) -> set[str]:
        """Write every map that changed; return their cases.

        Raises
        ------
        OSError, ScanError
            The first error; the other maps are written all the same, and the failed one stays to be written.
        """
        errors: list[Exception] = []
        dirty = self._absorb()
        for key in dirty:
            try:
                self._write_one(key)
            except Exception as error:
                errors.append(error)
                with self._guard:
                    self._dirty.add(key)
        if errors:
            raise errors[0]
        return {case for _, case in dirty}

    def count(self, case: str) -> dict[str, int]:
        """Return the numbers of scribbled, accepted and edited slices of a scan."""
        return count_slices(self._labels[MapKind.SCRIBBLES, case], self._states[case])

    def _require_slice(self, record: SliceRecord) -> None:
        _, case, t, z = record.key
        scan = self._records.get(case)
        if scan is None:
            raise SessionError(f"{case} is not a scan of this session.")
        if not (0 <= t < scan.shape[0] and 0 <= z < scan.shape[1]) or record.labels.shape != scan.shape[2:]:
            raise SessionError(f"Slice t={t}, z={z} of shape {record.labels.shape} does not lie in {case}.")

    def _absorb(self) -> set[MapKey]:
        with self._guard:
            waiting, self._waiting = self._waiting, {}
            dirty, self._dirty = self._dirty, set()
        for (kind, case, t, z), record in waiting.items():
            key = (kind, case)
            if not self._labels[key].flags.writeable:
                self._labels[key] = self._labels[key].copy()
            self._labels[key][t, z] = record.labels
            if kind is MapKind.MASKS:
                set_state(self._states[case], self._origins[case], record)
            dirty.add(key)
        return dirty

    def _write_one(self, key: MapKey) -> None:
        kind, case = key
        record = self._records[case]
        if case not in self._geometry:
            self._geometry[case] = read_geometry(self._folder, record)
        write_map(map_path(self._folder, kind, record), kind, self._labels[key], self._geometry[case])
        if kind is MapKind.MASKS:
            states = MaskStates(self._states[case], self._locked[case], self._origins[case])
            write_states(states_path(self._folder, record), states)
