"""Images of a series in their places: slices along the normal, phases in time, and the grid that they lie on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.io.dicom.phases import (
    TRIGGER,
    choose_clock,
    match_phases,
    thin_out,
    typical_count,
    without_repeats,
)
from napari_scribbleseg.io.errors import ScanError
from napari_scribbleseg.io.header import PLAUSIBLE_FRAME_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_scribbleseg.io.dicom.frames import Frame
    from napari_scribbleseg.io.dicom.phases import Clock

SAME_PLACE_MM = 0.3
"""Images nearer to each other along the normal show the same slice."""

UNEVEN = 0.1
"""Slices whose distances differ by more than this share are unevenly spaced."""

CROOKED_MM = 0.5
PLAUSIBLE_BPM = (20.0, 250.0)

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stack:
    """A series as a grid of images.

    Attributes
    ----------
    grid : tuple over t of tuples over z of Frame or None
    spacing_mm : (z, y, x)
    affine : (4, 4), voxel (x, y, z) → RAS
    frame_ms, heart_rate_bpm : float or None
    warnings : tuple of str
    """

    grid: tuple[tuple[Frame | None, ...], ...]
    spacing_mm: tuple[float, float, float]
    affine: FloatArray
    frame_ms: float | None
    heart_rate_bpm: float | None
    warnings: tuple[str, ...] = ()

    @property
    def frames(self) -> list[Frame]:
        """Return the images that are there, phase by phase."""
        return [frame for phase in self.grid for frame in phase if frame is not None]


def arrange(frames: Sequence[Frame]) -> Stack:
    """Arrange the images of one stack: of the same size, orientation and kind.

    Slices are ordered by ImagePositionPatient along the normal of the images (never by SliceLocation), phases by the
    rank of TriggerTime within their slice (else TemporalPositionIdentifier, InstanceNumber or AcquisitionTime, which is
    said). Where a slice was acquired twice the later one counts; what is missing stays empty, so that all others lie in
    the right place.

    Raises
    ------
    ScanError
        When the images do not tell their order.
    """
    warnings: list[str] = []
    places, slices = _by_place(frames)
    slices = _drop_repeats(slices, warnings)
    slices, places = _without_stragglers(slices, places, warnings)
    clock = choose_clock(slices)
    slices = _without_surplus(slices, clock, warnings)
    _tell_clock(clock, slices, warnings)
    matched = match_phases(slices, clock)
    rows, spacing = _rows(places, _thickness(frames), warnings)
    n_t, n_z = typical_count(slices), rows[-1] + 1
    by_row = dict(zip(rows, matched, strict=True))
    grid = tuple(tuple(by_row.get(z, {}).get(t) for z in range(n_z)) for t in range(n_t))
    _tell_missing(by_row, n_t, warnings)
    affine = _affine(by_row, n_z, spacing, warnings)
    y, x = frames[0].spacing_mm
    frame_ms, rate = _timing(matched, frames, clock, n_t)
    return Stack(grid, (spacing, y, x), affine, frame_ms, rate, tuple(warnings))


def normal_of(orientation: Sequence[float]) -> FloatArray:
    """Return the unit normal of images, LPS, that makes (row, column, normal) right-handed."""
    cosines = np.asarray(orientation, np.float64)
    normal = np.cross(cosines[:3], cosines[3:])
    return np.asarray(normal / max(float(np.linalg.norm(normal)), 1e-12))


def _by_place(frames: Sequence[Frame]) -> tuple[FloatArray, list[list[Frame]]]:
    normal = normal_of(frames[0].orientation)
    along = np.array([float(normal @ np.asarray(frame.position_mm)) for frame in frames])
    order = np.argsort(along, kind="stable")
    starts = np.flatnonzero(np.diff(along[order], prepend=-np.inf) > SAME_PLACE_MM)
    groups = np.split(order, starts[1:])
    return np.array([float(np.median(along[group])) for group in groups]), [[frames[i] for i in g] for g in groups]


def _drop_repeats(slices: list[list[Frame]], warnings: list[str]) -> list[list[Frame]]:
    expected = typical_count(slices)
    kept = [without_repeats(frames, expected) for frames in slices]
    doubled = sum(len(new) < len(old) for new, old in zip(kept, slices, strict=True))
    if doubled:
        which = "1 slice was" if doubled == 1 else f"{doubled} slices were"
        warnings.append(f"{which} acquired more than once; the latest images were used.")
    return kept


def _without_stragglers(
    slices: list[list[Frame]], places: FloatArray, warnings: list[str]
) -> tuple[list[list[Frame]], FloatArray]:
    """Leave out slices with under half of the phases, such as a localiser."""
    expected = typical_count(slices)
    enough = [2 * len(frames) >= expected for frames in slices]
    if n_few := enough.count(False):
        which = "1 slice holds" if n_few == 1 else f"{n_few} slices hold"
        warnings.append(f"{which} under half of the {expected} phases and {'was' if n_few == 1 else 'were'} left out.")
    kept = [frames for frames, is_enough in zip(slices, enough, strict=True) if is_enough]
    return kept, places[np.array(enough)]


def _without_surplus(slices: list[list[Frame]], clock: Clock, warnings: list[str]) -> list[list[Frame]]:
    """Leave out images of slices with more than the usual number of phases, where trigger times tell which."""
    expected = typical_count(slices)
    n_more = sum(len(frames) > expected for frames in slices)
    if not n_more:
        return slices
    if clock is not TRIGGER:
        raise ScanError(
            f"Some slices of this series have more images than the {expected} phases of the others, and nothing says "
            "which of them belong together; export the series from its source again."
        )
    which = "1 slice has" if n_more == 1 else f"{n_more} slices have"
    warnings.append(
        f"{which} more images than the {expected} phases of the others; those nearest in time to the phases were used."
    )
    return thin_out(slices, clock, expected)


def _tell_clock(clock: Clock, slices: list[list[Frame]], warnings: list[str]) -> None:
    if clock is not TRIGGER and typical_count(slices) > 1:
        warnings.append(
            f"The trigger times do not tell the phases apart, so these go by {clock.name}; see whether the heart beats "
            "in the right order."
        )


def _thickness(frames: Sequence[Frame]) -> float:
    stated = [frame.thickness_mm for frame in frames if frame.thickness_mm]
    return float(np.median(stated)) if stated else 1.0


def _rows(places: FloatArray, thickness_mm: float, warnings: list[str]) -> tuple[list[int], float]:
    """Return the row of the grid that each slice takes, and the distance from row to row in mm."""
    if len(places) == 1:
        return [0], thickness_mm
    gaps = np.diff(places)
    usual = float(np.median(gaps))
    steps = np.maximum(np.round(gaps / usual), 1).astype(int)
    uneven = np.abs(gaps / usual - steps) > UNEVEN
    if uneven.any() or steps.sum() > 2 * len(steps):
        low, high = float(gaps.min()), float(gaps.max())
        warnings.append(
            f"The slices are unevenly spaced ({low:.1f} to {high:.1f} mm); their mean distance is used, so volumes "
            "are less certain."
        )
        return list(range(len(places))), float(gaps.mean())
    rows = [0, *np.cumsum(steps).tolist()]
    empty = sorted(set(range(rows[-1])) - set(rows))
    if empty:
        named = ", ".join(map(str, empty))
        one = len(empty) == 1
        warnings.append(
            f"{'Slice' if one else 'Slices'} {named} (counted from 0) {'is' if one else 'are'} missing from the "
            f"series; {'its place stays' if one else 'their places stay'} black."
        )
    return rows, float((places[-1] - places[0]) / rows[-1])


def _tell_missing(by_row: dict[int, dict[int, Frame]], n_t: int, warnings: list[str]) -> None:
    missing = [(t, z) for z, phases in by_row.items() for t in range(n_t) if t not in phases]
    if missing:
        shown = ", ".join(f"phase {t} of slice {z}" for t, z in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        noun = "1 image is" if len(missing) == 1 else f"{len(missing)} images are"
        warnings.append(
            f"{noun} missing from the series ({shown}{more}, counted from 0); "
            f"{'it stays' if len(missing) == 1 else 'they stay'} black."
        )


def _affine(by_row: dict[int, dict[int, Frame]], n_z: int, spacing_mm: float, warnings: list[str]) -> FloatArray:
    """Return voxel (x, y, z) → RAS through the first and the last slice; warn where others lie beside that line."""
    first = next(iter(by_row[0].values()))
    cosines = np.asarray(first.orientation, np.float64)
    origin = np.asarray(first.position_mm, np.float64)
    step = normal_of(first.orientation) * spacing_mm
    if n_z > 1:
        step = (np.asarray(next(iter(by_row[n_z - 1].values())).position_mm) - origin) / (n_z - 1)
    off = max(
        float(np.linalg.norm(np.asarray(frame.position_mm) - origin - z * step))
        for z, phases in by_row.items()
        for frame in phases.values()
    )
    if off > CROOKED_MM and not any("unevenly" in sentence for sentence in warnings):
        warnings.append(
            f"The slices do not lie in one straight stack: some are up to {off:.1f} mm aside. A NIfTI file cannot say "
            "so; DICOM SEG keeps each slice in its place."
        )
    lps = np.eye(4)
    lps[:3, 0] = cosines[:3] * first.spacing_mm[1]
    lps[:3, 1] = cosines[3:] * first.spacing_mm[0]
    lps[:3, 2] = step
    lps[:3, 3] = origin
    return np.asarray(np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps)


def _timing(
    matched: list[dict[int, Frame]], frames: Sequence[Frame], clock: Clock, n_t: int
) -> tuple[float | None, float | None]:
    """Return the time between phases in ms, and the heart rate in beats per minute; None where it is not known."""
    intervals = [frame.interval_ms for frame in frames if frame.interval_ms]
    rates = [frame.heart_rate_bpm for frame in frames if frame.heart_rate_bpm]
    rate = 60_000 / float(np.median(intervals)) if intervals else float(np.median(rates)) if rates else None
    if rate is not None and not PLAUSIBLE_BPM[0] <= rate <= PLAUSIBLE_BPM[1]:
        rate = None
    frame_ms = _trigger_step(matched, n_t)
    if frame_ms is None and rate is not None and n_t > 1:
        frame_ms = 60_000 / rate / n_t
    low, high = PLAUSIBLE_FRAME_MS
    plausible = frame_ms is not None and low <= frame_ms <= high
    return round(frame_ms, 4) if plausible and frame_ms is not None else None, rate


def _trigger_step(matched: list[dict[int, Frame]], n_t: int) -> float | None:
    """Return the median over slices of the mean step, since single steps are rounded to whole ms."""
    steps = []
    for phases in matched:
        first, last = phases.get(0), phases.get(n_t - 1)
        if n_t > 1 and first and last and first.trigger_ms is not None and last.trigger_ms is not None:
            steps.append((last.trigger_ms - first.trigger_ms) / (n_t - 1))
    return float(np.median(steps)) if steps and np.median(steps) > 0 else None
