from __future__ import annotations

import numpy as np

from napari_scribbleseg.labels import LV, MYO, RV
from napari_scribbleseg.qt.dashes import DASH_PX, GAP_PX, ZOOM, draw_dashes


def ring() -> np.ndarray:
    y, x = np.mgrid[:48, :48] - 24
    labels = np.zeros((48, 48), np.uint8)
    labels[np.hypot(y, x) < 16] = MYO
    labels[np.hypot(y, x) < 9] = LV
    labels[2:10, 2:10] = RV
    return labels


def test_every_class_has_an_outline_with_gaps_and_nothing_inside():
    picture = draw_dashes(ring())
    assert picture.shape == (48 * ZOOM, 48 * ZOOM)
    assert set(np.unique(picture)) == {0, RV, MYO, LV}
    assert picture[24 * ZOOM, 24 * ZOOM] == 0
    length = 2 * np.pi * 9 * ZOOM
    drawn = (picture == LV).sum() / 3  # as long as three pixels are wide
    share = DASH_PX / (DASH_PX + GAP_PX)
    assert 0.6 * share * length < drawn < 1.9 * share * length


def test_outlines_lie_on_the_border():
    picture = draw_dashes(ring())
    y, x = np.nonzero(picture == LV)
    radius = np.hypot((y + 0.5) / ZOOM - 24.5, (x + 0.5) / ZOOM - 24.5)
    assert abs(np.median(radius) - 9) < 0.8


def test_specks_and_empty_slices_are_no_trouble():
    assert not draw_dashes(np.zeros((12, 10), np.uint8)).any()
    speck = np.zeros((12, 10), np.uint8)
    speck[0, 0] = RV
    assert (draw_dashes(speck) == RV).any()
