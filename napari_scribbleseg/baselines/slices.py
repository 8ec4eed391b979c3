"""Slice by slice: baselines that work in the plane, and how strokes reach the slices that have none."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.baselines.base import Baseline, FloatMap, Scene, Spacing
from napari_scribbleseg.labels import BG, FOREGROUND, IGNORE, N_CLASSES, LabelMap

ERODE_MM = 3.0
ERODE_SHARE = 0.6
"""A passed-on class keeps what lies at least this deep inside it, in mm or as a share of its deepest point."""
FAR_MM = 20.0
"""Stands for the distance to a border that a slice does not hold."""
KEEP_OFF_MM = 5.0
"""Further than this outside the passed-on heart is background."""


@dataclass(frozen=True, eq=False)
class Plane:
    """One slice of a scene.

    Attributes
    ----------
    image : float32 (y, x) in [0, 1]
    seeds : uint8 (y, x), training codes with IGNORE; background on the rim
    evidence : float32 (C, y, x)
        The slice's part of what :meth:`SliceBaseline.gather` worked out.
    spacing_mm : (z, y, x)
    """

    image: FloatMap
    seeds: LabelMap
    evidence: FloatMap
    spacing_mm: Spacing

    @property
    def classes(self) -> list[int]:
        """Return the training codes that have seeds, in ascending order."""
        return [c for c in range(N_CLASSES) if (self.seeds == c).any()]


class SliceBaseline(Baseline):
    """A baseline that labels one slice at a time, with evidence from the whole scene.

    Slices are 5 to 10 mm apart and the heart moves between breath-holds, so a link across slices misleads more than it
    helps: the walk in three dimensions scores .07 Dice less than the walk in the plane.

    A slice without a stroke of the heart gets seeds from the nearest slices above and below that are decided: between
    two, their masks are blended by signed distance (Raya and Udupa 1990); beyond the last one, its mask is taken. Each
    class is eroded, so that its border is found anew, and what lies well outside the heart becomes background. A slice
    with background strokes alone is decided too where it lies beyond the heart's outermost strokes: it holds no heart.
    """

    @abstractmethod
    def gather(self, scene: Scene) -> FloatMap:
        """Return what all slices tell about each voxel, float32 `(C, z, y, x)`."""

    @abstractmethod
    def label_slice(self, plane: Plane) -> LabelMap:
        """Return training codes, uint8 `(y, x)`, for a slice with seeds of two classes or more."""

    def label(self, scene: Scene) -> LabelMap:
        """Return training codes: slices with strokes first, then the others with seeds passed on."""
        evidence = self.gather(scene)
        mask = np.full(scene.image.shape, BG, np.uint8)
        decided, hearts = decided_slices(scene.drawn)
        for z in hearts:
            mask[z] = self._label_plane(Plane(scene.image[z], scene.seeds[z], evidence[:, z], scene.spacing_mm))
        for z in sorted(set(range(len(mask))) - set(decided)):
            passed = pass_on(mask, z, decided, scene.spacing_mm)
            seeds = np.where(scene.seeds[z] == IGNORE, passed, scene.seeds[z])
            mask[z] = self._label_plane(Plane(scene.image[z], seeds, evidence[:, z], scene.spacing_mm))
        return mask

    def _label_plane(self, plane: Plane) -> LabelMap:
        seeds = close_loops(plane.seeds)
        labels = np.full(seeds.shape, BG, np.uint8)
        if (seeds == BG).all() or not np.isin(seeds, FOREGROUND).any():
            return labels
        box = _open_box(seeds)
        inner = Plane(plane.image[box], seeds[box], plane.evidence[:, box[0], box[1]], plane.spacing_mm)
        found = self.label_slice(inner) if (inner.seeds == IGNORE).any() else inner.seeds
        labels[box] = np.where(inner.seeds == IGNORE, found, inner.seeds)
        return labels


def decided_slices(drawn: LabelMap) -> tuple[list[int], list[int]]:
    """Return the slices whose strokes say where the heart is, and those of them that hold one.

    Parameters
    ----------
    drawn : uint8 (z, y, x), training codes of the strokes, IGNORE elsewhere

    Returns
    -------
    decided, hearts : slices in ascending order; `decided` are `hearts` and the slices beyond them that carry strokes of
        the background alone.
    """
    hearts = np.flatnonzero(np.isin(drawn, FOREGROUND).any((1, 2))).tolist()
    marked = np.flatnonzero((drawn != IGNORE).any((1, 2))).tolist()
    beyond = [z for z in marked if z < hearts[0] or z > hearts[-1]]
    return sorted({*hearts, *beyond}), hearts


def close_loops(seeds: LabelMap) -> LabelMap:
    """Mark as background what background strokes cut off from every stroke of the heart, in one slice `(y, x)`."""
    from scipy import ndimage

    parts, count = ndimage.label(seeds != BG)
    with_heart = np.unique(parts[np.isin(seeds, FOREGROUND)])
    keep = np.isin(np.arange(count + 1), with_heart)
    return np.where(keep[parts], seeds, BG).astype(np.uint8)


def pass_on(mask: LabelMap, z: int, decided: Sequence[int], spacing_mm: Spacing) -> LabelMap:
    """Return seeds for a slice from the masks of the nearest decided slices below and above.

    Parameters
    ----------
    mask : uint8 (z, y, x), training codes
    z : the slice that needs seeds

    Returns
    -------
    uint8 (y, x), training codes, IGNORE between the classes and around the heart.
    """
    below = max((k for k in decided if k < z), default=None)
    above = min((k for k in decided if k > z), default=None)
    if below is None or above is None:
        shares = {below if above is None else above: 1.0}
    else:
        shares = {below: (above - z) / (above - below), above: (z - below) / (above - below)}
    depths = sum(share * _depths(mask[k], spacing_mm) for k, share in shares.items() if k is not None)
    return _erode(np.asarray(depths))


def _depths(mask: LabelMap, spacing_mm: Spacing) -> FloatMap:
    """Return the signed distance in mm to the border of each class, inside positive, float32 `(C, y, x)`."""
    from scipy import ndimage

    def measure(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.floating]:
        if inside.all() or not inside.any():
            return np.full(inside.shape, FAR_MM if inside.all() else -FAR_MM)
        outward = ndimage.distance_transform_edt(~inside, spacing_mm[1:])
        return np.asarray(ndimage.distance_transform_edt(inside, spacing_mm[1:]) - outward)

    return np.stack([measure(mask == c) for c in range(N_CLASSES)]).astype(np.float32)


def _erode(depths: FloatMap) -> LabelMap:
    """Return the cores of the classes of the heart, and background well outside of them."""
    seeds = np.full(depths.shape[1:], IGNORE, np.uint8)
    seeds[depths[BG] > KEEP_OFF_MM] = BG
    for c in FOREGROUND:
        deepest = float(depths[c].max())
        if deepest > 0:
            seeds[depths[c] >= min(ERODE_MM, ERODE_SHARE * deepest)] = c
    return seeds


def _open_box(seeds: LabelMap) -> tuple[slice, slice]:
    """Return the box around everything but background, one pixel wider."""
    where = np.argwhere(seeds != BG)
    low = np.maximum(where.min(0) - 1, 0).tolist()
    high = (where.max(0) + 2).tolist()
    return slice(low[0], high[0]), slice(low[1], high[1])


def nearness(plane: Plane) -> FloatMap:
    """Return the distance in mm to the seeds of each class, float32 `(C, y, x)`; inf for a class without seeds."""
    from scipy import ndimage

    distances = np.full((N_CLASSES, *plane.seeds.shape), np.inf, np.float32)
    for c in plane.classes:
        distances[c] = ndimage.distance_transform_edt(plane.seeds != c, plane.spacing_mm[1:])
    return distances
