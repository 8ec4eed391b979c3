"""A random forest on the filtered image, pixel by pixel, as in ilastik."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.baselines.appearance import PRIOR_FLOOR
from napari_scribbleseg.baselines.base import FloatMap, Scene, Spacing, check_range, choose, smooth
from napari_scribbleseg.baselines.forest import ForestOptions, classify
from napari_scribbleseg.baselines.slices import Plane, SliceBaseline, nearness
from napari_scribbleseg.labels import LabelMap

SCALES_MM = (0.4, 1.0, 1.6, 3.5, 10.0)
"""Five of ilastik's seven scales, .3 to 10, as mm instead of pixels."""
DIFFERENCE = 0.66
"""The difference of Gaussians takes away the blur of so much the scale."""
INTEGRATION = 0.5
"""The structure tensor is averaged over so much the scale."""


@dataclass(frozen=True)
class RandomForestOptions(ForestOptions):
    """Options of the pixel classification.

    Attributes
    ----------
    settle_mm : float
        Gaussian blur of the probabilities before the largest is taken; 0 takes them as they are.
    reach_mm : float
        Distance from a class's own strokes over which it loses a factor e; 0 leaves the distance out.
    """

    trees: int = 30
    depth: int = 12
    settle_mm: float = 1.0
    reach_mm: float = 12.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("reach_mm", self.reach_mm, 0, 1000)
        check_range("settle_mm", self.settle_mm, 0, 10)


class RandomForest(SliceBaseline):
    """Berg et al., Nature Methods 2019 (ilastik): a forest on filters of several scales tells the class of each pixel.

    The features of ilastik's pixel classification, in the plane: Gaussian blur, Laplacian and difference of Gaussians,
    slope, and the eigenvalues of structure tensor and Hessian, at five scales; a forest of 30 trees (scikit-learn's).
    Beyond it: classes weigh the same, however long their strokes, probabilities are blurred before the largest is
    taken, a slice holds only classes that are drawn in it or passed on to it, and the strokes keep their label. The
    distance to a class's own strokes is ours (:class:`~napari_scribbleseg.baselines.graph_cuts.GraphCuts`): without
    it (`reach_mm=0`) the mean Dice on 8 development volumes, with their complete scribbles, falls from .84 to .74.
    """

    key: ClassVar[str] = "random_forest"
    title: ClassVar[str] = "Random forest on pixels (as in ilastik)"
    reference: ClassVar[str] = "Berg et al., Nature Methods 2019"
    Options: ClassVar[type[RandomForestOptions]] = RandomForestOptions

    def gather(self, scene: Scene) -> FloatMap:
        """Return the forest's blurred probabilities, float32 `(C, z, y, x)`."""
        options: RandomForestOptions = self.options
        probabilities = classify(filter_image(scene.image, scene.spacing_mm), scene.samples, options)
        return smooth(probabilities, options.settle_mm, scene.spacing_mm)

    def label_slice(self, plane: Plane) -> LabelMap:
        """Return the most probable of the slice's own classes, `(y, x)`."""
        options: RandomForestOptions = self.options
        found = np.array(plane.classes, np.uint8)
        scores = plane.evidence[found]
        if options.reach_mm:
            scores = (scores + PRIOR_FLOOR) * np.exp(-nearness(plane)[found] / options.reach_mm)
        return np.asarray(found[choose(scores)])


def filter_image(image: FloatMap, spacing_mm: Spacing) -> FloatMap:
    """Return the features of every voxel, float32 `(8 per scale, z, y, x)`, each worked out in its slice alone.

    Parameters
    ----------
    image : float32 (z, y, x)
    spacing_mm : (z, y, x)
    """
    maps: list[npt.NDArray[np.floating]] = []
    for scale_mm in SCALES_MM:
        blurred = smooth(image, scale_mm, spacing_mm)
        dy, dx = _slopes(blurred, scale_mm, spacing_mm)
        (dyy, dyx), (_, dxx) = _slopes(dy, scale_mm, spacing_mm), _slopes(dx, scale_mm, spacing_mm)
        tensor = (smooth(part, INTEGRATION * scale_mm, spacing_mm) for part in (dy * dy, dy * dx, dx * dx))
        maps += [blurred, blurred - smooth(image, DIFFERENCE * scale_mm, spacing_mm), np.hypot(dy, dx), dyy + dxx]
        maps += [*_eigenvalues(dyy, dyx, dxx), *_eigenvalues(*tensor)]
    return np.stack(maps).astype(np.float32)


def _slopes(image: FloatMap, scale_mm: float, spacing_mm: Spacing) -> tuple[FloatMap, FloatMap]:
    """Return the derivatives along y and x, per scale."""
    dy, dx = np.gradient(image, spacing_mm[1], spacing_mm[2], axis=(1, 2))
    return np.asarray(scale_mm * dy, np.float32), np.asarray(scale_mm * dx, np.float32)


def _eigenvalues(
    a: npt.NDArray[np.floating], b: npt.NDArray[np.floating], c: npt.NDArray[np.floating]
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Return the larger and the smaller eigenvalue of the symmetric matrices [[a, b], [b, c]]."""
    middle, spread = (a + c) / 2, np.hypot((a - c) / 2, b)
    return middle + spread, middle - spread
