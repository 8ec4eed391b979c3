"""The series of a folder, each a stack of its own, for a person to choose from."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_scribbleseg.io.dicom.address import join_address
from napari_scribbleseg.io.dicom.files import read_frames
from napari_scribbleseg.io.dicom.stack import SAME_PLACE_MM, Stack, arrange, normal_of
from napari_scribbleseg.io.errors import ScanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_scribbleseg.io.dicom.frames import Frame

_SAME_DIRECTION = 0.01


@dataclass(frozen=True)
class SeriesSummary:
    """One series of a folder, or one stack of a series that holds several.

    Attributes
    ----------
    uid : str
        What :func:`load_series` takes: SeriesInstanceUID; ":2", ":3" follow it for further stacks of the series.
    number : int or None
        SeriesNumber.
    description : str
        As the scanner names it; shown to a person, never written anywhere.
    n_phases, n_slices, rows, columns : int
        0 phases and slices where the series cannot be read as a scan.
    n_images : int
    n_series : int
        Series that were joined; 1 as a rule, more where every slice is a series of its own.
    path : Path
        What `load_cine` takes to open exactly this one.
    problem : str
        Why it cannot be opened; "" where it can.
    warnings : tuple of str
        What is odd in it.
    """

    uid: str = field(repr=False)
    number: int | None
    description: str = field(repr=False)
    n_phases: int
    n_slices: int
    rows: int
    columns: int
    n_images: int
    n_series: int
    path: Path = field(repr=False)
    problem: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def is_cine(self) -> bool:
        """Return whether it moves: at least two phases of at least one slice."""
        return self.n_phases > 1

    @property
    def size(self) -> str:
        """Return what it holds, for a person."""
        if self.problem:
            return f"{self.n_images} image{'s' * (self.n_images != 1)}"
        slices = f"{self.n_slices} slice{'s' * (self.n_slices != 1)}"
        return f"{slices} × {self.n_phases} phases" if self.is_cine else slices

    @property
    def name(self) -> str:
        """Return number and size without the description, which a person may have filled with anything."""
        number = "without a number" if self.number is None else str(self.number)
        return f"series {number} ({self.size})"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A summary, and the stack behind it or None."""

    summary: SeriesSummary
    stack: Stack | None
    frames: tuple[Frame, ...]


def find_series(folder: Path) -> tuple[list[Candidate], list[str]]:
    """Return the series of a folder, cines first and the largest of them first, and what was left out of it.

    Raises
    ------
    ScanError
        When the folder is missing or holds no DICOM images.
    """
    if not folder.is_dir():
        raise ScanError(f"{folder.name} is not a folder; choose the one that holds the DICOM files.")
    frames, warnings = read_frames(folder)
    if not frames:
        why = " ".join(warnings) or "Choose the folder with the files of a series."
        raise ScanError(f"{folder.name} holds no DICOM images of a scan. {why}")
    found = [_candidate(uid, group, folder) for uid, group in _groups(frames)]
    found.sort(key=_order)
    return found, warnings


def _order(candidate: Candidate) -> tuple[bool, bool, int, int]:
    summary = candidate.summary
    return bool(summary.problem), not summary.is_cine, -summary.n_slices * summary.n_phases, summary.number or 0


def _groups(frames: Iterable[Frame]) -> list[tuple[str, list[Frame]]]:
    by_series: dict[str, list[list[Frame]]] = defaultdict(list)
    for frame in frames:
        stacks = by_series[frame.series_uid]
        same = next((stack for stack in stacks if _belong_together(frame, stack[0])), None)
        if same is None:
            stacks.append([frame])
        else:
            same.append(frame)
    named = []
    for uid, stacks in by_series.items():
        for index, stack in enumerate(sorted(stacks, key=len, reverse=True)):
            named.append((uid if index == 0 else f"{uid}:{index + 1}", stack))
    return _joined(named)


def _belong_together(a: Frame, b: Frame) -> bool:
    grids = [(f.rows, f.columns, f.colours, f.kind, f.reference_uid, f.study_uid) for f in (a, b)]
    return (
        grids[0] == grids[1]
        and bool(np.allclose(a.orientation, b.orientation, atol=_SAME_DIRECTION))
        and bool(np.allclose(a.spacing_mm, b.spacing_mm, rtol=1e-3))
    )


def _joined(named: list[tuple[str, list[Frame]]]) -> list[tuple[str, list[Frame]]]:
    """Put single-slice cines of the same kind together: some scanners make a series of every slice."""
    families: list[list[tuple[str, list[Frame]]]] = []
    for uid, stack in named:
        family = next((f for f in families if _same_family(stack, f[0][1])), None)
        if family is None:
            families.append([(uid, stack)])
        else:
            family.append((uid, stack))
    joined = []
    for family in families:
        members = sorted(family, key=lambda member: (member[1][0].series_number or 0, member[0]))
        if len(members) > 1 and _extent(frame for _, stack in members for frame in stack) > SAME_PLACE_MM:
            joined.append((members[0][0], [frame for _, stack in members for frame in stack]))
        else:
            joined += members
    return joined


def _same_family(a: Sequence[Frame], b: Sequence[Frame]) -> bool:
    if len(a) != len(b) or len(a) < 2 or max(map(_extent, (a, b))) > SAME_PLACE_MM:
        return False
    words = [re.sub(r"\d+", "", f[0].description).strip().lower() for f in (a, b)]
    echoes = [round(f[0].echo_ms or 0.0, 2) for f in (a, b)]
    return words[0] == words[1] and echoes[0] == echoes[1] and _belong_together(a[0], b[0])


def _extent(frames: Iterable[Frame]) -> float:
    listed = list(frames)
    normal = normal_of(listed[0].orientation)
    along = [float(normal @ np.asarray(frame.position_mm)) for frame in listed]
    return max(along) - min(along)


def _candidate(uid: str, frames: list[Frame], folder: Path) -> Candidate:
    first = frames[0]
    summary = SeriesSummary(
        uid=uid,
        number=first.series_number,
        description=first.description,
        n_phases=0,
        n_slices=0,
        rows=first.rows,
        columns=first.columns,
        n_images=len(frames),
        n_series=len({frame.series_uid for frame in frames}),
        path=_path(uid, frames, folder),
    )
    if first.colours != 1:
        problem = "It holds colour pictures, not grey values."
        return Candidate(replace(summary, problem=problem), None, tuple(frames))
    try:
        stack = arrange(frames)
    except ScanError as error:
        return Candidate(replace(summary, problem=str(error)), None, tuple(frames))
    n_t, n_z = len(stack.grid), len(stack.grid[0])
    summary = replace(summary, n_phases=n_t, n_slices=n_z, warnings=stack.warnings)
    return Candidate(summary, stack, tuple(frames))


def _path(uid: str, frames: Sequence[Frame], folder: Path) -> Path:
    where = os.path.commonpath([str(frame.path.parent) for frame in frames])
    return join_address(Path(where), uid)
