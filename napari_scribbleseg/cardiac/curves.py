"""Volumes over time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from napari_scribbleseg.cardiac.counts import Counts, check_mask, check_spacing, count_pixels
from napari_scribbleseg.cardiac.errors import MeasurementError
from napari_scribbleseg.cardiac.measurement import VolumeCurves
from napari_scribbleseg.labels import LV, MYO, RV

MM3_PER_ML = 1000.0


def volume_curves(
    mask: Any,
    spacing_mm: tuple[float, float, float],
    excluded: Iterable[tuple[int, int]] = (),
    frame_ms: float | None = None,
) -> VolumeCurves:
    """Return the volume of each class in every phase.

    Parameters
    ----------
    mask : integer `(t, z, y, x)`, training codes
    spacing_mm : (z, y, x); z from slice to slice, the gap between slices included
    excluded : (t, z) of slices that count for nothing
    frame_ms : time between phases

    Raises
    ------
    MeasurementError
        For anything that is no such mask, spacing or slice.
    """
    return sum_slices(count_pixels(check_mask(mask)), check_spacing(spacing_mm), excluded, frame_ms)


def sum_slices(
    counts: Counts,
    spacing_mm: tuple[float, float, float],
    excluded: Iterable[tuple[int, int]] = (),
    frame_ms: float | None = None,
) -> VolumeCurves:
    """Return volumes by the summation of discs: Σ over slices of pixels · pixel area · distance between slices.

    This is the "summation of discs" of SCMR's recommendations (Schulz-Menger et al., JCMR 2020), often called Simpson's
    rule, and how ACDC's own volumes are made. No volume is added beyond the outermost slices.

    Parameters
    ----------
    counts : int64 (t, z, 4), pixels of each class
    spacing_mm : (z, y, x)
    excluded : (t, z) of slices that count for nothing
    frame_ms : time between phases
    """
    voxel_ml = spacing_mm[0] * spacing_mm[1] * spacing_mm[2] / MM3_PER_ML
    volumes_ml = without(counts, excluded).sum(axis=1) * voxel_ml
    return VolumeCurves(volumes_ml[:, RV], volumes_ml[:, MYO], volumes_ml[:, LV], frame_ms)


def without(counts: Counts, excluded: Iterable[tuple[int, int]]) -> Counts:
    """Return a copy of `counts` `(t, z, 4)` with nothing in the slices that are excluded.

    Raises
    ------
    MeasurementError
        For a slice that is not in the scan.
    """
    counts = counts.copy()
    n_t, n_z = counts.shape[:2]
    for t, z in excluded:
        if not (0 <= t < n_t and 0 <= z < n_z):
            raise MeasurementError(f"Phase {t}, slice {z} cannot be left out of {n_t} phases with {n_z} slices.")
        counts[t, z] = 0
    return counts
