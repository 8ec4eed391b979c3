"""Everything around the heart: chest wall, lungs, great vessels and the organs under the diaphragm.

Signals are signed: water is positive and fat negative, as they are in balanced steady-state free precession at an echo
time of half the repetition time. Where both share a voxel they cancel, and the black line around organs appears
by itself.
"""

from __future__ import annotations

import numpy as np

from phantom.geometry import FloatArray, Plane
from phantom.texture import Texture, ellipsoid, inside, paint

Body = tuple[FloatArray, FloatArray, FloatArray]

BLOOD = 0.84
MUSCLE = 0.27
FAT = -0.86

_COARSE = Texture(11, 26.0)
_MEDIUM = Texture(12, 11.0)
_FINE = Texture(13, 4.5)
_VESSELS = Texture(14, 11.0)
_BRANCHES = Texture(15, 24.0)
_TWIGS = Texture(16, 22.0)


def trunk_distance(body: Body) -> FloatArray:
    """Return the signed distance to the skin in mm, negative inside."""
    left, post, sup = body
    half_l = 163.0 - 0.10 * sup
    half_p = 112.0 + 4.0 * np.exp(-(((np.abs(left) - 60.0) / 40.0) ** 2))
    norm = (np.abs(left / half_l) ** 2.5 + np.abs(post / half_p) ** 2.5) ** 0.4
    radius = np.hypot(left, post)
    return radius - radius / np.maximum(norm, 1e-3)


def diaphragm_height(left: FloatArray, post: FloatArray) -> FloatArray:
    """Return the height S of the diaphragm in mm: two domes that fall off towards the ribs."""
    right_dome = 16.0 * np.exp(-(((left + 62.0) / 60.0) ** 2))
    left_dome = 8.0 * np.exp(-(((left - 78.0) / 42.0) ** 2))
    flank = 55.0 * np.clip((np.hypot(left / 163.0, (post + 12.0) / 112.0) - 0.55) / 0.4, 0.0, 1.3) ** 2
    return -27.0 + right_dome + left_dome - flank - 18.0 * np.clip((post - 10.0) / 60.0, 0.0, 1.0) ** 2


def draw_torso(plane: Plane) -> FloatArray:
    """Draw one thin plane of the body without the heart.

    Returns
    -------
    float array (rows, columns)
        Signed signal, blood about 0.8.
    """
    body = plane.body()
    skin = trunk_distance(body)
    wall_mm = wall_thickness(body)
    picture = np.zeros_like(plane.u)
    _draw_wall(picture, body, skin)
    chest = inside(skin + wall_mm)
    cavity = _draw_cavity(body)
    paint(picture, chest, cavity)
    _draw_spine(picture, body)
    return picture


def wall_thickness(body: Body) -> FloatArray:
    """Return the distance from skin to pleura in mm."""
    left, post, _ = body
    back = 24.0 * np.exp(-((left / 62.0) ** 2)) * (post > 0)
    return 27.0 + back + 14.0 * np.exp(-(((np.abs(left) - 100.0) / 38.0) ** 2)) + 1.5 * _COARSE(*body)


def _draw_wall(picture: FloatArray, body: Body, skin: FloatArray) -> None:
    left, post, sup = body
    fat_mm = (
        5.5 + 2.5 * _COARSE(left, post, sup * 0.4) + 3.0 * np.exp(-(((np.abs(left) - 110.0) / 45.0) ** 2)) - 0.035 * sup
    )
    depth = -skin
    paint(picture, inside(skin), 0.42)
    paint(picture, inside(1.8 - depth), FAT * (1.0 + 0.07 * _MEDIUM(*body)))
    muscle_top = np.maximum(fat_mm, 4.0)
    paint(picture, inside(muscle_top - depth), MUSCLE * (1.0 + 0.10 * _FINE(*body)))
    _draw_fascia(picture, body, depth - muscle_top)
    _draw_ribs(picture, body, wall_thickness(body) - depth)


