"""GrabCut: mixtures of colours and a cut, each learning from the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.baselines.appearance import estimate_posteriors
from napari_scribbleseg.baselines.base import FloatMap, Scene, check_range, smooth
from napari_scribbleseg.baselines.slices import Plane, SliceBaseline, nearness
from napari_scribbleseg.labels import BG, IGNORE, MYO, LabelMap

UNCLAIMED_MM = 1000.0
"""Longer than any distance in a scan: a class that claims a pixel goes before every class that does not."""


@dataclass(frozen=True)
class GrabCutOptions:
    """Options of GrabCut.

    Attributes
    ----------
    rounds : int
        Rounds of learning and cutting.
    doubt_mm : float
        A pixel that is nearer to another class's strokes by more than this is not the class's at all.
    blur_mm : float
        Gaussian blur of the image beforehand.
    seed : int
        Of OpenCV's clustering.
    """

    rounds: int = 2
    doubt_mm: float = 12.0
    blur_mm: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("rounds", self.rounds, 1, 100)
        check_range("doubt_mm", self.doubt_mm, 0, 1000)
        check_range("blur_mm", self.blur_mm, 0, 10)
        check_range("seed", self.seed, 0, 2**31 - 1)


class GrabCut(SliceBaseline):
    """Rother, Kolmogorov and Blake, SIGGRAPH 2004: two Gaussian mixtures and a graph cut in turn.

    OpenCV's `grabCut` is run in each slice for each class, background included, against all others. Strokes are fixed;
    at first a pixel is probably the class whose strokes are nearest. The paper's three colours are intensity and the
    posteriors of background and myocardium from stroke histograms. A pixel that several classes claim, or none, goes
    to the one with the nearest strokes. The paper starts from a rectangle and has two classes; its border matting is
    left out. OpenCV knows square pixels only; distances to strokes are in mm.
    """

    key: ClassVar[str] = "grabcut"
    title: ClassVar[str] = "GrabCut"
    reference: ClassVar[str] = "Rother et al., SIGGRAPH 2004"
    Options: ClassVar[type[GrabCutOptions]] = GrabCutOptions

    def gather(self, scene: Scene) -> FloatMap:
        """Return the three colours in [0, 1], float32 `(3, z, y, x)`."""
        posteriors = estimate_posteriors(scene)
        blurred = smooth(scene.image, self.options.blur_mm, scene.spacing_mm)
        return np.stack([blurred, posteriors[BG], posteriors[MYO]])

    def label_slice(self, plane: Plane) -> LabelMap:
        """Return the class that claims each pixel, `(y, x)`."""
        near = nearness(plane)
        found = plane.classes
        cost = [np.where(self._claim(plane, near, c), near[c], near[c] + UNCLAIMED_MM) for c in found]
        labels: LabelMap = np.array(found, np.uint8)[np.argmin(cost, axis=0)]
        return labels

    def _claim(self, plane: Plane, near: FloatMap, label: int) -> npt.NDArray[np.bool_]:
        """Return where one class stands against all others."""
        import cv2

        lead = np.delete(near, label, 0).min(0) - near[label]
        trimap = np.where(lead > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        trimap[lead < -self.options.doubt_mm] = cv2.GC_BGD
        trimap[plane.seeds != IGNORE] = cv2.GC_BGD
        trimap[plane.seeds == label] = cv2.GC_FGD
        colours = np.ascontiguousarray(np.rint(plane.evidence.transpose(1, 2, 0) * 255).astype(np.uint8))
        cv2.setRNGSeed(self.options.seed)
        mixtures = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(colours, trimap, (0, 0, 1, 1), *mixtures, self.options.rounds, cv2.GC_INIT_WITH_MASK)
        return np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD))
