"""What a training-free baseline is: a box around the heart, seeds in it, a mask out of it."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.labels import BG, FOREGROUND, IGNORE, NOTHING, LabelMap, layer_to_training
from napari_scribbleseg.types import Cine

MARGIN_MM = 25.0
"""How far the heart may reach beyond its outermost strokes; all further away is background."""
QUANTILES = (0.01, 0.99)

FloatMap = npt.NDArray[np.float32]
Spacing = tuple[float, float, float]
Box = tuple[slice, slice, slice]


class BaselineError(ValueError):
    """A baseline or one of its options is unknown or out of range, or there is nothing to start from."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What a baseline sees of a scan: the part around the heart's strokes.

    Attributes
    ----------
    image : float32 (z, y, x) in [0, 1]
        Stretched from the 1 % to the 99 % quantile of the box.
    seeds : uint8 (z, y, x)
        Training codes, IGNORE where nothing is known. The rim of every slice is background, drawn or not.
    drawn : uint8 (z, y, x)
        The same without the rim: strokes alone.
    spacing_mm : (z, y, x)
    """

    image: FloatMap
    seeds: LabelMap
    drawn: LabelMap
    spacing_mm: Spacing

    @property
    def samples(self) -> LabelMap:
        """Return what tells how each class looks: the strokes, and the rim where no background is drawn."""
        return self.drawn if (self.drawn == BG).any() else self.seeds


class Baseline(ABC):
    """Base of all systems that turn one scan's strokes into a mask without training beforehand.

    A subclass says in :meth:`label` what the voxels of a :class:`Scene` are; the box, the scale of the intensities,
    the obedience to strokes and the refusals live here. The same input gives the same mask, always.

    Attributes
    ----------
    key, title, reference : str
        Name in files and on the command line; what a person reads; the source.
    Options : type
        A frozen dataclass of the baseline's own options.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    reference: ClassVar[str]
    Options: ClassVar[type[Any]]

    def __init__(self, options: Any = None) -> None:
        self.options = self.Options() if options is None else options

    @abstractmethod
    def label(self, scene: Scene) -> LabelMap:
        """Return training codes, uint8 `(z, y, x)`, for a scene with at least one stroke of the heart."""

    def segment(self, volume: npt.NDArray[Any], scribbles: LabelMap, spacing_mm: Spacing) -> LabelMap:
        """Turn the strokes on one volume into a mask.

        Strokes keep their label. What lies more than 25 mm (along y or x) outside the box of the heart's strokes is
        background. Strokes of the background alone give a mask without a heart.

        Parameters
        ----------
        volume : (z, y, x), any intensities; what is not finite counts as 0
        scribbles : uint8 (z, y, x), layer codes
        spacing_mm : (z, y, x)

        Returns
        -------
        uint8 (z, y, x), training codes.

        Raises
        ------
        BaselineError
            When nothing is drawn, the shapes differ, or a spacing is not positive.
        LabelCodeError
            For an unknown code among the strokes.
        """
        _check(volume, scribbles, spacing_mm)
        mask = np.full(volume.shape, BG, np.uint8)
        if _heart(scribbles).any():
            box = find_box(scribbles, spacing_mm)
            mask[box] = self.label(make_scene(volume[box], scribbles[box], spacing_mm))
        painted = scribbles != NOTHING
        mask[painted] = layer_to_training(scribbles)[painted]
        return mask


def segment_cine(baseline: Baseline, cine: Cine, scribbles: LabelMap) -> LabelMap:
    """Turn the strokes on a cine into masks of the phases that carry strokes; the other phases are background.

    Parameters
    ----------
    scribbles : uint8 (t, z, y, x), layer codes

    Returns
    -------
    uint8 (t, z, y, x), training codes.

    Raises
    ------
    BaselineError
        When no phase carries a stroke, or the shapes differ.
    """
    if scribbles.shape != cine.shape:
        raise BaselineError(f"The strokes have the shape {scribbles.shape}, the scan has {cine.shape}.")
    phases = np.flatnonzero((scribbles != NOTHING).any((1, 2, 3)))
    if not phases.size:
        raise BaselineError("Nothing is drawn on this scan yet.")
    masks = np.full(scribbles.shape, BG, np.uint8)
    for t in phases.tolist():
        masks[t] = baseline.segment(cine.volume(t), scribbles[t], cine.spacing_mm)
    return masks


