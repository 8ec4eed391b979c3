"""Strokes inside of a ring, a disk, a crescent and less."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_scribbleseg.bench.annotate.paths import Hand, draw_stroke, measure_depth

MM = (1.0, 1.0)
STEADY = Hand(wander=0.0)


def disk(radius: float, side: int = 80) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - side / 2
    return np.hypot(y, x) < radius


def ring(inner: float, outer: float) -> np.ndarray:
    return disk(outer) & ~disk(inner)


def draw(region: np.ndarray, hand: Hand = STEADY, seed: int = 0, spacing_mm=MM):
    return draw_stroke(region, spacing_mm, hand, np.random.default_rng(seed))


def test_a_ring_is_followed_nearly_all_the_way_round_and_left_open_once():
    stroke = draw(ring(20, 28))
    assert stroke.length_mm == pytest.approx(0.8 * (2 * np.pi * 24 - 6), rel=0.1)
    assert stroke.turning_rad == pytest.approx(0.8 * 2 * np.pi, rel=0.15)
    y, x = np.argwhere(stroke.pixels).T - 40
    turns = np.histogram(np.arctan2(y, x), 36, (-np.pi, np.pi))[0]
    _, n_gaps = ndimage.label(np.concatenate([turns == 0, turns == 0]))
    assert 0.7 < np.mean(turns > 0) < 0.95
    assert n_gaps <= 3  # one gap, seen twice and perhaps cut by the seam


def test_a_disk_is_crossed_by_a_straight_line_well_inside():
    stroke = draw(disk(20))
    depth = measure_depth(disk(20), MM)
    assert 15 < stroke.length_mm < 30
    assert stroke.turning_rad < 0.2
    assert depth[stroke.pixels].min() > 4


def test_the_hand_wanders_but_never_leaves_the_structure():
    region = ring(20, 26)
    steady, shaky = draw(region), draw(region, Hand(wander=0.6))
    depth = measure_depth(region, MM)
    assert not (shaky.pixels & ~region).any()
    assert depth[shaky.pixels].mean() < depth[steady.pixels].mean()


def test_the_brush_is_thinner_in_a_thin_structure():
    wide, thin = draw(ring(16, 28), Hand(brush_mm=6)), draw(ring(21, 24), Hand(brush_mm=6))
    assert thin.pixels.sum() / thin.length_mm < 0.7 * wide.pixels.sum() / wide.length_mm
    assert thin.pixels.sum() < 0.9 * ring(21, 24).sum()


def test_lengths_are_in_mm_whatever_the_pixels():
    stretched = np.repeat(ring(20, 28), 2, axis=0)
    assert draw(stretched, spacing_mm=(0.5, 1.0)).length_mm == pytest.approx(draw(ring(20, 28)).length_mm, rel=0.1)


def test_the_same_seed_draws_the_same_and_another_one_does_not():
    region = ring(20, 28)
    np.testing.assert_array_equal(draw(region, Hand(), 3).pixels, draw(region, Hand(), 3).pixels)
    assert (draw(region, Hand(), 3).pixels != draw(region, Hand(), 4).pixels).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 2), (1, 9), (3, 1)])
def test_the_smallest_structures_get_a_dot_or_a_dash(shape):
    region = np.zeros((20, 20), bool)
    region[5 : 5 + shape[0], 5 : 5 + shape[1]] = True
    stroke = draw(region, Hand())
    assert stroke.pixels.any()
    assert not (stroke.pixels & ~region).any()
    assert stroke.length_mm <= max(shape)


def test_a_structure_at_the_edge_of_the_image_is_no_obstacle():
    region = np.zeros((20, 20), bool)
    region[:4] = True
    assert draw(region).pixels[:4].any()
