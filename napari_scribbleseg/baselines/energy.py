"""Least energy on a grid: α-expansion by maximum flow; graph cuts and the CRF of Slic-Seg share it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.baselines.appearance import PRIOR_FLOOR
from napari_scribbleseg.baselines.base import FloatMap, Spacing, check_range
from napari_scribbleseg.baselines.grid import OFFSETS, pair
from napari_scribbleseg.baselines.slices import Plane, nearness
from napari_scribbleseg.labels import IGNORE, LabelMap

SCALE = 1000
"""Integer capacities for one unit of energy; scipy's maximum flow knows integers alone."""
HARD = 1e5
"""Energy of a stroke disobeyed."""

Ints = npt.NDArray[np.int64]


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


@dataclass(frozen=True, eq=False)
class Links:
    """Neighbouring pixels of a slice and what it costs to tell them apart.

    Attributes
    ----------
    p, q : int64 (n,)
        Flat positions of the two pixels.
    cost : int64 (n,)
        In 1/`SCALE` of a unit of energy.
    """

    p: Ints
    q: Ints
    cost: Ints


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
    return expand(unary, plane.seeds, links, options.rounds)


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
        costs.append(np.rint(cost.ravel() * SCALE).astype(np.int64))
    return Links(np.concatenate(ps), np.concatenate(qs), np.concatenate(costs))


def expand(unary: FloatMap, seeds: LabelMap, links: Links, rounds: int) -> LabelMap:
    """Minimise Σ unary(label) + Σ cost · [labels differ] by α-expansion (Boykov, Veksler and Zabih 2001).

    Parameters
    ----------
    unary : float32 (C, y, x), energies; inf forbids a label
    seeds : uint8 (y, x), training codes with IGNORE; seeds keep their label
    rounds : sweeps over the labels at most; it ends earlier when a sweep changes nothing

    Returns
    -------
    uint8 (y, x), training codes.
    """
    costs = np.minimum(unary.reshape(len(unary), -1).astype(np.float64), HARD)
    fixed = np.flatnonzero(seeds.ravel() != IGNORE)
    costs[:, fixed] = HARD
    costs[seeds.ravel()[fixed], fixed] = 0
    whole = np.rint(costs * SCALE).astype(np.int64)
    labels = whole.argmin(0)
    for _ in range(rounds):
        before = labels
        for alpha in np.unique(labels).tolist():
            labels = _expand_one(labels, alpha, whole, links)
        if (labels == before).all():
            break
    found: LabelMap = labels.reshape(seeds.shape).astype(np.uint8)
    return found


def _expand_one(labels: Ints, alpha: int, unary: Ints, links: Links) -> Ints:
    """Let every pixel keep its label (0) or take α (1), at the least energy of all such moves (Kolmogorov 2004)."""
    a, b = labels[links.p], labels[links.q]
    keep_both, p_moves, q_moves = (links.cost * differs for differs in (a != b, b != alpha, a != alpha))
    gain = unary[alpha] - unary[labels, np.arange(labels.size)]
    np.add.at(gain, links.p, p_moves - keep_both)
    np.subtract.at(gain, links.q, p_moves)
    moves = _cut(gain, links, p_moves + q_moves - keep_both)
    return np.where(moves, alpha, labels)


def _cut(gain: Ints, links: Links, apart: Ints) -> npt.NDArray[np.bool_]:
    """Minimise Σ gain · x + Σ apart · (1 - x_p) x_q over binary x."""
    from scipy.sparse import coo_array, csr_array
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    n = gain.size
    source, sink = n, n + 1
    up, down = np.flatnonzero(gain > 0), np.flatnonzero(gain < 0)
    some = np.flatnonzero(apart)
    rows = np.concatenate([np.full(up.size, source), down, links.p[some]]).astype(np.int32)
    columns = np.concatenate([up, np.full(down.size, sink), links.q[some]]).astype(np.int32)
    capacity = np.minimum(np.concatenate([gain[up], -gain[down], apart[some]]), np.iinfo(np.int32).max // 4)
    graph = csr_array(coo_array((capacity.astype(np.int32), (rows, columns)), shape=(n + 2, n + 2)))
    flow = maximum_flow(graph, source, sink).flow
    left = csr_array(graph - flow)
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    reached = breadth_first_order(left, source, return_predecessors=False)
    moves = np.ones(n + 2, bool)
    moves[reached] = False
    return moves[:n]
