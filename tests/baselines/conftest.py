"""A made-up heart with complete strokes: loops in wall and left cavity, a line in the right one, a loop around all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, MYO, RV
from napari_scribbleseg.types import Cine
from tests.synthetic import make_cine, make_truth

SIDE = 64


@dataclass(frozen=True)
class Heart:
    cine: Cine
    truth: np.ndarray
    strokes: np.ndarray

    @property
    def volume(self) -> np.ndarray:
        return self.cine.volume(0)


def complete_strokes(n_z: int = 3) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    strokes = np.zeros((n_z, SIDE, SIDE), np.uint8)
    radius = np.hypot(y, x)
    strokes[:, np.abs(radius - 13) < 0.7] = MYO
    strokes[:, np.abs(radius - 6) < 0.7] = LV
    strokes[:, (np.abs(y) < 8) & (np.abs(x + 21) < 1)] = RV
    strokes[:, np.abs(np.hypot(y, x + 4) - 27) < 0.8] = BACKGROUND_SCRIBBLE
    return strokes


@pytest.fixture(scope="session")
def heart() -> Heart:
    return Heart(make_cine(), make_truth()[0], complete_strokes())
