"""Thickness of the myocardial wall in one slice, by the centre-line method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_scribbleseg.labels import LV, MYO, RV, LabelMap

N_RAYS = 72
ANGLES_RAD = np.arange(N_RAYS) * 2 * np.pi / N_RAYS
"""Directions of the rays, from the direction of growing columns towards growing rows: clockwise on screen."""

LEAST_CAVITY_PX = 8
LEAST_WALL_PX = 0.5
"""A thinner wall is none: there the cavity borders on something else."""

RV_REACH_MM = 3.0
"""How far outside the wall RV may begin; masks leave its own wall and trabeculae in between."""

_BLUR_PX = 0.8
_HALF = 0.5
_RADIAL_BLUR = 1.6
_TANGENT_BLUR = 2.4
_ROUNDS = 3
_FULL_TURN = np.append(ANGLES_RAD, 2 * np.pi)
_DIRECTIONS = np.stack([np.sin(ANGLES_RAD), np.cos(ANGLES_RAD)], axis=1)

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Wall:
    """The wall in a slice, ray by ray around the centre of the cavity; see :data:`ANGLES_RAD`.

    Attributes
    ----------
    thickness_mm : float64 (N_RAYS,)
        NaN where there is no myocardium.
    beside_rv : bool (N_RAYS,)
        Whether RV lies right outside.
    """

    thickness_mm: Floats
    beside_rv: Flags

    @property
    def closed(self) -> float:
        """Return the share of the ring that is there."""
        return float(np.isfinite(self.thickness_mm).mean())


def measure_wall(labels: LabelMap, spacing_mm: tuple[float, float]) -> Wall | None:
    """Measure how thick the myocardium is, all around the cavity of a slice.

    The centre-line method (Sheehan et al., Circulation 1986): chords perpendicular to the line midway between the
    endocardial and the epicardial border, from the one to the other. The borders are those of LV, and of LV and
    myocardium together, so that papillary muscles inside the cavity thin nothing. Deviations: borders come from the
    mask, blurred by 0.8 pixels and cut at one half, which places them between pixels (a border of radius R moves
    inwards by σ²/2R, some hundredths of a millimetre); the centre line is midway along rays from the centre of the
    cavity, 72 of them in place of 100 chords.

    Parameters
    ----------
    labels : uint8 (y, x), training codes
    spacing_mm : (y, x)

    Returns
    -------
    None where the slice has hardly any cavity, or one that is not around its own centre.
    """
    if np.count_nonzero(labels == LV) < LEAST_CAVITY_PX:
        return None
    cropped = _crop(labels, spacing_mm)
    cavity = _largest(cropped == LV)
    heart = _largest((cropped == LV) | (cropped == MYO))
    centre = np.array(ndimage.center_of_mass(cavity))
    radii = _radii(heart, centre, spacing_mm)
    sigmas = [_BLUR_PX * max(spacing_mm) / step for step in spacing_mm]
    blurred = ndimage.gaussian_filter(np.stack([cavity, heart]).astype(np.float32), [0, *sigmas], truncate=3)
    endo, epi = (_border(field, centre, radii, spacing_mm) for field in blurred)
    if endo is None or epi is None:
        return None
    gone = epi - endo < LEAST_WALL_PX * min(spacing_mm)
    thickness = np.where(gone | np.roll(gone, 1) | np.roll(gone, -1), np.nan, _chords(endo, epi))
    return Wall(thickness, _touches(cropped == RV, centre, epi, spacing_mm))


def _crop(labels: LabelMap, spacing_mm: tuple[float, float]) -> LabelMap:
    """Cut out LV and myocardium with some room around, where need be beyond the border of the image."""
    margins = [int(np.ceil((RV_REACH_MM + 4) / step)) + 2 for step in spacing_mm]
    inside = labels >= MYO
    ranges = [np.flatnonzero(inside.any(axis)) for axis in (1, 0)]
    ends = [(int(r[0]) - m, int(r[-1]) + 1 + m) for r, m in zip(ranges, margins, strict=True)]
    room = [(max(-low, 0), max(high - n, 0)) for (low, high), n in zip(ends, labels.shape, strict=True)]
    cut = tuple(slice(max(low, 0), high) for low, high in ends)
    return np.pad(labels[cut], room)


def _largest(mask: Flags) -> Flags:
    parts, n = ndimage.label(mask)
    if n < 2:
        return mask
    return np.asarray(parts == 1 + np.argmax(np.bincount(parts.ravel())[1:]), bool)


def _radii(heart: Flags, centre: Floats, spacing_mm: tuple[float, float]) -> Floats:
    far = np.hypot(*((np.argwhere(heart) - centre) * spacing_mm).T).max()
    step = min(spacing_mm)
    return np.arange(0, far + 4 * max(spacing_mm), step)


def _sample(field: npt.NDArray[np.float32], centre: Floats, radii: Floats, spacing_mm: tuple[float, float]) -> Floats:
    """Return values `(N_RAYS, M)` along the rays; `radii` is `(M,)` or `(N_RAYS, M)`."""
    radii = np.broadcast_to(radii, (N_RAYS, radii.shape[-1]))
    points = [centre[i] + radii * _DIRECTIONS[:, i, None] / spacing_mm[i] for i in (0, 1)]
    return np.asarray(ndimage.map_coordinates(field, points, order=1), np.float64)


def _border(
    field: npt.NDArray[np.float32], centre: Floats, radii: Floats, spacing_mm: tuple[float, float]
) -> Floats | None:
    """Return how far from the centre each ray leaves a blurred mask for good, float64 (N_RAYS,).

    None where a ray never is inside.
    """
    values = _sample(field, centre, radii, spacing_mm)
    inside = values >= _HALF
    if not inside.any(axis=1).all():
        return None
    last = radii.size - 1 - inside[:, ::-1].argmax(axis=1)
    rays = np.arange(N_RAYS)
    above, below = values[rays, last], values[rays, last + 1]
    exact = radii[last] + (radii[1] - radii[0]) * (above - _HALF) / (above - below)
    return np.asarray(ndimage.gaussian_filter1d(exact, _RADIAL_BLUR, mode="wrap"), np.float64)


def _chords(endo: Floats, epi: Floats) -> Floats:
    """Return the lengths of chords perpendicular to the centre line, from borders given by their radii."""
    middle = (endo + epi) / 2
    line = ndimage.gaussian_filter1d(middle, _TANGENT_BLUR, mode="wrap")[:, None] * _DIRECTIONS
    along = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0)
    normals = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True)
    normals *= np.sign((normals * _DIRECTIONS).sum(axis=1, keepdims=True))
    points = middle[:, None] * _DIRECTIONS
    return _reach(points, normals, epi) - _reach(points, normals, endo)


def _reach(points: Floats, normals: Floats, border: Floats) -> Floats:
    """Return how far along its normal each point meets a border; the step is the radial miss, which soon vanishes."""
    around = np.append(border, border[0])
    steps = border - np.hypot(*points.T)
    for _ in range(_ROUNDS):
        rows, columns = (points + steps[:, None] * normals).T
        angles = np.arctan2(rows, columns) % (2 * np.pi)
        steps += np.interp(angles, _FULL_TURN, around) - np.hypot(rows, columns)
    return np.asarray(steps, np.float64)


def _touches(rv: Flags, centre: Floats, epi: Floats, spacing_mm: tuple[float, float]) -> Flags:
    reach = max(RV_REACH_MM, 2 * max(spacing_mm))
    beyond = epi[:, None] + np.arange(0, reach, min(spacing_mm) / 2)
    return np.asarray((_sample(rv.astype(np.float32), centre, beyond, spacing_mm) >= _HALF).any(axis=1), bool)
