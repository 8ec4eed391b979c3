"""Paints the heart over the torso and tells which tissue is where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phantom.geometry import FloatArray, Plane
from phantom.heart import Shapes, shape_heart
from phantom.motion import Beat
from phantom.texture import Texture, ellipse, inside, paint
from phantom.torso import BLOOD, FAT

MYOCARDIUM = 0.28

_MUSCLE = Texture(31, 5.0)
_TRABECULAE = Texture(32, 5.5)
_SWIRL = Texture(33, 16.0)
_PAD = Texture(34, 24.0)


@dataclass(frozen=True)
class Painted:
    """One thin plane with the heart in it.

    Attributes
    ----------
    picture : array (rows, columns)
        Signed signal.
    tissue : array (3, rows, columns)
        Share of RV, Myo and LV in every sample, 0 to 1.
    """

    picture: FloatArray
    tissue: FloatArray


def paint_heart(torso: FloatArray, plane: Plane, beat: Beat) -> Painted:
    """Paint the heart at one instant over a copy of the torso.

    Parameters
    ----------
    torso : array (rows, columns)
        What `torso.draw_torso` made of the same plane.
    """
    picture = torso.copy()
    shapes = shape_heart(plane, beat)
    ventricles = np.minimum(shapes.epicardium, _outer_rv(shapes))
    tissue = _tissue(shapes)
    _paint_sac(picture, plane, ventricles, shapes)
    _paint_upstream(picture, plane, beat, shapes)
    _paint_rv(picture, plane, beat, shapes, tissue[0])
    _paint_lv(picture, plane, beat, shapes, tissue)
    return Painted(picture, tissue)


def _outer_rv(shapes: Shapes) -> FloatArray:
    return np.where(shapes.rv_depth > -0.03, shapes.rv - 2.6, 50.0)


def _tissue(shapes: Shapes) -> FloatArray:
    below_valve = inside(-shapes.depth * 80.0, 2.0)
    whole = inside(shapes.epicardium) * below_valve
    lv = inside(shapes.cavity) * below_valve
    rv = inside(shapes.rv) * inside(-shapes.rv_depth * 80.0, 2.0) * (1.0 - inside(shapes.epicardium))
    return np.stack([rv, whole - np.minimum(lv, whole), np.minimum(lv, whole)])


def _paint_sac(picture: FloatArray, plane: Plane, ventricles: FloatArray, shapes: Shapes) -> None:
    """Paint the fat around the heart and the thin pericardium outside it."""
    groove = 6.5 * np.exp(-((np.maximum(shapes.rv, shapes.epicardium) / 5.0) ** 2))
    right = 2.2 * np.clip((-plane.u - 5.0) / 30.0, 0.0, 1.0)
    fat_mm = np.clip(1.9 * _PAD(plane.u, plane.v, plane.d * 0.6) - 0.8 + groove + right, 0.0, 9.0)
    paint(picture, inside(ventricles - fat_mm - 1.3), 0.15)
    paint(picture, inside(ventricles - fat_mm), FAT * 0.85)


def _paint_upstream(picture: FloatArray, plane: Plane, beat: Beat, shapes: Shapes) -> None:
    """Paint atria and outflow tracts, which come into view where the base has moved down."""
    blood = _blood(plane, beat)
    above_lv = inside(shapes.depth * 80.0, 2.0)
    above_rv = inside(shapes.rv_depth * 80.0, 2.0)
    bumps = 1.3 * _SWIRL(plane.u, plane.v, plane.d)
    atrium = ellipse(plane.u - 7.0, plane.v - 6.0, 28.0, 24.0) + bumps
    root = np.hypot(plane.u + 5.0, plane.v + 16.0) - 15.0
    right_atrium = ellipse(shapes.across + 2.0, shapes.along + 20.0, 25.0, 20.0) - bumps
    outflow = ellipse(shapes.across - 4.0, shapes.along - 12.0, 25.0, 18.0) + bumps
    chambers = ((root, above_lv), (atrium, above_lv), (right_atrium, above_rv), (outflow, above_rv))
    around = np.minimum.reduce([shapes.rv + 1.0, shapes.radius - 31.0, *(distance - 2.4 for distance, _ in chambers)])
    fat = inside(around)
    paint(picture, fat * np.maximum(above_lv, above_rv), FAT * (0.8 + 0.1 * _MUSCLE(plane.u, plane.v, plane.d)))
    for distance, above in chambers:
        paint(picture, inside(distance - 1.8) * above, MYOCARDIUM)
    for i, (distance, above) in enumerate(chambers):
        others = np.minimum.reduce([d for j, (d, _) in enumerate(chambers) if j != i])
        paint(picture, inside(np.maximum(distance, distance - others + 1.6)) * above, blood)


def _blood(plane: Plane, beat: Beat) -> FloatArray:
    """Return the signal of blood, uneven because it moves."""
    drift = 14.0 * np.sin(2 * np.pi * beat.fraction)
    return BLOOD * (1.0 + 0.05 * _SWIRL(plane.u + drift, plane.v - drift, plane.d + 40.0 * beat.fraction))


def _paint_rv(picture: FloatArray, plane: Plane, beat: Beat, shapes: Shapes, rv: FloatArray) -> None:
    below = inside(-shapes.rv_depth * 80.0, 2.0)
    wall = inside(shapes.rv - 2.6 - 1.2 * beat.contraction) * below
    paint(picture, wall, MYOCARDIUM * (1.0 + 0.05 * _MUSCLE(plane.u, plane.v, plane.d)))
    paint(picture, inside(shapes.rv) * below, 0.87 * _blood(plane, beat))
    net = _TRABECULAE(shapes.across * (1.0 + 0.15 * beat.contraction), shapes.along, 60.0 * shapes.rv_depth)
    depth = np.clip(shapes.rv_depth, 0.0, 1.0)
    towards_wall = np.clip(1.0 + shapes.rv / 14.0, 0.0, 1.0)
    density = net + 1.2 * depth + 0.9 * towards_wall + 0.4 * beat.contraction - 1.95
    paint(picture, np.clip(density / 0.6, 0.0, 0.75) * rv, MYOCARDIUM)
    band = inside(np.abs(shapes.along + 3.0 + 0.35 * shapes.across) - 2.0) * (np.abs(depth - 0.66) < 0.07)
    paint(picture, 0.85 * band * rv, MYOCARDIUM)


def _paint_lv(picture: FloatArray, plane: Plane, beat: Beat, shapes: Shapes, tissue: FloatArray) -> None:
    grain = _MUSCLE(plane.u * beat.narrowing, plane.v * beat.narrowing, plane.d)
    below = inside(-shapes.depth * 80.0, 2.0)
    paint(picture, inside(shapes.epicardium) * below, MYOCARDIUM * (1.0 + 0.05 * grain))
    paint(picture, tissue[2], 1.04 * _blood(plane, beat))
    _paint_trabeculae(picture, beat, shapes, tissue[2])
    for centre_rad, size, start, stop in ((np.deg2rad(322.0), 1.0, 0.30, 0.74), (np.deg2rad(236.0), 1.12, 0.34, 0.78)):
        paint(picture, _papillary(plane, beat, shapes, centre_rad, size, (start, stop)) * tissue[2], MYOCARDIUM)


def _paint_trabeculae(picture: FloatArray, beat: Beat, shapes: Shapes, lv: FloatArray) -> None:
    x, y = 19.0 * np.cos(shapes.angle), 19.0 * np.sin(shapes.angle)
    net = _TRABECULAE(x + 0.4 * shapes.radius, y, 80.0 * shapes.depth)
    near_wall = np.exp(-((shapes.cavity / 4.2) ** 2))
    amount = net * 0.55 + 1.0 * np.clip(shapes.depth, 0.0, 1.0) + 0.3 * beat.contraction - 0.40
    paint(picture, np.clip(amount, 0.0, 0.8) * near_wall * lv, MYOCARDIUM)


def _papillary(
    plane: Plane, beat: Beat, shapes: Shapes, centre_rad: float, size: float, reach: tuple[float, float]
) -> FloatArray:
    """Return the membership of one papillary muscle, which leans on the wall towards the apex."""
    depth = np.clip(shapes.depth, 0.0, 1.0)
    start, stop = reach
    along = (depth - start) / (stop - start)
    lean = (0.70 + 0.16 * np.clip(along, 0.0, 1.0)) * shapes.inner
    turn = centre_rad - beat.twist_rad * depth
    du, dv = plane.u - lean * np.cos(turn), plane.v + lean * np.sin(turn)
    radial = du * np.cos(turn) - dv * np.sin(turn)
    tangential = du * np.sin(turn) + dv * np.cos(turn)
    thick = size * (5.4 + 0.3 * beat.contraction) * np.sqrt(np.clip(np.sin(np.pi * np.clip(along, 0.0, 1.0)), 0.0, 1.0))
    lobed = 1.1 * _TRABECULAE(radial, tangential, 50.0 * depth + 100.0 * size)
    return inside(ellipse(radial, tangential, thick * 1.15 + 0.05, thick * 0.9 + 0.05) + lobed) * (thick > 0.6)
