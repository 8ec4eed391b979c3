"""Orders for cells that are done within seconds; `conftest.py` offers the fixtures to all tests of the benchmark."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from napari_scribbleseg.bench.attempt import run_cell
from napari_scribbleseg.bench.cells import Order, base_settings, make_grid
from napari_scribbleseg.bench.records import CellFolder
from napari_scribbleseg.bench.rows import choose_rows
from napari_scribbleseg.bench.watch import Watch

STEPS = 8
"""Steps of a training that is disturbed in between."""
ROOT = Path(__file__).parents[2]


def environment(**more: str) -> dict[str, str]:
    """Return what a process needs to find the package and to stay on one thread."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **more}


def make_order(acdc: Path, out: Path, method: str = "pce", fold: int = 1, steps: int = 2, **more) -> Order:
    """Return the order for a cell: method pce, fold 1, two steps of one slice unless told otherwise."""
    cell = make_grid(choose_rows(method)[:1], (fold,), (0,), base_settings("roi", steps, 1))[0]
    here = replace(cell, settings=replace(cell.settings, device="cpu", threads=1))
    return Order(here, str(acdc), str(out), **{"run": "run", **more})


@pytest.fixture
def order(acdc, tmp_path):
    """Make the order for a cell; see :func:`make_order`."""
    return lambda method="pce", **more: make_order(acdc, tmp_path / "out", method, **more)


@pytest.fixture(scope="session")
def undisturbed(acdc, tmp_path_factory) -> CellFolder:
    """A cell of `STEPS` steps that nobody disturbed; read it only."""
    made = make_order(acdc, tmp_path_factory.mktemp("undisturbed"), steps=STEPS)
    assert run_cell(made, Watch(made)) == "done"
    return CellFolder(made.out, made.cell.name)


@pytest.fixture
def folder_of():
    """Return the folder of an order's cell."""
    return lambda order: CellFolder(order.out, order.cell.name)
