"""Superpixels, a random forest and a random field, after Slic-Seg."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.baselines.base import FloatMap, Scene, check_range
from napari_scribbleseg.baselines.energy import CutOptions, cut_plane
from napari_scribbleseg.baselines.forest import ForestOptions, classify, pixel_features
from napari_scribbleseg.baselines.slices import Plane, SliceBaseline
from napari_scribbleseg.labels import IGNORE, N_CLASSES, LabelMap

SPREAD_OF = 2
"""So many of the first pixel features give their spread within a superpixel, beside their mean."""

Superpixels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SlicSegOptions(ForestOptions, CutOptions):
    """Options of superpixels, forest and random field.

    Attributes
    ----------
    superpixel_mm : float
        Side of a superpixel.
    compactness : float
        How much superpixels prefer to be square to following the image.
    """

    trees: int = 60
    reach_mm: float = 10.0
    superpixel_mm: float = 4.0
    compactness: float = 0.1

    def __post_init__(self) -> None:
        ForestOptions.__post_init__(self)
        CutOptions.__post_init__(self)
        check_range("superpixel_mm", self.superpixel_mm, 0.5, 100)
        check_range("compactness", self.compactness, 1e-4, 1e4)


class SlicSeg(SliceBaseline):
    """Wang et al., Medical Image Analysis 2016: a forest learns the strokes' surroundings, a random field smooths.

    As in Slic-Seg, a random forest learns from the strokes, a conditional random field is solved by graph cuts with the
    strokes as hard constraints, and masks pass on to slices without strokes as eroded seeds. Simplified: all strokes
    are learned at once instead of online, slice by slice; superpixels (Achanta et al. 2012, scikit-image's `slic`)
    with the mean and spread of a few features stand in for pixel patches with wavelets and gradient histograms; nothing
    is fused from several views. Ours: the distance to a class's own strokes in the energy, as in
    :class:`~napari_scribbleseg.baselines.graph_cuts.GraphCuts`.
    """

    key: ClassVar[str] = "slic_seg"
    title: ClassVar[str] = "Superpixels, random forest and CRF (as in Slic-Seg)"
    reference: ClassVar[str] = "Wang et al., Medical Image Analysis 2016"
    Options: ClassVar[type[SlicSegOptions]] = SlicSegOptions

    def gather(self, scene: Scene) -> FloatMap:
        """Return the forest's probability for each voxel's superpixel, float32 `(C, z, y, x)`."""
        superpixels = self._divide(scene)
        features = pool(pixel_features(scene), superpixels)
        return classify(features, vote(scene.samples, superpixels), self.options)[:, superpixels]

    def label_slice(self, plane: Plane) -> LabelMap:
        """Return the labels of least energy, `(y, x)`."""
        return cut_plane(plane, plane.evidence, self.options)

    def _divide(self, scene: Scene) -> Superpixels:
        """Return the number of each voxel's superpixel, from 0 on; no superpixel spans two slices."""
        from skimage.segmentation import slic

        options: SlicSegOptions = self.options
        area_mm2 = scene.image[0].size * scene.spacing_mm[1] * scene.spacing_mm[2]
        count = max(round(area_mm2 / options.superpixel_mm**2), 1)
        superpixels = np.zeros(scene.image.shape, np.int64)
        first = 0
        for z, image in enumerate(scene.image):
            parts = slic(
                image,
                count,
                options.compactness,
                spacing=scene.spacing_mm[1:],
                channel_axis=None,
                start_label=0,
            )
            superpixels[z] = parts + first
            first += int(parts.max()) + 1
        return superpixels


def pool(features: FloatMap, superpixels: Superpixels) -> FloatMap:
    """Return the means of all features and the spread of the first two in each superpixel, float32 `(F + 2, n)`."""
    where = superpixels.ravel()
    sizes = np.bincount(where)

    def mean(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        return np.asarray(np.bincount(where, values.ravel()) / sizes)

    means = [mean(f) for f in features]
    spreads = [
        np.sqrt(np.maximum(mean(f.astype(np.float64) ** 2) - m**2, 0))
        for f, m in zip(features[:SPREAD_OF], means, strict=False)
    ]
    return np.stack([*means, *spreads]).astype(np.float32)


def vote(samples: LabelMap, superpixels: Superpixels) -> LabelMap:
    """Return the class with most samples in each superpixel, uint8 `(n,)`, IGNORE where there is none."""
    count = int(superpixels.max()) + 1
    votes = np.stack([np.bincount(superpixels[samples == c], minlength=count) for c in range(N_CLASSES)])
    return np.where(votes.any(0), votes.argmax(0), IGNORE).astype(np.uint8)
