"""Which slices are decided, and what the others are told."""

from __future__ import annotations

import numpy as np

from napari_scribbleseg.baselines.slices import Plane, close_loops, decided_slices, nearness, pass_on
from napari_scribbleseg.labels import BG, IGNORE, LV, MYO, RV

SPACING_MM = (8.0, 1.0, 1.0)


def disk(radius: float, side: int = 60) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - side / 2
    return np.hypot(y, x) < radius


def drawn_on(n_z: int, **codes_by_slice: int) -> np.ndarray:
    drawn = np.full((n_z, 4, 4), IGNORE, np.uint8)
    for name, code in codes_by_slice.items():
        drawn[int(name[1:]), 1, 1] = code
    return drawn


def test_background_alone_ends_the_heart_but_makes_no_hole_in_it():
    assert decided_slices(drawn_on(8, z0=BG, z2=LV, z4=BG, z5=RV, z7=BG)) == ([0, 2, 5, 7], [2, 5])


def test_slices_without_any_stroke_are_open():
    assert decided_slices(drawn_on(5, z1=MYO, z3=LV)) == ([1, 3], [1, 3])


def test_what_a_closed_loop_keeps_from_the_heart_is_background():
    seeds = np.full((9, 9), IGNORE, np.uint8)
    seeds[2:7, [2, 6]] = BG
    seeds[[2, 6], 2:7] = BG
    seeds[4, 4] = LV
    closed = close_loops(seeds)
    assert closed[0, 0] == BG
    assert closed[4, 4] == LV
    assert closed[3, 3] == IGNORE


def test_an_open_loop_settles_nothing():
    seeds = np.full((9, 9), IGNORE, np.uint8)
    seeds[2, 2:7] = BG
    seeds[4, 4] = LV
    np.testing.assert_array_equal(close_loops(seeds), seeds)


def test_between_two_slices_the_border_lies_between_theirs():
    mask = np.zeros((5, 60, 60), np.uint8)
    mask[0], mask[4] = LV * disk(20), LV * disk(12)
    widths = [(pass_on(mask, z, [0, 4], SPACING_MM)[30] == LV).sum() for z in (1, 2, 3)]
    # Radius 18, 16, 14, less the 3 mm that are left open.
    np.testing.assert_allclose(widths, [30, 26, 22], atol=2)


def test_beyond_the_last_slice_its_mask_is_passed_on_with_open_borders():
    mask = np.zeros((3, 60, 60), np.uint8)
    mask[0] = LV * disk(20)
    seeds = pass_on(mask, 2, [0], SPACING_MM)
    assert seeds[30, 30] == LV
    assert seeds[30, 30 + 19] == IGNORE
    assert seeds[30, 30 + 22] == IGNORE
    assert seeds[30, 30 + 27] == BG


def test_a_thin_wall_is_passed_on_by_its_middle():
    mask = np.zeros((2, 60, 60), np.uint8)
    mask[0] = MYO * (disk(20) & ~disk(16)) + LV * disk(16)
    ring = pass_on(mask, 1, [0], SPACING_MM) == MYO
    assert ring.any()
    assert not (ring & ~(mask[0] == MYO)).any()


def test_a_slice_without_a_heart_passes_none_on():
    seeds = pass_on(np.zeros((2, 60, 60), np.uint8), 1, [0], SPACING_MM)
    assert (seeds == BG).all()


def test_distances_to_strokes_are_in_mm():
    seeds = np.full((5, 7), IGNORE, np.uint8)
    seeds[1, 1] = LV
    plane = Plane(np.zeros((5, 7), np.float32), seeds, np.zeros((0, 5, 7), np.float32), (8.0, 1.5, 2.0))
    near = nearness(plane)
    assert near[LV, 3, 1] == 3
    assert near[LV, 1, 3] == 4
    assert np.isinf(near[RV]).all()
    assert plane.classes == [LV]
