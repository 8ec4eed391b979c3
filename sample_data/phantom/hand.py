"""Draws strokes the way a hurried but careful reader does: inside the structures, a little shaky."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from phantom.geometry import FloatArray
from phantom.motion import ED_PHASE, ES_PHASE
from phantom.strokes import Stroke, stroke_mask

LabelMap = npt.NDArray[np.uint8]

INITIAL = ((ED_PHASE, 1), (ED_PHASE, 4), (ED_PHASE, 7), (ES_PHASE, 3), (ES_PHASE, 6))
CORRECTIVE = ((ED_PHASE, 0), (ED_PHASE, 9), (ES_PHASE, 4), (ES_PHASE, 8))
BRUSH_PX = 1.5
_STEP_PX = 2.5
_RADII = np.arange(0.0, 70.0, 0.25)
_N_ANGLES = 180


def draw_strokes(truth: npt.NDArray[np.uint8], seed: int) -> list[Stroke]:
    """Draw all strokes of the sample.

    Parameters
    ----------
    truth : uint8 array (t, z, y, x)
        What the reader sees in the image.
    seed : int

    Returns
    -------
    list
        In drawing order: a few slices in end diastole and end systole, then corrections elsewhere.
    """
    strokes: list[Stroke] = []
    for frames, corrective in ((INITIAL, False), (CORRECTIVE, True)):
        for t, z in frames:
            rng = np.random.default_rng([seed, 3, t, z])
            strokes += [
                Stroke(t, z, label, BRUSH_PX, points, corrective) for label, points in _draw_slice(truth[t, z], rng)
            ]
    return strokes


def _draw_slice(truth: LabelMap, rng: np.random.Generator) -> Iterator[tuple[int, tuple[tuple[float, float], ...]]]:
    rays = Rays(truth)
    for label, path in ((3, rays.cavity(rng)), (2, rays.wall(rng)), (1, rays.crescent()), (4, rays.around(rng))):
        if path is not None:
            yield label, _shake(path, truth == label % 4, rng)


class Rays:
    """The slice as seen along rays from the middle of the left ventricle."""

    def __init__(self, truth: LabelMap) -> None:
        self.centre = np.array(ndimage.center_of_mass(truth == 3))
        self.angles = np.linspace(0, 2 * np.pi, _N_ANGLES, endpoint=False)
        directions = np.stack([-np.sin(self.angles), np.cos(self.angles)], -1)
        points = np.rint(self.centre + _RADII[:, None, None] * directions).astype(int)
        points = np.clip(points, 0, np.array(truth.shape) - 1)
        self.labels = truth[points[..., 0], points[..., 1]]

    def _middle(self, label: int) -> FloatArray:
        """Return the mean radius of a structure along each ray, NaN where a ray misses it."""
        hit = self.labels == label
        count = hit.sum(0)
        return np.where(count > 0, (_RADII[:, None] * hit).sum(0) / np.maximum(count, 1), np.nan)

    def _edge(self, hit: npt.NDArray[np.bool_]) -> FloatArray:
        return np.asarray((_RADII[:, None] * hit).max(0))

    def _points(self, picked: npt.NDArray[np.int64], radii: FloatArray) -> FloatArray:
        angles = self.angles[picked % _N_ANGLES]
        return self.centre + radii[:, None] * np.stack([-np.sin(angles), np.cos(angles)], -1)

    def _arc(self, rng: np.random.Generator, degrees: tuple[float, float]) -> npt.NDArray[np.int64]:
        length = int(rng.uniform(*degrees) / 360 * _N_ANGLES)
        return np.arange(length) + rng.integers(_N_ANGLES)

    def cavity(self, rng: np.random.Generator) -> FloatArray:
        """Return a curl inside the left ventricle."""
        picked = self._arc(rng, (230.0, 320.0))
        inner = _smooth(self._edge(self.labels == 3))[picked % _N_ANGLES]
        return self._points(picked, inner * np.linspace(rng.uniform(0.15, 0.3), rng.uniform(0.5, 0.6), len(picked)))

    def wall(self, rng: np.random.Generator) -> FloatArray:
        """Return an arc along the middle of the muscle."""
        picked = self._arc(rng, (210.0, 300.0))
        return self._points(picked, _smooth(self._middle(2))[picked % _N_ANGLES])

    def crescent(self) -> FloatArray | None:
        """Return a line along the middle of the right ventricle, None where there is hardly any."""
        thick = (self.labels == 1).sum(0) * 0.25
        seen = thick > 4.5
        if seen.sum() < 10:
            return None
        start = int(np.argmin(np.convolve(np.tile(seen, 2), np.ones(_N_ANGLES // 3), "same")[:_N_ANGLES]))
        order = (np.arange(_N_ANGLES) + start) % _N_ANGLES
        picked = order[seen[order]]
        trim = len(picked) // 10
        picked = picked[trim : len(picked) - trim]
        return self._points(picked, ndimage.gaussian_filter1d(self._middle(1)[picked], 3.0, mode="nearest"))

    def around(self, rng: np.random.Generator) -> FloatArray:
        """Return a wide arc outside the heart."""
        picked = self._arc(rng, (220.0, 300.0))
        outer = ndimage.maximum_filter1d(self._edge(self.labels > 0), 21, mode="wrap")
        radii = ndimage.gaussian_filter1d(outer, 7.0, mode="wrap") + rng.uniform(4.0, 6.5)
        return self._points(picked, radii[picked % _N_ANGLES])


def _smooth(radii: FloatArray) -> FloatArray:
    known = np.flatnonzero(np.isfinite(radii))
    filled = np.interp(np.arange(len(radii)), known, radii[known], period=len(radii))
    return np.asarray(ndimage.gaussian_filter1d(filled, 2.5, mode="wrap"))


def _shake(
    path: FloatArray, allowed: npt.NDArray[np.bool_], rng: np.random.Generator
) -> tuple[tuple[float, float], ...]:
    """Turn a smooth path into mouse positions; the hand is the calmer the tighter the place."""
    points = _resample(path)
    along = np.arange(len(points))[:, None]
    waves = rng.uniform(0.05, 0.45, (3, 1, 2)), rng.uniform(0, 2 * np.pi, (3, 1, 2)), rng.normal(0, 0.75, (3, 1, 2))
    tremor = sum(a * np.sin(f * along + p) for f, p, a in zip(*waves, strict=True)) + rng.normal(0, 0.15, points.shape)
    shaken = points
    for amount in (1.0, 0.7, 0.45, 0.25, 0.0):
        shaken = np.round(points + amount * tremor, 1)
        if allowed[stroke_mask(shaken, BRUSH_PX, (allowed.shape[0], allowed.shape[1]))].mean() > 0.99:
            break
    return tuple((float(y), float(x)) for y, x in shaken)


def _resample(path: FloatArray) -> FloatArray:
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    n = max(2, round(lengths[-1] / _STEP_PX) + 1)
    at = np.linspace(0.0, lengths[-1], n)
    return np.stack([np.interp(at, lengths, path[:, i]) for i in range(2)], -1)
