"""Least energy on a graph: α-expansion by maximum flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SCALE = 1000
"""Integer capacities for one unit of energy: scipy's maximum flow knows integers alone."""
FORBIDDEN = 1e5
"""Energy of a label that a node must not have."""
SWEEPS = 5

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Links:
    """Neighbours in a graph, and what it costs to tell them apart.

    Attributes
    ----------
    p, q : int64 (m,)
        The nodes of each pair; every pair once.
    cost : (m,)
        Energy, 0 or more.
    """

    p: Ints
    q: Ints
    cost: npt.NDArray[np.float64]


def expand(unary: npt.NDArray[np.floating], links: Links, sweeps: int = SWEEPS) -> Ints:
    """Minimise Σ unary(label) + Σ cost · [labels differ].

    Boykov, Veksler and Zabih, IEEE TPAMI 2001: sweep over the labels and let, by one minimum cut each, every node keep
    its label or take this one, until a sweep changes nothing. The energy is at most twice the least possible; with two
    labels it is the least. Energies are rounded to 1 / `SCALE`.

    Parameters
    ----------
    unary : float (C, n)
        Energies of the labels of n nodes; infinity, or anything above `FORBIDDEN`, forbids a label.
    links : Links
    sweeps : int
        Sweeps over all labels at most.

    Returns
    -------
    int64 (n,), a label for each node.
    """
    costs = _to_whole(np.minimum(unary, FORBIDDEN).astype(np.float64))
    weights = _to_whole(links.cost)
    labels: Ints = costs.argmin(0)
    idle = 0
    for turn in range(sweeps * len(costs)):
        before, labels = labels, _expand_one(labels, turn % len(costs), costs, links, weights)
        idle = idle + 1 if (labels == before).all() else 1
        if idle == len(costs):
            break
    return labels


def _to_whole(energy: npt.NDArray[np.float64]) -> Ints:
    whole: Ints = np.rint(energy * SCALE).astype(np.int64)
    return whole


def _expand_one(labels: Ints, alpha: int, costs: Ints, links: Links, weights: Ints) -> Ints:
    """Let nodes keep their label (x = 0) or take α (x = 1) at the least energy; terms as in Kolmogorov, TPAMI 2004."""
    a, b = labels[links.p], labels[links.q]
    both_keep, q_takes, p_takes = weights * (a != b), weights * (a != alpha), weights * (b != alpha)
    gain = costs[alpha] - np.take_along_axis(costs, labels[None], 0)[0]
    np.add.at(gain, links.p, p_takes - both_keep)
    np.subtract.at(gain, links.q, p_takes)
    return np.where(_minimise(gain, links, q_takes + p_takes - both_keep), alpha, labels)


def _minimise(gain: Ints, links: Links, apart: Ints) -> npt.NDArray[np.bool_]:
    """Return the binary x that minimises Σ gain · x + Σ apart · (1 - x_p) · x_q; apart is 0 or more."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    n = len(gain)
    source, sink, nodes = n, n + 1, np.arange(n)
    rows = np.concatenate([np.full(n, source), nodes, links.p])
    columns = np.concatenate([nodes, np.full(n, sink), links.q])
    capacity = np.concatenate([gain.clip(min=0), (-gain).clip(min=0), apart])
    some = capacity > 0
    limited = capacity[some].clip(max=np.iinfo(np.int32).max // 4).astype(np.int32)
    graph = csr_array((limited, (rows[some], columns[some])), shape=(n + 2, n + 2))
    left = graph - maximum_flow(graph, source, sink).flow
    left.eliminate_zeros()
    takes = np.ones(n + 2, bool)
    takes[breadth_first_order(left, source, return_predecessors=False)] = False
    return takes[:n]
