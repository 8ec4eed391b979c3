from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_scribbleseg.bench.window import locate, to_canvas, window_box
from napari_scribbleseg.data import Grid
from tests.synthetic import make_cine


def test_the_heart_is_where_the_phases_differ() -> None:
    cine = make_cine(n_t=2, side=64)
    data = np.pad(cine.data, ((0, 0), (0, 0), (60, 20), (20, 40)), constant_values=300)
    assert locate(replace(cine, data=data)) == pytest.approx((60 + 32, 20 + 32), abs=5)


def test_two_equal_phases_leave_the_middle() -> None:
    cine = make_cine(n_t=1, side=64)
    assert locate(replace(cine, data=np.concatenate([cine.data, cine.data]))) == (31.5, 31.5)


def test_positions_go_to_the_canvas_by_pixel_centres() -> None:
    grid = Grid.make("roi", (100, 200), (2.8, 1.4))
    assert grid.canvas == (200, 200)
    assert to_canvas(grid, (0, 0)) == (0.5, 0.0)
    assert to_canvas(grid, (99, 199)) == (198.5, 199.0)


def test_the_box_holds_all_that_the_window_shows_and_little_more() -> None:
    cine = replace(make_cine(side=16), data=np.zeros((2, 1, 400, 300), np.uint8), spacing_mm=(8.0, 0.7, 1.4))
    top, left, bottom, right = window_box(cine, (200.0, 20.0))
    assert 2 * (128 + 2 * 8) <= bottom - top <= 2 * (128 + 2 * 8) + 2
    assert (top + bottom) / 2 == pytest.approx(200, abs=2)
    assert (left, right) == (0, 128 + 8)


def test_the_box_of_a_small_slice_is_the_slice() -> None:
    assert window_box(make_cine(side=64), (10.0, 60.0)) == (0, 0, 64, 64)
