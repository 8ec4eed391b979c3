"""The cut, held against all labellings of a grid that is small enough to try them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_scribbleseg.baselines.energy import cut_grid, make_links
from napari_scribbleseg.graph_cut import Links
from napari_scribbleseg.labels import IGNORE

SPACING_MM = (8.0, 1.0, 1.0)


def energy(labels: np.ndarray, unary: np.ndarray, links: Links) -> float:
    flat = labels.ravel().astype(int)
    single = unary.reshape(len(unary), -1)[flat, np.arange(flat.size)].sum()
    return float(single + links.cost[flat[links.p] != flat[links.q]].sum())


def test_two_labels_are_cut_at_the_least_energy_of_all(rng):
    for _ in range(5):
        unary = rng.random((2, 3, 3)).astype(np.float32)
        links = make_links(rng.random((3, 3)).astype(np.float32), 0.4, 0.3, SPACING_MM)
        found = cut_grid(unary, np.full((3, 3), IGNORE, np.uint8), links, 5)
        everything = (np.reshape(labels, (3, 3)) for labels in product(range(2), repeat=9))
        least = min(energy(labels, unary, links) for labels in everything)
        assert energy(found, unary, links) == pytest.approx(least, abs=0.02)


def test_three_labels_end_below_twice_the_least_energy(rng):
    unary = rng.random((3, 2, 4)).astype(np.float32)
    links = make_links(rng.random((2, 4)).astype(np.float32), 0.5, 0.3, SPACING_MM)
    found = cut_grid(unary, np.full((2, 4), IGNORE, np.uint8), links, 5)
    everything = (np.reshape(labels, (2, 4)) for labels in product(range(3), repeat=8))
    least = min(energy(labels, unary, links) for labels in everything)
    assert energy(found, unary, links) <= 2 * least + 0.02
    assert energy(found, unary, links) <= energy(unary.argmin(0), unary, links)


def test_seeds_keep_their_label_against_all_evidence():
    seeds = np.full((4, 4), IGNORE, np.uint8)
    seeds[1, 1] = 3
    unary = np.zeros((4, 4, 4), np.float32)
    unary[3] = np.inf
    labels = cut_grid(unary, seeds, make_links(np.zeros((4, 4), np.float32), 1.0, 0.1, SPACING_MM), 3)
    assert labels[1, 1] == 3
    assert (labels == 3).sum() == 1


def test_a_link_costs_less_across_an_edge_and_over_a_distance():
    image = np.array([[0.0, 0.0, 0.2]], np.float32)
    links = make_links(image, 2.0, 0.1, (8.0, 1.0, 4.0))
    flat, edge = links.cost
    assert flat == pytest.approx(2 * 2 / 4)
    assert edge == pytest.approx(flat * np.exp(-2), abs=1e-3)


def test_every_pixel_has_eight_neighbours():
    links = make_links(np.zeros((3, 3), np.float32), 1.0, 0.1, SPACING_MM)
    at_centre = {int(q) for p, q in zip(links.p, links.q, strict=True) if p == 4}
    at_centre |= {int(p) for p, q in zip(links.p, links.q, strict=True) if q == 4}
    assert at_centre == {0, 1, 2, 3, 5, 6, 7, 8}
