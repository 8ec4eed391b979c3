"""The automaton, held against a fight worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.baselines.growcut import GrowCut, GrowCutOptions
from napari_scribbleseg.baselines.slices import Plane
from napari_scribbleseg.labels import BG, IGNORE, LV

PLAIN = {"appearance": 0.0, "blur_mm": 0.0, "reach_mm": float("inf")}


def fight(line: list[float], spacing_mm: float = 1.0, rounds: int = 500, **options: float) -> list[int]:
    """Let LV, in the first cell, and the background, in the last, fight over a row of cells."""
    image = np.array([line], np.float32)
    seeds = np.full(image.shape, IGNORE, np.uint8)
    seeds[0, 0], seeds[0, -1] = LV, BG
    plane = Plane(image, seeds, image[None], (8.0, spacing_mm, spacing_mm))
    return GrowCut(GrowCutOptions(max_rounds=rounds, **options)).label_slice(plane)[0].tolist()


def test_the_border_settles_on_the_edge():
    assert fight([0.9, 0.9, 0.9, 0.9, 0.1, 0.1], **PLAIN) == [LV, LV, LV, LV, BG, BG]


def test_the_stronger_attack_wins_a_cell():
    # LV reaches the third cell with .9 · .6 = .54, the background with .7 · .7 = .49, and keeps what it has.
    assert fight([1.0, 0.9, 0.5, 0.2, -0.1], **PLAIN)[2] == LV
    # With another step on its way, .8 · .6 = .48, it does not.
    assert fight([1.0, 0.8, 0.4, 0.1, -0.2], **PLAIN)[2] == BG


def test_distance_settles_where_the_image_is_flat():
    options = PLAIN | {"reach_mm": 10.0}
    assert fight([0.5] * 7, **options).count(LV) in (3, 4)


def test_a_round_takes_one_cell_in_each_direction():
    assert fight([0.5] * 9, rounds=1, **PLAIN)[:3] == [LV, LV, BG]
    assert fight([0.5] * 9, rounds=2, **PLAIN)[:4] == [LV, LV, LV, BG]


@pytest.mark.parametrize("name", ["reach_mm", "max_rounds"])
def test_a_reach_or_a_fight_of_nothing_is_refused(name):
    with pytest.raises(ValueError, match=name):
        GrowCutOptions(**{name: 0})
