"""One stroke of a brush inside of a structure: along its middle, as people scribble."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree
from skimage.morphology import skeletonize

Region = npt.NDArray[np.bool_]
Path = npt.NDArray[np.float64]
"""Points (n, 2) in mm along y and x."""
Spacing2D = tuple[float, float]

STEP_MM = 0.5
"""Between two points of a path."""
GAP_MM = 6.0
"""What a person leaves open in a ring, between the end of a stroke and its beginning."""
WANDER_MM = 3.0
"""The hand never wanders further (standard deviation), however wide the structure is."""
CALM_MM = 6.0
"""The hand's wandering is smooth over about so much."""
BEND_MM = 2.0
"""Smaller corners of a middle line are no one's intention."""
CORNER_MM = 6.0
"""Corners for which a person slows down are larger than this."""
CHORD_DEPTH = 0.35
"""A line across a compact structure ends where it is this share as deep as its deepest point."""
TILT_RAD = 0.35
FILL = 0.7
"""The brush covers at most this share of the half width of the structure."""


@dataclass(frozen=True)
class Hand:
    """How a person draws.

    Attributes
    ----------
    brush_mm : float
        Diameter of the brush; a person takes a thinner one where the structure is thin.
    wander : float
        How far the hand leaves the middle of the structure, as a share of its half width (standard deviation).
    reach : float
        Share of the middle line that is drawn.
    """

    brush_mm: float = 4.0
    wander: float = 0.25
    reach: float = 0.8


@dataclass(frozen=True, eq=False)
class Stroke:
    """A stroke in one slice.

    Attributes
    ----------
    pixels : bool (y, x)
        What it paints; never outside of the structure: a slip is undone.
    length_mm : float
    turning_rad : float
        How much the intended path turns on its way, in all.
    """

    pixels: Region
    length_mm: float
    turning_rad: float


def draw_stroke(region: Region, spacing_mm: Spacing2D, hand: Hand, rng: np.random.Generator) -> Stroke:
    """Draw a stroke inside of a structure in one slice.

    Parameters
    ----------
    region : bool (y, x), not empty
    spacing_mm : (y, x)
    hand : Hand
    rng : source of where the stroke begins and how the hand wanders
    """
    depth = measure_depth(region, spacing_mm)
    intended = _trim(_intend(region, depth, spacing_mm, rng), hand.reach, rng)
    half_mm = _depth_at(depth, intended, spacing_mm)
    path = _wander(intended, np.minimum(half_mm * hand.wander, WANDER_MM), rng)
    radius_mm = min(hand.brush_mm / 2, FILL * float(np.median(half_mm)))
    pixels = _paint(path, radius_mm, region, spacing_mm)
    return Stroke(pixels, _length(path), _turning(intended))


