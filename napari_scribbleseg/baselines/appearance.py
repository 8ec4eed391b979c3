"""How bright the classes are, learned from the strokes of one scan."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.baselines.base import FloatMap, Scene
from napari_scribbleseg.labels import N_CLASSES, LabelMap

BINS = 64
HISTOGRAM_SIGMA = 0.04
"""Blur of a histogram, on the scale of the intensities [0, 1]."""
FLOOR = 1e-3
"""Share of a class's samples that every bin is granted, so that no intensity is impossible."""
PRIOR_FLOOR = 0.02
"""Added to a posterior before it weighs or forbids: overlapping histograms are no proof."""


def learn_histograms(image: FloatMap, samples: LabelMap) -> npt.NDArray[np.float64]:
    """Return p(intensity | class) as blurred histograms `(C, BINS)`; a class without samples is flat.

    Parameters
    ----------
    image : float32, any shape, in [0, 1]
    samples : uint8 of the same shape, training codes with IGNORE
    """
    from scipy import ndimage

    bins = _to_bins(image)
    counts = np.stack([np.bincount(bins[samples == c], minlength=BINS) for c in range(N_CLASSES)]).astype(float)
    blurred = ndimage.gaussian_filter1d(counts, HISTOGRAM_SIGMA * BINS, axis=1)
    blurred += FLOOR * np.maximum(counts.sum(1, keepdims=True), 1)
    return np.asarray(blurred / blurred.sum(1, keepdims=True))


def estimate_posteriors(scene: Scene) -> FloatMap:
    """Return p(class | intensity) with equal priors, float32 `(C, z, y, x)`; 0 for a class that nobody has drawn."""
    likelihoods = learn_histograms(scene.image, scene.samples)
    likelihoods[~_present(scene.samples)] = 0
    posteriors = likelihoods / likelihoods.sum(0)
    return np.asarray(posteriors[:, _to_bins(scene.image)], np.float32)


def _to_bins(image: FloatMap) -> npt.NDArray[np.int64]:
    return np.minimum(image * BINS, BINS - 1).astype(np.int64)


def _present(samples: LabelMap) -> npt.NDArray[np.bool_]:
    return np.array([(samples == c).any() for c in range(N_CLASSES)])
