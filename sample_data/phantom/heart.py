"""Shapes of the beating heart in one thin plane, as signed distances in mm.

Left ventricle: a bullet whose inner radius shrinks, whose base comes down and whose wall thickens so that the muscle
keeps its volume.
Right ventricle: an ellipse beside it, from which the left ventricle is taken away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from phantom.geometry import FloatArray, Plane
from phantom.motion import Beat
from phantom.texture import Texture, ellipse

LENGTH_MM = 89.0
RADIUS_MM = 26.3
SEPTUM_RAD = np.deg2rad(142.0)
"""Direction from the left to the right ventricle, counter-clockwise from the right of the picture."""

TOWARDS_RV = np.array([np.cos(SEPTUM_RAD), -np.sin(SEPTUM_RAD)])
TOWARDS_OUTFLOW = np.array([-TOWARDS_RV[1], TOWARDS_RV[0]])

_WALL_MM = PchipInterpolator([0.0, 0.3, 0.7, 1.0, 1.2], [9.0, 9.6, 8.6, 6.4, 6.0])
_ROUGH = Texture(21, 9.0)
_WAVY = Texture(22, 22.0)

_RV_S = [-0.2, 0.0, 0.15, 0.35, 0.6, 0.8, 0.93, 1.0]
_RV_CENTRE = PchipInterpolator(_RV_S, [39.0, 39.0, 38.5, 36.5, 33.0, 29.0, 25.5, 23.0])
_RV_ACROSS = PchipInterpolator(_RV_S, [33.5, 34.5, 35.0, 33.5, 28.0, 20.0, 11.0, 3.0])
_RV_ALONG = PchipInterpolator(_RV_S, [41.0, 43.0, 44.0, 43.0, 37.0, 28.0, 16.0, 4.0])
_RV_SHIFT = PchipInterpolator(_RV_S, [7.0, 6.0, 4.0, 0.0, -3.0, -5.0, -6.0, -6.0])


@dataclass(frozen=True)
class Shapes:
    """Signed distances in mm (negative inside), each of shape `(rows, columns)`, and material coordinates.

    Attributes
    ----------
    cavity, epicardium : array
        Inner and outer surface of the left ventricle.
    rv : array
        Inner surface of the right ventricle, which still overlaps the left one.
    depth : array
        Position along the left ventricle, 0 at the base and 1 at the apex of the cavity.
    rv_depth : array
        The same for the right ventricle.
    angle : array
        Angle around the long axis that moves with the muscle.
    radius : array
        Distance from the long axis.
    inner : array
        Inner radius of the left ventricle.
    across, along : array
        Coordinates from the middle of the right ventricle: away from the septum, and towards the outflow tract.
    """

    cavity: FloatArray
    epicardium: FloatArray
    rv: FloatArray
    depth: FloatArray
    rv_depth: FloatArray
    angle: FloatArray
    radius: FloatArray
    inner: FloatArray
    across: FloatArray
    along: FloatArray


def shape_heart(plane: Plane, beat: Beat) -> Shapes:
    """Compute all surfaces of the heart in one plane at one instant."""
    base = 11.5 * beat.contraction
    apex = LENGTH_MM - 1.0 * beat.contraction
    depth = np.full_like(plane.u, (plane.d - base) / (apex - base))
    radius = np.hypot(plane.u, plane.v)
    angle = np.arctan2(-plane.v, plane.u) + beat.twist_rad * depth
    inner = inner_radius(depth, angle, beat)
    outer = outer_radius(depth, angle, beat, inner)
    rv, rv_depth, across, along = _shape_rv(plane, beat)
    return Shapes(radius - inner, radius - outer, rv, depth, rv_depth, angle, radius, inner, across, along)


def _rest_radius(depth: FloatArray, angle: FloatArray) -> FloatArray:
    inside = np.clip(depth, 0.0, 1.0)
    bullet = np.sqrt(1.0 - inside**2.5) * (1.0 - 0.10 * np.clip(1.0 - inside / 0.35, 0.0, 1.0) ** 2)
    unround = 1.0 + 0.025 * np.cos(2 * (angle - 0.5)) + 0.012 * np.cos(3 * angle + 4.0 * depth)
    unround = unround + 0.010 * np.cos(5 * angle - 3.0 * depth)
    flat = 1.0 - 0.035 * np.exp(-((np.angle(np.exp(1j * (angle - SEPTUM_RAD))) / 0.7) ** 2))
    return RADIUS_MM * bullet * unround * flat


def inner_radius(depth: FloatArray, angle: FloatArray, beat: Beat) -> FloatArray:
    """Return the inner radius of the left ventricle in mm; slightly below 0 beyond the apex."""
    rest = _rest_radius(depth, angle)
    rough = 0.55 * _ROUGH(16.0 * np.cos(angle), 16.0 * np.sin(angle), 80.0 * depth)
    stronger_apex = beat.narrowing - 0.04 * beat.contraction * np.clip(depth - 0.5, 0.0, 0.5)
    return rest * stronger_apex + np.where(depth < 1.0, rough, -2.0)


def outer_radius(depth: FloatArray, angle: FloatArray, beat: Beat, inner: FloatArray) -> FloatArray:
    """Return the outer radius in mm: what the muscle loses in length and inner radius it gains in thickness."""
    rest = _rest_radius(depth, angle)
    uneven = 0.6 * np.cos(angle - SEPTUM_RAD) + 0.35 * np.cos(3 * angle + 1.0 + 5.0 * depth)
    wall = (
        _WALL_MM(np.clip(depth, 0.0, 1.2))
        + uneven
        + 0.3 * _WAVY(26.0 * np.cos(angle), 26.0 * np.sin(angle), 80.0 * depth)
    )
    cap = np.sqrt(np.clip(1.0 - (np.clip(depth - 1.0, 0.0, None) * LENGTH_MM / 7.5) ** 2, 0.0, None))
    muscle = (rest + wall) ** 2 - rest**2
    outer = np.sqrt(np.clip(inner, 0.0, None) ** 2 + muscle / beat.shortening) * cap
    return np.where(cap > 0, outer, -2.0)


def _shape_rv(plane: Plane, beat: Beat) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    squeeze = beat.contraction
    base = -4.0 + 16.0 * squeeze - 0.02 * plane.u + 0.02 * plane.v
    depth = (plane.d - base) / (76.0 - 1.0 * squeeze - base)
    bounded = np.clip(depth, -0.2, 1.0)
    towards = plane.u * TOWARDS_RV[0] + plane.v * TOWARDS_RV[1]
    sideways = plane.u * TOWARDS_OUTFLOW[0] + plane.v * TOWARDS_OUTFLOW[1]
    across = towards - _RV_CENTRE(bounded) * (1.0 - 0.21 * squeeze)
    along = sideways - _RV_SHIFT(bounded)
    curved = across + 0.0105 * along**2
    half_across = _RV_ACROSS(bounded) * (1.0 - 0.27 * squeeze)
    half_along = _RV_ALONG(bounded) * (1.0 - 0.20 * squeeze)
    bumps = 1.6 * _WAVY(across, along, 60.0 * depth)
    rv = ellipse(curved, along, half_across, half_along) + bumps
    return rv + 60.0 * np.clip(depth - 1.0, 0.0, None), depth, across, along
