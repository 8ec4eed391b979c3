from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_scribbleseg.io import load_cine
from napari_scribbleseg.io.geometry import Edges, edge_directions, file_shape, to_file_order, voxel_volume_ml
from napari_scribbleseg.types import Cine

Write = Callable[..., np.ndarray]


def made(affine: Any = None, axes: tuple[int, int, int] = (2, 1, 0), shape: tuple[int, ...] = (2, 3, 4, 5)) -> Cine:
    affine = np.eye(4) if affine is None else np.array(affine, dtype=float)
    return Cine("made", np.zeros(shape), (8.0, 1.5, 1.25), affine=affine, axes=axes)


@pytest.mark.parametrize(
    ("diagonal", "edges"),
    [
        ((1, 1, 1), Edges(left="L", right="R", top="P", bottom="A")),
        ((-1, -1, 1), Edges(left="R", right="L", top="A", bottom="P")),  # the usual radiological view, and ACDC
        ((-1.5, 2.0, -8), Edges(left="R", right="L", top="P", bottom="A")),
    ],
)
def test_edges_follow_the_signs_of_the_affine(diagonal: tuple[float, ...], edges: Edges) -> None:
    assert edge_directions(made(np.diag([*diagonal, 1]))) == edges


def test_an_oblique_edge_takes_the_direction_it_points_to_most() -> None:
    affine = np.array([[0.1, -0.8, 0.6, 0], [-0.9, 0.2, 0.3, 0], [0.4, 0.5, -0.9, 0], [0, 0, 0, 1]])
    assert edge_directions(made(affine)) == Edges(left="A", right="P", top="R", bottom="L")


def test_edges_follow_the_axes_of_the_file() -> None:
    affine = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]], dtype=float)
    # file axes: 0 → A, 1 → I, 2 → R; here x is file axis 2 and y is file axis 1
    assert edge_directions(made(affine, axes=(0, 1, 2))) == Edges(left="L", right="R", top="S", bottom="I")


def test_an_affine_that_says_nothing_gives_empty_edges() -> None:
    assert edge_directions(made(np.zeros((4, 4)))) == Edges("", "", "", "")
    assert edge_directions(made(np.full((4, 4), np.nan))) == Edges("", "", "", "")


def test_voxel_volume_is_in_ml() -> None:
    assert voxel_volume_ml(made()) == pytest.approx(8.0 * 1.5 * 1.25 / 1000)


@pytest.mark.parametrize("axes", [(2, 1, 0), (0, 2, 1), (1, 2, 0), (0, 1, 2)])
def test_file_order_is_the_inverse_of_loading(axes: tuple[int, int, int]) -> None:
    cine = made(axes=axes)
    file = np.arange(np.prod(file_shape(cine))).reshape(file_shape(cine))
    phases = file.transpose(3, *axes)
    assert phases.shape == cine.shape
    np.testing.assert_array_equal(to_file_order(phases, axes), file)


def test_the_letters_of_a_file_on_the_disk(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.nii", flips=(-1, -1, 1), degrees=(10.0, -15.0, 20.0))
    assert edge_directions(load_cine(tmp_path / "a.nii")) == Edges(left="R", right="L", top="A", bottom="P")
