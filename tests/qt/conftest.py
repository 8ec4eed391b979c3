"""A real viewer with a workbench, and everything closed again at the end."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

pytest.importorskip("qtpy")

from napari_scribbleseg.qt.workbench import Workbench
from tests.qt.stand_ins import Runners, Said, StandInShelf, write_scan


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRIBBLESEG_HOME", str(tmp_path / "home"))


@pytest.fixture
def scan_path(tmp_path) -> Path:
    return write_scan(tmp_path / "first.nii.gz")


@pytest.fixture
def runners() -> Runners:
    return Runners()


@pytest.fixture
def make_viewer(request, qapp):
    """Make viewers with a real window, or in modules that set WINDOW to False without one, which is much faster."""
    if getattr(request.module, "WINDOW", True):
        return request.getfixturevalue("make_napari_viewer")
    from napari.components import ViewerModel

    return ViewerModel


@pytest.fixture
def make_bench(make_viewer, tmp_path, runners):
    """Make workbenches; all are closed at the end, before their viewers."""
    made = []

    def make(**kwargs) -> Workbench:
        viewer = make_viewer()
        kwargs.setdefault("make_runner", runners)
        kwargs.setdefault("shelf", StandInShelf())
        kwargs.setdefault("first_masks", False)
        bench = Workbench(viewer, session_root=tmp_path / "sessions", **kwargs)
        bench.said = Said()
        bench.noticed.connect(bench.said.append)
        made.append(bench)
        return bench

    yield make
    for bench in made:
        bench.close()
        with contextlib.suppress(RuntimeError):  # gone with its window
            bench.noticed.disconnect()
            bench.deleteLater()


@pytest.fixture
def bench(make_bench, scan_path) -> Workbench:
    """A workbench with a cine of 3 phases and 4 slices on screen, at phase 0, slice 2."""
    bench = make_bench()
    assert bench.open_scan(scan_path)
    return bench
