"""The random walker on one slice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from skimage.segmentation import random_walker

from napari_scribbleseg.labels import BG, IGNORE, N_CLASSES

Array = npt.NDArray[Any]


def walk(image: Array, seeds: Array, beta: float) -> Array:
    """Return how likely a random walker from each pixel meets the seeds of each class first.

    Grady, IEEE TPAMI 2006, by scikit-image with the direct solver ('bf'), on the image scaled to [-1, 1]. For 128 × 128
    and 256 × 256 pixels this solver is also the fastest there is without further packages (.04 and .3 s; preconditioned
    conjugate gradients: .12 and .7 s, and a pixel in 2000 different).

    A class without seeds has probability 0. Where there is nothing to compete, no walk is needed: background seeds
    alone make the whole slice background, for that is how a person marks a slice without a heart; a heart class alone
    is known at its seeds and nowhere else.

    Parameters
    ----------
    image : float (H, W) in [0, 1]
    seeds : int (H, W), training codes with IGNORE
    beta : float
        How much an edge in the image hinders the walk.

    Returns
    -------
    float32 (C, H, W); 0 for all classes where nothing is known.
    """
    known = seeds != IGNORE
    classes = np.unique(seeds[known])
    probabilities: Array = (seeds == np.arange(N_CLASSES)[:, None, None]).astype(np.float32)
    if classes.tolist() == [BG]:
        probabilities[BG] = 1
    elif len(classes) > 1 and not known.all():
        markers = np.where(known, seeds.astype(np.int32) + 1, 0)
        probabilities[classes] = _solve(2.0 * image.astype(np.float64) - 1.0, markers, beta)
    return probabilities


def _solve(image: Array, markers: Array, beta: float) -> Array:
    """Scikit-image divides by the image's deviation; an even image gets a ramp that β = 0 makes even again."""
    if image.std() == 0:
        image, beta = np.linspace(-1, 1, image.size).reshape(image.shape), 0.0
    solved: Array = random_walker(image, markers, beta=beta, mode="bf", return_full_prob=True)
    return solved


def decide(probabilities: Array, least: float = 0.0) -> Array:
    """Return the likeliest class of every pixel, uint8 `(H, W)`; IGNORE where its probability is 0 or below `least`."""
    labels: Array = probabilities.argmax(0).astype(np.uint8)
    best = probabilities.max(0)
    labels[(best <= 0) | (best < least)] = IGNORE
    return labels
