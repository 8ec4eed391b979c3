"""Superpixels of a slice and the graph that they form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from skimage.segmentation import slic

from napari_scribbleseg.graph_cut import Links
from napari_scribbleseg.labels import IGNORE, N_CLASSES

BINS = 25
COMPACTNESS = 0.1
"""Weight of nearness against likeness for an image in [0, 1], as scikit-image counts it."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Superpixels:
    """Small connected regions of like intensity.

    Attributes
    ----------
    index : int (H, W)
        Region of each pixel, counted from 0.
    count : int
    """

    index: Array
    count: int

    @classmethod
    def of(cls, image: Array, area_px: float) -> Superpixels:
        """Cut an image `(H, W)` in [0, 1] into regions of about `area_px` pixels (Achanta et al., TPAMI 2012: SLIC)."""
        wanted = max(int(image.size / area_px), 1)
        index = slic(image, wanted, compactness=COMPACTNESS, start_label=0, channel_axis=None)
        return cls(index, int(index.max()) + 1)

    def add_up(self, values: Array) -> npt.NDArray[np.float64]:
        """Return the sums `(C, n)` of maps `(C, H, W)` over the regions."""
        flat = self.index.ravel()
        return np.stack([np.bincount(flat, plane.ravel(), self.count) for plane in values])

    def strokes(self, labels: Array) -> Array:
        """Return the most frequent stroke in each region, uint8 `(n,)`; IGNORE where there is none."""
        counts = self.add_up(labels == np.arange(N_CLASSES)[:, None, None])
        return np.where(counts.any(0), counts.argmax(0), IGNORE).astype(np.uint8)

    def link(self, image: Array, border_cost: float, width: float) -> Links:
        """Return neighbouring regions with cost = border_cost · (border's length) · exp(-‖h_p - h_q‖² / width).

        The length is in pixels. h are cumulative histograms of 25 bins: those of small regions that share no bin still
        tell near from far.
        """
        p, q, length = self._borders()
        bins = np.floor(image * BINS).clip(0, BINS - 1)
        below = self.add_up(bins <= np.arange(BINS)[:, None, None]) / np.bincount(self.index.ravel())
        distance = ((below[:, p] - below[:, q]) ** 2).sum(0)
        return Links(p, q, border_cost * length * np.exp(-distance / width))

    def _borders(self) -> tuple[Array, Array, Array]:
        """Return the regions on both sides of each border, and its length."""
        index = self.index.astype(np.int64)
        one = np.concatenate([index[1:].ravel(), index[:, 1:].ravel()])
        other = np.concatenate([index[:-1].ravel(), index[:, :-1].ravel()])
        pair = np.minimum(one, other) * self.count + np.maximum(one, other)
        borders, length = np.unique(pair[one != other], return_counts=True)
        return borders // self.count, borders % self.count, length