def measure_depth(region: npt.NDArray[np.bool_], spacing_mm: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """Return how deep each pixel lies inside, in mm, 0 outside; the edge of the image counts as a border."""
    inside = np.pad(region, 1)
    depth = ndimage.distance_transform_edt(inside, spacing_mm)
    return np.asarray(depth[(slice(1, -1),) * region.ndim])


def _intend(region: Region, depth: npt.NDArray[np.float64], spacing_mm: Spacing2D, rng: np.random.Generator) -> Path:
    """Return the middle line of a long or ring-shaped structure, a line across a compact one."""
    middle, chord = _middle_line(region, spacing_mm, rng), _chord(region, depth, spacing_mm, rng)
    return middle if _length(middle) >= _length(chord) else chord


def _middle_line(region: Region, spacing_mm: Spacing2D, rng: np.random.Generator) -> Path:
    """Return the longest way through the skeleton, a ring cut open at a place of the hand's choice."""
    points = np.argwhere(skeletonize(region)) * np.asarray(spacing_mm)
    if ndimage.binary_fill_holes(region).sum() > region.sum():
        cut = points[rng.integers(len(points))]
        kept = points[np.hypot(*(points - cut).T) > GAP_MM / 2]
        points = kept if len(kept) else points
    reach_mm = 1.01 * float(np.hypot(*spacing_mm))
    pairs = cKDTree(points).query_pairs(reach_mm, output_type="ndarray")
    lengths = np.hypot(*(points[pairs[:, 0]] - points[pairs[:, 1]]).T)
    graph = coo_array((lengths, (pairs[:, 0], pairs[:, 1])), shape=(len(points),) * 2).tocsr()
    return _resample(points[_longest_way(graph)])


def _longest_way(graph: npt.NDArray[np.float64]) -> list[int]:
    """Return the nodes between the two ends of the largest part of a graph, found by going to the far end twice."""
    _, parts = connected_components(graph, directed=False)
    first = int(np.flatnonzero(parts == np.bincount(parts).argmax())[0])
    start = _farthest(dijkstra(graph, directed=False, indices=first))
    distances, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    way = [_farthest(distances)]
    while way[-1] != start:
        way.append(int(before[way[-1]]))
    return way


def _farthest(distances: npt.NDArray[np.float64]) -> int:
    return int(np.where(np.isfinite(distances), distances, -1).argmax())


def _chord(region: Region, depth: npt.NDArray[np.float64], spacing_mm: Spacing2D, rng: np.random.Generator) -> Path:
    """Return a line through the deepest point, about along the longest axis, that stays well inside."""
    points = np.argwhere(region) * np.asarray(spacing_mm)
    axes = np.linalg.eigh(np.cov(points.T) if len(points) > 1 else np.eye(2))[1]
    tilt = rng.normal(0, TILT_RAD)
    direction = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]]) @ axes[:, -1]
    deepest = np.array(np.unravel_index(depth.argmax(), depth.shape)) * np.asarray(spacing_mm)
    ends = []
    for way in (-direction, direction):
        ray = deepest + way * np.arange(0, sum(depth.shape) * max(spacing_mm), STEP_MM)[:, None]
        is_shallow = _depth_at(depth, ray, spacing_mm) < CHORD_DEPTH * depth.max()
        ends.append(ray[max(int(is_shallow.argmax()) - 1, 0)])
    return _resample(np.stack(ends))


def _resample(points: Path) -> Path:
    """Return a smooth path with a point every `STEP_MM`."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    steps = np.linspace(0, along[-1], max(round(along[-1] / STEP_MM) + 1, 1))
    path = np.stack([np.interp(steps, along, axis) for axis in points.T], 1)
    return np.asarray(ndimage.gaussian_filter1d(path, BEND_MM / STEP_MM, axis=0, mode="nearest"))


def _trim(path: Path, reach: float, rng: np.random.Generator) -> Path:
    count = max(round(len(path) * reach), 1)
    first = int(rng.integers(len(path) - count + 1))
    return path[first : first + count]


def _wander(path: Path, spread_mm: npt.NDArray[np.float64], rng: np.random.Generator) -> Path:
    """Move points to the side by smooth noise of the given standard deviation at each."""
    if len(path) < 3:
        return path
    noise = ndimage.gaussian_filter1d(rng.normal(size=len(path)), CALM_MM / STEP_MM, mode="reflect")
    noise /= max(float(np.sqrt(np.mean(noise**2))), 1e-9)
    along = np.gradient(path, axis=0)
    aside = np.stack([along[:, 1], -along[:, 0]], 1) / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    return np.asarray(path + aside * (noise * spread_mm)[:, None])


def _depth_at(depth: npt.NDArray[np.float64], path: Path, spacing_mm: Spacing2D) -> npt.NDArray[np.float64]:
    return np.asarray(ndimage.map_coordinates(depth, (path / spacing_mm).T, order=1, mode="constant"))


def _paint(path: Path, radius_mm: float, region: Region, spacing_mm: Spacing2D) -> Region:
    y, x = np.clip(np.rint(path / spacing_mm).astype(int), 0, np.array(region.shape) - 1).T
    line = np.zeros(region.shape, bool)
    line[y, x] = True
    painted: Region = (ndimage.distance_transform_edt(~line, spacing_mm) <= radius_mm) & region
    if not painted.any():  # the smoothed path of a bent sliver may miss it
        deepest = measure_depth(region, spacing_mm).argmax()
        painted.flat[deepest] = True
    return painted


def _length(path: Path) -> float:
    return float(np.hypot(*np.diff(path, axis=0).T).sum())


def _turning(path: Path) -> float:
    along = np.diff(ndimage.gaussian_filter1d(path, CORNER_MM / STEP_MM, axis=0, mode="nearest"), axis=0)
    angles = np.unwrap(np.arctan2(along[:, 0], along[:, 1]))
    return float(np.abs(np.diff(angles)).sum())
