from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods.superpixels import Superpixels

FOUR = Superpixels(np.array([[0, 0, 1], [2, 2, 1], [2, 2, 3]]), 4)


def test_regions_keep_to_the_edges_of_the_image():
    image = np.zeros((32, 32), np.float32)
    image[:, 13:] = 1
    regions = Superpixels.of(image, 16)
    assert 32 <= regions.count <= 96
    assert all(len(np.unique(image[regions.index == i])) == 1 for i in range(regions.count))


def test_maps_are_summed_over_regions():
    assert FOUR.add_up(np.arange(9.0).reshape(1, 3, 3)).tolist() == [[0 + 1, 2 + 5, 3 + 4 + 6 + 7, 8]]


def test_the_most_frequent_stroke_speaks_for_a_region():
    strokes = np.full((3, 3), IGNORE, np.uint8)
    strokes[1, 0], strokes[1:, 1], strokes[2, 2] = 3, 1, 0
    assert FOUR.strokes(strokes).tolist() == [IGNORE, IGNORE, 1, 0]


def test_links_by_hand():
    # Regions 0 and 2 share 2 pixels of border, 0–1 one, 1–2 one, 1–3 one, 2–3 one. Region 3 is one bin brighter.
    image = np.full((3, 3), 0.5)
    image[2, 2] = 0.54
    links = FOUR.link(image, 2.0, 0.5)
    near, far = 2.0, 2.0 * np.exp(-1 / 0.5)
    found = {(p, q): cost for p, q, cost in zip(links.p.tolist(), links.q.tolist(), links.cost.tolist(), strict=True)}
    assert found == pytest.approx({(0, 1): near, (0, 2): 2 * near, (1, 2): near, (1, 3): far, (2, 3): far})
