"""Least energy on a grid: α-expansion by maximum flow; graph cuts and the CRF of Slic-Seg share it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_scribbleseg.baselines.appearance import PRIOR_FLOOR
from napari_scribbleseg.baselines.base import FloatMap, Spacing, check_range
from napari_scribbleseg.baselines.grid import OFFSETS, pair
from napari_scribbleseg.baselines.slices import Plane, nearness
from napari_scribbleseg.graph_cut import FORBIDDEN, Links, expand
from napari_scribbleseg.labels import IGNORE, LabelMap


@dataclass(frozen=True)
class CutOptions:
    """Options of an energy that is cut.

    Attributes
    ----------
    smoothness : float
        Energy of a border as long as a pixel where the image is flat.
    contrast : float
        Step of intensity, on [0, 1], that makes a border cheap: σ.
    reach_mm : float
        Distance from a class's strokes that costs one unit of energy; 0 leaves distance out.
    rounds : int
        Sweeps of the α-expansion at most.
    """

    smoothness: float = 2.0
    contrast: float = 0.08
    reach_mm: float = 5.0
    rounds: int = 3

    def __post_init__(self) -> None:
        check_range("smoothness", self.smoothness, 0, 1000)
        check_range("contrast", self.contrast, 1e-3, 10)
        check_range("reach_mm", self.reach_mm, 0, 1000)
        check_range("rounds", self.rounds, 1, 100)


def cut_plane(plane: Plane, probabilities: FloatMap, options: CutOptions) -> LabelMap:
    """Label a slice at the least energy: -log probability, distance to a class's seeds, and the length of borders.

    Parameters
    ----------
    probabilities : float32 (C, y, x)

    Returns
    -------
    uint8 (y, x), training codes; a class without seeds is not given.
    """
    unary = -np.log(probabilities + PRIOR_FLOOR)
    away = nearness(plane)
    unary += away / options.reach_mm if options.reach_mm else np.where(np.isinf(away), away, 0)
    links = make_links(plane.image, options.smoothness, options.contrast, plane.spacing_mm)
    return cut_grid(unary, plane.seeds, links, options.rounds)


def make_links(image: FloatMap, strength: float, contrast: float, spacing_mm: Spacing) -> Links:
    """Return the eight-neighbour links of a slice: strength · exp(-ΔI² / 2σ²) · (mean pixel size) / (distance).

    Boykov and Jolly (2001), with σ = `contrast` and distances in mm.

    Parameters
    ----------
    image : float32 (y, x) in [0, 1]
    """
    index = np.arange(image.size).reshape(image.shape)
    size = (spacing_mm[1] * spacing_mm[2]) ** 0.5
    ps, qs, costs = [], [], []
    for dy, dx in OFFSETS:
        here, there = pair(image.shape, dy, dx)
        step = image[here] - image[there]
        distance = np.hypot(dy * spacing_mm[1], dx * spacing_mm[2])
        cost = strength * np.exp(-(step**2) / (2 * contrast**2)) * size / distance
        ps.append(index[here].ravel())
        qs.append(index[there].ravel())
        costs.append(cost.ravel().astype(np.float64))
    return Links(np.concatenate(ps), np.concatenate(qs), np.concatenate(costs))


def cut_grid(unary: FloatMap, seeds: LabelMap, links: Links, rounds: int) -> LabelMap:
    """Minimise Σ unary(label) + Σ cost · [labels differ] over a slice whose seeds keep their label.

    Parameters
    ----------
    unary : float32 (C, y, x), energies; inf forbids a label
    seeds : uint8 (y, x), training codes with IGNORE
    rounds : sweeps of the α-expansion at most

    Returns
    -------
    uint8 (y, x), training codes.
    """
    costs = np.minimum(unary.reshape(len(unary), -1).astype(np.float64), FORBIDDEN)
    fixed = np.flatnonzero(seeds.ravel() != IGNORE)
    costs[:, fixed] = FORBIDDEN
    costs[seeds.ravel()[fixed], fixed] = 0
    found: LabelMap = expand(costs, links, rounds).reshape(seeds.shape).astype(np.uint8)
    return found
