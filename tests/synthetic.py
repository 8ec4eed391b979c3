"""A small made-up heart for tests: a bright disk in a dark ring beside a bright crescent."""

from __future__ import annotations

import numpy as np

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, MYO, RV
from napari_scribbleseg.types import Cine, FrameKey, ScribbleEdit


def make_truth(n_t: int = 1, n_z: int = 3, side: int = 64) -> np.ndarray:
    """Dense mask `(t, z, y, x)`; the cavity shrinks towards the middle of the cycle."""
    y, x = np.mgrid[:side, :side] - side / 2
    truth = np.zeros((n_t, n_z, side, side), np.uint8)
    for t in range(n_t):
        inner = side * (0.16 - 0.05 * np.sin(np.pi * t / max(n_t, 1)))
        truth[t, :, np.hypot(y, x + side * 0.22) < side * 0.2] = RV
        truth[t, :, np.hypot(y, x) < inner + side * 0.08] = MYO
        truth[t, :, np.hypot(y, x) < inner] = LV
    return truth


def make_cine(case: str = "scan", n_t: int = 1, n_z: int = 3, side: int = 64, spacing_mm: float = 1.4) -> Cine:
    truth = make_truth(n_t, n_z, side)
    brightness = np.array([0.2, 0.9, 0.4, 1.0], np.float32)
    noise = np.random.default_rng(0).normal(0, 0.03, truth.shape)
    data = (brightness[truth] + noise).astype(np.float32) * 1000
    return Cine(case, data, (8.0, spacing_mm, spacing_mm), frame_ms=40.0, ndim=4 if n_t > 1 else 3)


def make_strokes(side: int = 64) -> np.ndarray:
    """Strokes `(y, x)` in layer codes that agree with `make_truth` at its first phase."""
    strokes = np.zeros((side, side), np.uint8)
    middle = side // 2
    strokes[middle - 2 : middle + 3, middle - 2 : middle + 3] = LV
    radius = round(side * 0.2)
    strokes[middle - radius, middle - 3 : middle + 4] = MYO
    strokes[middle + radius, middle - 3 : middle + 4] = MYO
    strokes[middle - 3 : middle + 4, middle - round(side * 0.35)] = RV
    strokes[3, 4 : side - 4] = BACKGROUND_SCRIBBLE
    strokes[side - 4, 4 : side - 4] = BACKGROUND_SCRIBBLE
    return strokes


def make_edit(key: FrameKey, revision: int = 1, side: int = 64) -> ScribbleEdit:
    return ScribbleEdit(key, make_strokes(side), revision)
