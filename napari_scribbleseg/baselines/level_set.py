"""Level sets on the speed of a pixel classifier, as in ITK-SNAP's active contour mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.baselines.base import FloatMap, Scene, check_range, choose, smooth
from napari_scribbleseg.baselines.forest import ForestOptions, classify, pixel_features
from napari_scribbleseg.baselines.slices import Plane, SliceBaseline, nearness
from napari_scribbleseg.labels import BG, FOREGROUND, LabelMap

FLOOR = 1e-3
"""Added to a probability, so that some class is possible everywhere."""
WITHIN = 0.02
"""Where a class is less probable than this, its contour is not followed."""


@dataclass(frozen=True)
class LevelSetOptions(ForestOptions):
    """Options of the level sets and of their classifier.

    Attributes
    ----------
    rounds : int
        Steps of a contour at most, about a pixel each.
    curvature : int
        Smoothings of the contour after each step.
    blur_mm : float
        Gaussian blur of the probabilities beforehand.
    reach_mm : float
        Distance from a class's strokes at which its probability weighs 1/e; inf leaves distance out.
    """

    rounds: int = 40
    curvature: int = 1
    blur_mm: float = 1.0
    reach_mm: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("rounds", self.rounds, 1, 10_000)
        check_range("curvature", self.curvature, 0, 10)
        check_range("blur_mm", self.blur_mm, 0, 10)
        check_range("reach_mm", self.reach_mm, 0.1, float("inf"))


class LevelSet(SliceBaseline):
    """Yushkevich et al., NeuroImage 2006: bubbles grow where a classifier sees their class.

    A random forest over intensity, blurs, slope, spread and position gives each class's probability, as in ITK-SNAP's
    classification pre-segmentation. The strokes, one pixel wider, are the bubbles; each class's contour moves by
    scikit-image's `morphological_chan_vese` (Márquez-Neila et al. 2014) on that probability, ITK-SNAP's region
    competition with a morphological instead of a differential smoothing. Each slice and class on its own, then the most
    probable class of those that claim a pixel; what no contour reaches is background. Ours: probabilities fade with the
    distance from a class's strokes.
    """

    key: ClassVar[str] = "level_set"
    title: ClassVar[str] = "Pixel classifier and level sets (as in ITK-SNAP)"
    reference: ClassVar[str] = "Yushkevich et al., NeuroImage 2006"
    Options: ClassVar[type[LevelSetOptions]] = LevelSetOptions

    def gather(self, scene: Scene) -> FloatMap:
        """Return the forest's probabilities, float32 `(C, z, y, x)`."""
        return classify(pixel_features(scene), scene.samples, self.options)

    def label_slice(self, plane: Plane) -> LabelMap:
        """Return the class of the most probable contour around each pixel, `(y, x)`."""
        speed = self._speed(plane)
        claims = np.zeros(speed.shape, bool)
        for c in set(plane.classes) & set(FOREGROUND):
            claims[c] = self._evolve(speed[c], plane.seeds == c)
        claims[BG] = ~claims.any(0)
        return choose(np.where(claims, speed, -1))

    def _speed(self, plane: Plane) -> FloatMap:
        """Return the probability of each class that has seeds here, faded and blurred, float32 `(C, y, x)`."""
        found = plane.classes
        away = nearness(plane)[found]
        weighed = np.zeros_like(plane.evidence)
        weighed[found] = (plane.evidence[found] + FLOOR) * np.exp((away.min(0) - away) / self.options.reach_mm)
        return smooth(weighed / weighed.sum(0), self.options.blur_mm, plane.spacing_mm)

    def _evolve(self, speed: FloatMap, strokes: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return what the contour around a class's strokes encloses in the end, `(y, x)`."""
        from scipy import ndimage
        from skimage.segmentation import morphological_chan_vese

        bubbles = ndimage.binary_dilation(strokes)
        box = ndimage.find_objects(((speed > WITHIN) | bubbles).astype(np.uint8))[0]
        grown = np.zeros(speed.shape, bool)
        grown[box] = morphological_chan_vese(
            speed[box], self.options.rounds, bubbles[box], smoothing=self.options.curvature
        )
        return grown
