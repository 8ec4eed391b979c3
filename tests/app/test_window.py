"""The window as a person meets it: the real mouse, the theme, closing while it trains, and the README's picture."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication

from napari_scribbleseg.app.dock import make_dock
from napari_scribbleseg.app.torch_first import load_torch
from napari_scribbleseg.baselines.random_walker import RandomWalker
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, MYO, RV
from napari_scribbleseg.resources import sample_path
from napari_scribbleseg.types import RunState
from tests.qt.stand_ins import paint


def on_screen(viewer, y: float, x: float) -> QPoint:
    """Return where on the screen a data position (y, x) of the shown slice lies."""
    layer = viewer.layers["scribbles"]
    world = layer.data_to_world((*viewer.dims.current_step[:2], y, x))
    canvas = viewer.window._qt_viewer.canvas
    scene = canvas.view.scene.transform
    to_canvas = canvas.view.scene.node_transform(canvas.view.canvas.scene) if scene is None else None
    transform = to_canvas or canvas.view.scene.node_transform(canvas._scene_canvas.scene)
    px, py = transform.map((world[3], world[2]))[:2]
    return canvas.native.mapToGlobal(QPoint(round(px), round(py)))


def move_the_mouse(xdotool: str, commands: list[str], qtbot) -> None:
    """Run xdotool while the window goes on living."""
    process = subprocess.Popen([xdotool, *commands])
    end = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.002)
    qtbot.wait(200)
    assert process.returncode == 0


def drag(points: list[QPoint], button: str = "1") -> list[str]:
    first, *rest = points
    commands = ["mousemove", str(first.x()), str(first.y()), "sleep", "0.2", "mousedown", button, "sleep", "0.1"]
    for point in rest:
        commands += ["mousemove", str(point.x()), str(point.y()), "sleep", "0.03"]
    return [*commands, "mouseup", button]


def test_a_stroke_of_the_real_mouse_reaches_the_trainer(window, scan_path, runners, qtbot, xdotool):
    viewer, dock = window()
    dock.workbench.open_scan(scan_path)
    paint(dock.workbench, RV, y=40, x=5)
    paint(dock.workbench, BACKGROUND_SCRIBBLE, y=5, x=35)
    dock.workbench.flush()
    dock.train_panel.train_button.click()
    qtbot.waitUntil(lambda: dock.workbench.state is RunState.RUNNING, timeout=10_000)
    before = len(runners[-1].edits)
    dock.class_panel.buttons[LV].click()
    dock.workbench.brush_size = 3
    viewer.window._qt_window.raise_()
    qtbot.wait(300)
    path = [on_screen(viewer, 15 + i, 12 + i / 2) for i in range(16)]
    move_the_mouse(xdotool, drag(path), qtbot)

    key = dock.workbench.current_key()
    painted = np.asarray(viewer.layers["scribbles"].data)[key.t, key.z]
    along = [painted[15 + i, round(12 + i / 2)] for i in range(1, 15)]
    assert along == [LV] * len(along)
    qtbot.waitUntil(lambda: len(runners[-1].edits) > before, timeout=5000)
    edit = runners[-1].edits[-1]
    assert edit.key == key
    np.testing.assert_array_equal(edit.labels, painted)


def test_a_real_key_chooses_the_class_although_a_button_was_clicked_before(window, scan_path, qtbot, xdotool):
    viewer, dock = window()
    dock.workbench.open_scan(scan_path)
    viewer.window._qt_window.activateWindow()
    button = dock.class_panel.buttons[LV]
    centre = button.mapToGlobal(button.rect().center())
    where = on_screen(viewer, 20, 20)
    move_the_mouse(xdotool, ["mousemove", str(centre.x()), str(centre.y()), "click", "1"], qtbot)
    assert dock.workbench.label == LV
    move_the_mouse(xdotool, ["mousemove", str(where.x()), str(where.y()), "sleep", "0.2", "key", "s"], qtbot)
    assert dock.workbench.label == MYO
    assert viewer.layers["scribbles"].selected_label == MYO


def test_napari_opens_the_dock_and_finds_the_same_workbench_again(window, scan_path, qtbot):
    viewer, dock = window()
    again = make_dock(viewer)
    try:
        assert again.workbench is dock.workbench
        dock.workbench.open_scan(scan_path)
        assert again.scan_panel.scan_list.topLevelItemCount() == 1
    finally:
        again.deleteLater()
        qtbot.wait(50)


def test_without_a_viewer_the_dock_says_so(monkeypatch):
    monkeypatch.setattr("napari.current_viewer", lambda: None)
    with pytest.raises(RuntimeError, match="Open a napari viewer first"):
        make_dock()


def test_a_torch_that_does_not_load_is_explained(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    assert load_torch().startswith("PyTorch did not load")
    monkeypatch.setattr("sys.platform", "win32")
    assert "Visual C++" in load_torch()


def test_closing_the_window_while_training_ends_the_trainer(window, scan_path, runners, qtbot):
    viewer, dock = window()
    dock.workbench.open_scan(scan_path)
    paint(dock.workbench, LV)
    paint(dock.workbench, BACKGROUND_SCRIBBLE, y=35, x=30)
    dock.workbench.flush()
    dock.train_panel.train_button.click()
    qtbot.waitUntil(lambda: dock.workbench.state is RunState.RUNNING, timeout=10_000)
    viewer.close()
    qtbot.waitUntil(runners[-1].cancelled.is_set, timeout=5000)
    qtbot.waitUntil(lambda: runners[-1].state is RunState.FINISHED, timeout=5000)


def test_closing_the_window_while_a_preview_is_worked_out_ends_its_thread(window, scan_path, qtbot, monkeypatch):
    asked, may_end = threading.Event(), threading.Event()

    def segment(self, volume, scribbles, spacing_mm):
        asked.set()
        assert may_end.wait(10)
        return np.full(volume.shape, LV, np.uint8)

    monkeypatch.setattr(RandomWalker, "segment", segment)
    viewer, dock = window()
    dock.workbench.open_scan(scan_path)
    paint(dock.workbench, LV)
    dock.workbench.flush()
    dock.preview_panel.button.click()
    assert asked.wait(10)
    threading.Timer(0.2, may_end.set).start()
    viewer.close()
    qtbot.waitUntil(lambda: not dock.workbench.preview.running, timeout=5000)
    assert dock.workbench.predicted_counts()[0] == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_window_fits_a_laptop_and_paints_its_dock(window, scan_path, qtbot, theme):
    viewer, dock = window()
    dock.workbench.open_scan(scan_path)
    viewer.theme = theme
    qtbot.wait(200)
    frame = viewer.window._qt_window
    assert frame.width() <= 1366
    assert frame.height() <= 768
    picture = viewer.screenshot(canvas_only=False, flash=False)
    shown = picture[:, -dock.width() :, :3].astype(float)
    assert shown.std() > 15  # text and buttons, not a blank
    assert (shown.mean() < 110) == (theme == "dark")


def test_the_picture_of_the_readme(tmp_path):
    """Train on the sample in the real window; with SCRIBBLESEG_DOCS set the picture goes to docs/images."""
    from napari_scribbleseg.app.demo import run_demo

    for_docs = bool(os.environ.get("SCRIBBLESEG_DOCS"))
    summary = run_demo(headless=True, out=tmp_path / "demo", steps=300 if for_docs else 16)
    for name in summary["files"]:
        assert (tmp_path / "demo" / name).stat().st_size > 0
    assert summary["steps"] >= 16
    strokes = json.loads(sample_path("sample_strokes.json").read_text())
    n_before = sum(not stroke["corrective"] for stroke in strokes)
    assert n_before < summary["edits_seen"] <= len(strokes)  # those drawn while it trained counted too
    assert summary["predicted_slices"] == 200
    assert set(summary["dice"]) == {"RV", "Myo", "LV"}
    if for_docs:
        images = Path(__file__).parents[2] / "docs" / "images"
        images.mkdir(parents=True, exist_ok=True)
        (images / "window.png").write_bytes((tmp_path / "demo" / "screenshot.png").read_bytes())