def find_box(scribbles: LabelMap, spacing_mm: Spacing, margin_mm: float = MARGIN_MM) -> Box:
    """Return the box around the heart's strokes, over all slices, widened along y and x."""
    where = np.argwhere(_heart(scribbles))[:, 1:]
    margin = np.ceil(margin_mm / np.asarray(spacing_mm[1:])).astype(int)
    low = np.maximum(where.min(0) - margin, 0).tolist()
    high = np.minimum(where.max(0) + margin + 1, scribbles.shape[1:]).tolist()
    return slice(None), slice(low[0], high[0]), slice(low[1], high[1])


def make_scene(volume: npt.NDArray[Any], scribbles: LabelMap, spacing_mm: Spacing) -> Scene:
    """Return the scene of a volume and its strokes, `(z, y, x)` both, that are cut to their box already."""
    drawn = layer_to_training(scribbles)
    seeds = drawn.copy()
    for rim in (np.s_[:, 0], np.s_[:, -1], np.s_[:, :, 0], np.s_[:, :, -1]):
        seeds[rim][seeds[rim] == IGNORE] = BG
    return Scene(stretch(volume), seeds, drawn, spacing_mm)


def stretch(volume: npt.NDArray[Any]) -> FloatMap:
    """Return intensities as float32 in [0, 1], cut at their 1 % and 99 % quantiles; a constant volume becomes 0."""
    values = np.nan_to_num(np.asarray(volume, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = np.quantile(values, QUANTILES)
    if high <= low:
        low, high = values.min(), values.max()
    if high <= low:
        return np.zeros_like(values)
    stretched: FloatMap = np.clip((values - low) / (high - low), 0, 1).astype(np.float32)
    return stretched


def smooth(maps: FloatMap, sigma_mm: float, spacing_mm: Spacing) -> FloatMap:
    """Blur the last two axes, y and x, by a Gaussian of `sigma_mm`; 0 changes nothing."""
    from scipy import ndimage

    if sigma_mm == 0:
        return maps
    sigma = [0.0] * (maps.ndim - 2) + [sigma_mm / spacing_mm[1], sigma_mm / spacing_mm[2]]
    blurred: FloatMap = ndimage.gaussian_filter(maps, sigma)
    return blurred


def choose(probabilities: FloatMap) -> LabelMap:
    """Return the most probable class, uint8 `(…)`, from `(C, …)`; of equals, the lowest code."""
    labels: LabelMap = probabilities.argmax(0).astype(np.uint8)
    return labels


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse an option outside of [low, high].

    Raises
    ------
    BaselineError
        For a value outside, and for NaN.
    """
    if not low <= value <= high:
        raise BaselineError(f"{name} must lie between {low:g} and {high:g}, not {value:g}.")


def build(cls: type[Baseline], options: Mapping[str, Any]) -> Baseline:
    """Build a baseline from options by name.

    Raises
    ------
    BaselineError
        For an unknown option, or a value out of range.
    """
    unknown = sorted(set(options) - set(inspect.signature(cls.Options).parameters))
    if unknown:
        raise BaselineError(f"The baseline {cls.key!r} has no option {', '.join(map(repr, unknown))}.")
    return cls(cls.Options(**options))


def _heart(scribbles: LabelMap) -> npt.NDArray[np.bool_]:
    return np.isin(scribbles, FOREGROUND)


def _check(volume: npt.NDArray[Any], scribbles: LabelMap, spacing_mm: Spacing) -> None:
    if volume.ndim != 3 or volume.shape != scribbles.shape:
        raise BaselineError(f"A volume {volume.shape} and strokes {scribbles.shape} do not make a pair (z, y, x).")
    if len(spacing_mm) != 3 or not all(0 < mm < np.inf for mm in spacing_mm):
        raise BaselineError(f"The spacing {spacing_mm} must be three lengths in mm.")
    if not (scribbles != NOTHING).any():
        raise BaselineError("Nothing is drawn on this scan yet.")