def _draw_fascia(picture: FloatArray, body: Body, below_mm: FloatArray) -> None:
    """Paint the fat between the layers of muscle, which run along the wall."""
    wavy = below_mm + 1.6 * _COARSE(*body)
    for at_mm, half_mm, patchy in ((9.0, 1.5, 0.1), (18.0, 0.9, 0.5)):
        present = np.clip(0.8 - patchy + 0.6 * _BRANCHES(*body), 0.0, 1.0)
        paint(picture, inside(np.abs(wavy - at_mm) - half_mm) * present, FAT * 0.8)


def _draw_ribs(picture: FloatArray, body: Body, above_pleura_mm: FloatArray) -> None:
    """Paint ribs, dark bone around fatty marrow, which slope down towards the front."""
    _, post, sup = body
    along = np.abs(((sup - 0.45 * post + 900.0) % 27.0) - 13.5)
    rib = np.hypot((along - 2.0).clip(0.0) * 0.9, above_pleura_mm - 6.0)
    mark = np.clip(0.45 + 0.35 * _COARSE(*body), 0.0, 0.8)
    paint(picture, inside(rib - 5.0) * mark, 0.09)
    paint(picture, inside(rib - 3.2) * mark, 0.17)
    fat = inside(np.abs(above_pleura_mm - 1.0) - 0.8) * np.clip(_BRANCHES(*body), 0.0, 1.0)
    paint(picture, fat, FAT * 0.6)


def _draw_cavity(body: Body) -> FloatArray:
    left, post, sup = body
    height = diaphragm_height(left, post)
    lungs = _draw_lungs(body)
    _draw_mediastinum(lungs, body)
    below = inside(sup - height)
    paint(lungs, inside(np.abs(sup - height) - 1.3), 0.16)
    paint(lungs, inside(sup - height + 1.6), _draw_abdomen(body))
    _draw_vessels(lungs, body, below)
    return lungs


def _draw_lungs(body: Body) -> FloatArray:
    left, post, sup = body
    picture = 0.06 + 0.012 * _MEDIUM(*body)
    hilum = np.exp(-((np.hypot(np.abs(left) - 30.0, post - 18.0) / 60.0) ** 2))
    branches = np.hypot(_BRANCHES(*body), _TWIGS(*body))
    paint(picture, np.clip((0.08 + 0.14 * hilum - branches) / 0.06, 0.0, 1.0), 0.75)
    twigs = np.hypot(_VESSELS(*body), _MEDIUM(*body))
    paint(picture, np.clip((0.13 - twigs) / 0.07, 0.0, 1.0), 0.60)
    return picture


def _draw_mediastinum(picture: FloatArray, body: Body) -> None:
    middle = ellipsoid(body, (4.0, 8.0, 30.0), (30.0, 62.0, 130.0)) + 4.0 * _COARSE(*body)
    paint(picture, inside(middle), FAT * (0.66 + 0.14 * _MEDIUM(*body) + 0.10 * _FINE(*body)))
    front = ellipsoid(body, (0.0, -88.0, 10.0), (26.0, 7.0, 120.0)) + 4.0 * _COARSE(*body)
    paint(picture, inside(front), FAT * 0.65 + 0.14 * _MEDIUM(*body))
    apical_pad = ellipsoid(body, (58.0, -62.0, -42.0), (30.0, 20.0, 14.0)) + 2.0 * _COARSE(*body)
    paint(picture, inside(apical_pad), FAT * 0.8)


def _draw_abdomen(body: Body) -> FloatArray:
    left, post, sup = body
    picture = FAT * (0.62 + 0.16 * _MEDIUM(*body) + 0.10 * _FINE(*body))
    _draw_bowel(picture, body)
    _draw_liver(picture, body)
    _draw_stomach(picture, body)
    spleen = ellipsoid(body, (98.0, 45.0, -62.0), (34.0, 44.0, 46.0)) + 1.5 * _COARSE(*body)
    paint(picture, inside(spleen), 0.33 + 0.012 * _FINE(*body))
    _draw_kidney(picture, body)
    return picture


def _draw_bowel(picture: FloatArray, body: Body) -> None:
    loops = np.clip((_COARSE(*body) + 0.15) / 0.25, 0.0, 1.0) * (body[1] < 40.0)
    paint(picture, loops, 0.30 + 0.09 * _MEDIUM(*body))


