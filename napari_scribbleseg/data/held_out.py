"""Which strokes are kept out of training, to measure accuracy honestly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_scribbleseg.labels import BG, FOREGROUND, IGNORE, LabelMap
from napari_scribbleseg.types import FrameKey

Mask = npt.NDArray[np.bool_]
Stroke = tuple[FrameKey, Mask, int]

_EIGHT_CONNECTED = np.ones((3, 3), np.uint8)
_CODES = (BG, *FOREGROUND)


def choose_held_out(
    labels: Mapping[FrameKey, LabelMap], share: float, seed: int, kept: Mapping[FrameKey, Mask] = MappingProxyType({})
) -> dict[FrameKey, Mask]:
    """Choose whole strokes to hold out, about `share` of all scribbled pixels.

    A class's only stroke in a slice is never taken. The choice depends on the strokes and the seed alone.

    Parameters
    ----------
    labels : training codes (y, x) with IGNORE, by slice
    share : float
        Share of the pixels of all strokes given.
    seed : int
    kept : boolean (y, x) maps
        What is held out already and stays so.

    Returns
    -------
    Boolean (y, x) maps of the slices that hold something out.
    """
    strokes = [stroke for key in sorted(labels) for stroke in _spare_strokes(key, labels[key])]
    chosen = dict(kept)
    budget = share * sum(int((m != IGNORE).sum()) for m in labels.values()) - sum(int(m.sum()) for m in kept.values())
    for key, mask, n_pixels in (strokes[i] for i in np.random.default_rng(seed).permutation(len(strokes))):
        if (
            n_pixels <= budget
            and not _overlap(chosen.get(key), mask)
            and not _last_of_its_class(labels[key], chosen.get(key), mask)
        ):
            budget -= n_pixels
            chosen[key] = chosen[key] | mask if key in chosen else mask
    return chosen


def _spare_strokes(key: FrameKey, labels: LabelMap) -> Iterable[Stroke]:
    for code in _CODES:
        components, count = ndimage.label(labels == code, _EIGHT_CONNECTED)
        if count > 1:
            for i in range(1, count + 1):
                mask = components == i
                yield key, mask, int(mask.sum())


def _overlap(taken: Mask | None, mask: Mask) -> bool:
    return taken is not None and bool((taken & mask).any())


def _last_of_its_class(labels: LabelMap, taken: Mask | None, mask: Mask) -> bool:
    code = labels[mask][0]
    left = (labels == code) & ~mask
    if taken is not None:
        left &= ~taken
    return not left.any()
