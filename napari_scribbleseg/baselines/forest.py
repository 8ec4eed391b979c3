"""A random forest that learns from the strokes of one scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_scribbleseg.baselines.base import FloatMap, Scene, check_range, smooth
from napari_scribbleseg.labels import IGNORE, N_CLASSES, LabelMap

SCALES_MM = (1.0, 2.0, 8.0)


@dataclass(frozen=True)
class ForestOptions:
    """Options of a random forest.

    Attributes
    ----------
    trees, depth : int
        How many trees, and how deep they may grow.
    seed : int
        Of the forest's draws.
    """

    trees: int = 40
    depth: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("trees", self.trees, 1, 10_000)
        check_range("depth", self.depth, 1, 100)
        check_range("seed", self.seed, 0, 2**31 - 1)


def pixel_features(scene: Scene) -> FloatMap:
    """Return intensity, three blurs, slope, local spread and position in mm of each voxel, float32 `(9, z, y, x)`."""
    image, spacing = scene.image, scene.spacing_mm
    blurs = [smooth(image, sigma_mm, spacing) for sigma_mm in SCALES_MM]
    slope = np.hypot(*np.gradient(blurs[0], spacing[1], spacing[2], axis=(1, 2)))
    spread = np.sqrt(np.maximum(smooth(image**2, SCALES_MM[1], spacing) - blurs[1] ** 2, 0))
    position = [axis * mm for axis, mm in zip(np.indices(image.shape), spacing, strict=True)]
    return np.stack([image, *blurs, slope, spread, *position]).astype(np.float32)


def classify(features: FloatMap, samples: LabelMap, options: ForestOptions) -> FloatMap:
    """Learn from the samples and return p(class) everywhere; the classes weigh the same, however long their strokes.

    Parameters
    ----------
    features : float32 (F, …)
    samples : uint8 (…), training codes, IGNORE where the class is to be found out

    Returns
    -------
    float32 (C, …); 0 for a class without samples.
    """
    from sklearn.ensemble import RandomForestClassifier

    known = samples != IGNORE
    forest = RandomForestClassifier(
        options.trees, max_depth=options.depth, min_samples_leaf=2, class_weight="balanced", random_state=options.seed
    )
    forest.fit(features[:, known].T, samples[known])
    probabilities = np.zeros((N_CLASSES, samples.size), np.float32)
    probabilities[forest.classes_] = forest.predict_proba(features.reshape(len(features), -1).T).T
    return probabilities.reshape(N_CLASSES, *samples.shape)