def _draw_liver(picture: FloatArray, body: Body) -> None:
    left, post, sup = body
    right = ellipsoid(body, (-70.0, -5.0, -78.0), (88.0, 96.0, 84.0))
    left_lobe = ellipsoid(body, (8.0, -48.0, -62.0), (62.0, 44.0, 38.0))
    liver = inside(np.minimum(right, left_lobe) + 1.5 * _COARSE(*body))
    paint(picture, liver, 0.27 + 0.012 * _FINE(*body))
    veins = np.hypot(_COARSE(sup, left, post), _BRANCHES(*body))
    paint(picture, np.clip((0.24 - veins) / 0.08, 0.0, 1.0) * liver, 0.60)
    twigs = np.hypot(_VESSELS(*body), _MEDIUM(sup, left, post))
    paint(picture, np.clip((0.20 - twigs) / 0.12, 0.0, 1.0) * liver, 0.42)


def _draw_stomach(picture: FloatArray, body: Body) -> None:
    stomach = ellipsoid(body, (62.0, -8.0, -66.0), (34.0, 36.0, 34.0)) + 2.0 * _COARSE(*body)
    paint(picture, inside(stomach), 0.30)
    content = 0.42 + 0.13 * _MEDIUM(*body) + 0.07 * _FINE(*body)
    paint(picture, inside(stomach + 3.5), content)
    gas = inside(np.maximum(stomach + 4.5, body[1] + 24.0 + 2.0 * _MEDIUM(*body)))
    paint(picture, gas, 0.03)


def _draw_kidney(picture: FloatArray, body: Body) -> None:
    kidney = ellipsoid(body, (58.0, 56.0, -112.0), (28.0, 24.0, 54.0))
    paint(picture, inside(kidney), 0.40)
    paint(picture, inside(kidney + 9.0 + 2.5 * _MEDIUM(*body)), 0.30)
    sinus = ellipsoid(body, (52.0, 52.0, -112.0), (11.0, 9.0, 28.0)) + 1.5 * _MEDIUM(*body)
    paint(picture, inside(sinus), FAT * 0.8)


def _draw_vessels(picture: FloatArray, body: Body, below: FloatArray) -> None:
    left, post, sup = body
    bend = 4.0 * np.sin(sup / 60.0)
    aorta = np.hypot(left - 22.0 - bend, post - 40.0)
    paint(picture, inside(aorta - 13.2), 0.20)
    paint(picture, inside(aorta - 11.5), BLOOD * 1.2)
    cava = np.hypot((left + 24.0) * 0.85, post - 8.0 - 0.10 * sup)
    paint(picture, inside(cava - 12.5) * below, 0.2)
    paint(picture, inside(cava - 11.2) * np.maximum(below, sup < 12.0), BLOOD * 1.05)
    gullet = np.hypot((left - 9.0) * 0.7, post - 29.0)
    paint(picture, inside(gullet - 6.5), MUSCLE)
    paint(picture, inside(gullet - 2.0), 0.40)


def _draw_spine(picture: FloatArray, body: Body) -> None:
    left, post, sup = body
    vertebra = np.maximum(np.hypot(left / 1.15, post - 66.0) - 19.0, np.abs(((sup + 500.0) % 29.0) - 14.5) - 11.5)
    disc = np.hypot(left / 1.15, post - 66.0) - 19.0
    paint(picture, inside(disc), 0.16)
    paint(picture, inside(vertebra), 0.06)
    paint(picture, inside(vertebra + 1.8), 0.19 + 0.03 * _FINE(*body))
    arch = np.hypot(left / 1.4, post - 92.0) - 15.0
    paint(picture, inside(arch), 0.10 + 0.03 * _FINE(*body))
    canal = np.hypot(left / 1.25, post - 90.0)
    paint(picture, inside(canal - 9.5), FAT * 0.6)
    paint(picture, inside(canal - 8.0), 0.92)
    paint(picture, inside(canal - 4.6), 0.42)
