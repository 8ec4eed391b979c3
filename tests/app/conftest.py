"""A real napari window with the dock, and everything closed again at the end."""

from __future__ import annotations

import gc
import shutil
from pathlib import Path

import pytest

pytest.importorskip("qtpy")

from napari_scribbleseg.app.dock import build_dock
from tests.qt.stand_ins import Runners, StandInShelf, write_scan


@pytest.fixture(autouse=True)
def _swept():
    """Collect reference cycles after the viewer is gone; napari's fixture refuses to start while one is left."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRIBBLESEG_HOME", str(tmp_path / "home"))


@pytest.fixture
def runners() -> Runners:
    """Makes trainers that do what the test tells them."""
    return Runners()


@pytest.fixture
def scan_path(tmp_path) -> Path:
    return write_scan(tmp_path / "first.nii.gz")


@pytest.fixture
def window(make_napari_viewer, tmp_path, runners, qtbot):
    """A function that opens a window on the screen: (viewer, dock)."""
    docks = []

    def open_window(**options):
        options.setdefault("make_runner", runners)
        options.setdefault("shelf", StandInShelf())
        options.setdefault("first_masks", False)
        viewer = make_napari_viewer(show=True)
        dock = build_dock(viewer, session_root=tmp_path / "sessions", **options)
        viewer.window.add_dock_widget(dock, name="Scribble segmentation", area="right")
        viewer.window.resize(1366, 738)
        docks.append(dock)
        qtbot.wait(100)
        return viewer, dock

    yield open_window
    for dock in docks:
        dock.workbench.close()


@pytest.fixture
def xdotool() -> str:
    """The program that moves the real mouse."""
    found = shutil.which("xdotool")
    if found is None:
        pytest.skip("xdotool is not installed, so the real mouse cannot be moved")
    return found
