"""Where a mask is most wrong: what a person would correct first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_scribbleseg.bench.annotate.paths import Region, measure_depth
from napari_scribbleseg.labels import BG, FOREGROUND, N_CLASSES, LabelMap, training_to_layer

NOTICE_MM = 2.0
"""A person lets pass what is wrong by less than this: readers differ by more."""
_LOOKED_AT = 10
"""So many of the heaviest mistakes of each class and phase are looked at closely."""


@dataclass(frozen=True, eq=False)
class Fault:
    """A mistake of a mask, in the slice where it is worst.

    Attributes
    ----------
    t, z : int
    label : int
        Layer code of what should be there.
    region : bool (y, x)
        The connected pixels of the slice that are wrong.
    weight : float
        Sum of the depths of its voxels, over all slices, in mm: large and thick mistakes come first.
    """

    t: int
    z: int
    label: int
    region: Region
    weight: float


def find_faults(mask: LabelMap, truth: LabelMap, spacing_mm: tuple[float, float, float], count: int = 1) -> list[Fault]:
    """Return the worst mistakes, the worst first, at most one for each slice.

    A mistake is a connected part, in three dimensions, of what should be one class and is another. It is weighed by
    the distance of its voxels to its own border, in three dimensions and mm, so that a thin rim around a whole
    structure, on which readers disagree, weighs less than a piece that is missing.

    Parameters
    ----------
    mask, truth : uint8 (t, z, y, x), training codes
    spacing_mm : (z, y, x)
    """
    found = sorted(
        (
            fault
            for t in range(len(truth))
            for c in range(N_CLASSES)
            for fault in _faults(mask, truth, t, c, spacing_mm)
        ),
        key=lambda fault: -fault.weight,
    )
    worst: dict[tuple[int, int], Fault] = {}
    for fault in found:
        worst.setdefault((fault.t, fault.z), fault)
    return list(worst.values())[:count]


def _faults(
    mask: LabelMap, truth: LabelMap, t: int, label: int, spacing_mm: tuple[float, float, float]
) -> Iterator[Fault]:
    wrong = (truth[t] == label) & (mask[t] != label)
    if not wrong.any():
        return
    depth = measure_depth(wrong, spacing_mm)
    parts, count = ndimage.label(wrong)
    weights = ndimage.sum_labels(depth, parts, np.arange(1, count + 1))
    code = int(training_to_layer(np.array(label, np.uint8)))
    for part in (1 + np.argsort(-weights)[:_LOOKED_AT]).tolist():
        z = int(np.where(parts == part, depth, 0).sum((1, 2)).argmax())
        region = deepest_part(parts[z] == part, spacing_mm[1:])
        if region is not None:
            yield Fault(t, z, code, region, float(weights[part - 1]))


def deepest_part(region: Region, spacing_mm: tuple[float, float]) -> Region | None:
    """Return the connected part of a region `(y, x)` that is thickest in the plane; None where all is too thin."""
    depth = measure_depth(region, spacing_mm)
    if depth.max(initial=0) < NOTICE_MM:
        return None
    parts, _ = ndimage.label(region)
    thickest: Region = parts == parts.flat[depth.argmax()]
    return thickest


def most_wrong_slice(
    mask: LabelMap | None, truth: LabelMap, drawn: npt.NDArray[Any] | None = None
) -> tuple[int, int] | None:
    """Return (t, z) of the slice with most wrong pixels, slices with all three classes first; None where none is wrong.

    Without a mask it is the slice that shows most of the heart.

    Parameters
    ----------
    mask, truth : uint8 (t, z, y, x), training codes
    drawn : bool (t, z)
        Slices that do not count any more.
    """
    wrong = (truth != (BG if mask is None else mask)).sum((2, 3)) * (1 if drawn is None else ~drawn)
    holds = np.all([(truth == c).any((2, 3)) for c in FOREGROUND], axis=0)
    if (wrong * holds).any():
        wrong = wrong * holds
    if not wrong.any():
        return None
    t, z = np.unravel_index(wrong.argmax(), wrong.shape)
    return int(t), int(z)
