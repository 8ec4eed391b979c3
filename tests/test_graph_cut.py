from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_scribbleseg.graph_cut import Links, expand


def _chain(n, cost):
    return Links(np.arange(n - 1), np.arange(1, n), np.full(n - 1, float(cost)))


def _energy(labels, unary, links):
    labels = np.asarray(labels)
    return unary[labels, np.arange(len(labels))].sum() + links.cost[labels[links.p] != labels[links.q]].sum()


def test_the_cut_goes_through_the_weakest_link():
    unary = np.array([[0.0, 0, 0, np.inf], [np.inf, 0, 0, 0]])
    links = Links(np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([3.0, 1.0, 2.0]))
    assert expand(unary, links).tolist() == [0, 0, 1, 1]


def test_links_that_cost_nothing_leave_every_node_its_own_best():
    unary = np.array([[1.0, 0, 3], [0, 2, 2], [5, 5, 1]])
    assert expand(unary, _chain(3, 0)).tolist() == [1, 0, 2]


def test_strong_links_make_all_agree_on_the_cheapest():
    unary = np.array([[1.0, 0, 3], [0, 2, 3], [5, 5, 1]])
    assert expand(unary, _chain(3, 100)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("seed", range(12))
def test_two_labels_reach_the_least_energy(seed):
    rng = np.random.default_rng(seed)
    unary = rng.random((2, 7))
    p, q = np.triu_indices(7, 1)
    links = Links(p, q, rng.random(21) * 0.2)
    least = min(_energy(labels, unary, links) for labels in product(range(2), repeat=7))
    assert _energy(expand(unary, links), unary, links) == pytest.approx(least, abs=0.02)


@pytest.mark.parametrize("seed", range(12))
def test_more_labels_end_where_no_expansion_helps(seed):
    rng = np.random.default_rng(seed)
    unary = rng.random((3, 6))
    links = Links(*np.triu_indices(6, 1), rng.random(15) * 0.4)
    found = expand(unary, links)
    least = min(_energy(labels, unary, links) for labels in product(range(3), repeat=6))
    assert least <= _energy(found, unary, links) + 1e-9
    for alpha, moves in product(range(3), product([False, True], repeat=6)):
        moved = np.where(moves, alpha, found)
        assert _energy(moved, unary, links) > _energy(found, unary, links) - 0.02
