"""The scans of a session in the order of their arrival, those included whose files are not found yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.qt.makers import find_maker
from napari_scribbleseg.qt.record import ScanRecord, SliceIndex
from napari_scribbleseg.qt.values import ScanSummary
from napari_scribbleseg.session.slices import SliceState
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    from napari_scribbleseg.session.manifest import ScanRecord as SavedScan

NOT_FOUND = "file not found"


@dataclass(frozen=True, eq=False)
class SavedMaps:
    """What a session kept of one scan.

    Attributes
    ----------
    scan : session.manifest.ScanRecord
        Geometry and fingerprint.
    strokes, mask : uint8 (t, z, y, x) or None
    states : (t, z) → SliceState
    locked : bool
    origins : (t, z) → key of what made the slice of the mask
    """

    scan: SavedScan
    strokes: LabelMap | None = None
    mask: LabelMap | None = None
    states: Mapping[SliceIndex, SliceState] = field(default_factory=dict)
    locked: bool = False
    origins: Mapping[SliceIndex, str] = field(default_factory=dict)

    def restore(self, record: ScanRecord) -> None:
        """Put strokes, mask and choices back; parts of another shape are left out."""
        record.choices = self.scan.choices
        if self.strokes is not None and self.strokes.shape == record.strokes.shape:
            for t, z in np.argwhere(self.strokes.any(axis=(2, 3))).tolist():
                record.set_strokes((t, z), self.strokes[t, z])
        if self.mask is not None and self.mask.shape == record.mask.shape:
            record.mask[...] = self.mask
            record.mask_states.update(self.states)
            record.mask_makers.update((index, find_maker(key)) for index, key in self.origins.items())
            record.locked = self.locked


class Worklist:
    """Records by case; knows no Qt."""

    def __init__(self) -> None:
        self._records: dict[str, ScanRecord] = {}
        self._missing: dict[str, SavedMaps] = {}

    def __iter__(self) -> Iterator[ScanRecord]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def get(self, case: str) -> ScanRecord | None:
        """Return the record of a case, None for one that is not here."""
        return self._records.get(case)

    def is_missing(self, case: str) -> bool:
        """Return whether a case belongs to the session but its file was not found."""
        return case in self._missing

    def add(self, cine: Cine) -> ScanRecord:
        """Take a scan in; strokes and masks of a session that waited for it come back."""
        known = self._records.get(cine.case)
        if known is not None:
            return known
        record = ScanRecord(cine)
        saved = self._missing.pop(cine.case, None)
        if saved is not None:
            saved.restore(record)
        self._records[cine.case] = record
        return record

    def expect(self, saved: SavedMaps) -> None:
        """Note a scan of a session; it is there once :meth:`add` brings its pixels."""
        self._missing[saved.scan.case] = saved

    def summaries(self) -> list[ScanSummary]:
        """Return one line per scan, those with files first."""
        lines = [record.summary() for record in self]
        for case, saved in self._missing.items():
            accepted = len(saved.states)
            lines.append(ScanSummary(case, case, saved.scan.shape, saved.scan.strokes, accepted, NOT_FOUND))
        return lines

    def with_strokes(self) -> list[ScanRecord]:
        """Return the records that carry strokes."""
        return [record for record in self if record.drawn]
