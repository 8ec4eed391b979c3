"""Graph cuts: the cheapest border between the strokes."""

from __future__ import annotations

from typing import ClassVar

from napari_scribbleseg.baselines.appearance import estimate_posteriors
from napari_scribbleseg.baselines.base import FloatMap, Scene
from napari_scribbleseg.baselines.energy import CutOptions, cut_plane
from napari_scribbleseg.baselines.slices import Plane, SliceBaseline
from napari_scribbleseg.labels import LabelMap


class GraphCuts(SliceBaseline):
    """Boykov and Jolly, ICCV 2001: the cut of least energy, strokes as hard constraints.

    E = Σ -log p(class | intensity) + Σ distance / reach + Σ smoothness · exp(-ΔI² / 2σ²) / |pq| over eight neighbours,
    posteriors from stroke histograms as in the paper (there p(intensity | class), up to a term that all classes share).
    The paper cuts object from background in three dimensions; here four classes share one energy in each slice, which
    α-expansion lowers by maximum flows (scipy). The distance to a class's own strokes is ours: the cavities of both
    ventricles are equally bright, and without it the mean Dice on 16 development volumes falls from .83 to .64
    (`reach_mm=0`).
    """

    key: ClassVar[str] = "graph_cuts"
    title: ClassVar[str] = "Graph Cuts"
    reference: ClassVar[str] = "Boykov and Jolly, ICCV 2001"
    Options: ClassVar[type[CutOptions]] = CutOptions

    def gather(self, scene: Scene) -> FloatMap:
        """Return the classes' posteriors, float32 `(C, z, y, x)`."""
        return estimate_posteriors(scene)

    def label_slice(self, plane: Plane) -> LabelMap:
        """Return the labels of least energy, `(y, x)`."""
        return cut_plane(plane, plane.evidence, self.options)
