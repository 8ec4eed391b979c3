"""What to look at next, in a real window: real keys, the real mouse, and pixels on the screen."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QScrollArea

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV
from napari_scribbleseg.types import DoubtReport, SliceDoubt
from tests.app.test_window import move_the_mouse, on_screen
from tests.qt.stand_ins import SHAPE, go_to, paint

SCORES = {(0, 2): 0.1, (1, 1): 0.9, (2, 3): 0.5}


@pytest.fixture
def scene(window, scan_path, runners, qtbot):
    """A window with a scan that was predicted and rated; phase 0, slice 2 on screen."""
    viewer, dock = window()
    bench = dock.workbench
    bench.open_scan(scan_path)
    paint(bench, LV, at=(0, 0))
    paint(bench, BACKGROUND_SCRIBBLE, at=(0, 0), y=35, x=30)
    bench.flush()
    dock.train_panel.train_button.click()
    qtbot.waitUntil(lambda: len(runners) == 1, timeout=10_000)
    for key in bench._scans.record.cine.keys():
        runners[-1].predict(key, LV)
    heat = np.zeros(SHAPE[2:], np.uint8)
    heat[10:30, 10:30] = 255
    report = DoubtReport(bench.shown_case, {i: SliceDoubt(s, 0.2, LV, heat) for i, s in SCORES.items()}, 1)
    runners[-1].do(lambda runner: runner.emit(report))
    qtbot.waitUntil(lambda: np.isfinite(bench.next.scores()).sum() == len(SCORES), timeout=10_000)
    viewer.window._qt_window.raise_()
    viewer.window._qt_window.activateWindow()
    dock.messages.dismiss()
    qtbot.wait(300)
    return viewer, dock


def press(viewer, xdotool, qtbot, *keys: str) -> None:
    """Press keys with the mouse over the image."""
    where = on_screen(viewer, 20, 20)
    commands = ["mousemove", str(where.x()), str(where.y()), "sleep", "0.2"]
    for key in keys:
        commands += ["key", key, "sleep", "0.3"]
    move_the_mouse(xdotool, commands, qtbot)


def test_a_real_key_leads_to_the_most_doubtful_slice_and_on(scene, xdotool, qtbot):
    viewer, dock = scene
    press(viewer, xdotool, qtbot, "j")
    assert dock.workbench.next.here == (1, 1)
    press(viewer, xdotool, qtbot, "j")
    assert dock.workbench.next.here == (2, 3)
    assert tuple(viewer.dims.current_step[:2]) == (2, 3)
    assert dock.next_panel.here_label.text().startswith("t 2, z 3: 50% doubt, mostly LV")


def test_a_real_click_on_the_strip_shows_that_slice(scene, xdotool, qtbot):
    viewer, dock = scene
    strip = dock.next_panel.strip
    dock.findChild(QScrollArea).ensureWidgetVisible(strip)
    qtbot.wait(100)
    where = strip.mapToGlobal(strip.cell((1, 3)).center().toPoint())
    move_the_mouse(xdotool, ["mousemove", str(where.x()), str(where.y()), "sleep", "0.2", "click", "1"], qtbot)
    assert tuple(viewer.dims.current_step[:2]) == (1, 3)
    press(viewer, xdotool, qtbot, "s")  # the strip keeps no keys for itself
    assert viewer.layers["scribbles"].selected_label == 2


def test_the_glow_is_seen_on_the_canvas_and_leaves_the_brush_alone(scene, xdotool, qtbot):
    viewer, dock = scene
    dock.class_panel.buttons[LV].click()
    before = viewer.screenshot(canvas_only=True, flash=False).astype(int)
    press(viewer, xdotool, qtbot, "shift+j")
    after = viewer.screenshot(canvas_only=True, flash=False).astype(int)
    yellower = (after[..., 0] + after[..., 1] - 2 * after[..., 2]) - (
        before[..., 0] + before[..., 1] - 2 * before[..., 2]
    )
    assert (yellower > 40).mean() > 0.02
    assert dock.next_panel.overlay_box.isChecked()
    assert viewer.layers.selection.active is viewer.layers["scribbles"]
    assert str(viewer.layers["scribbles"].mode) == "paint"
    press(viewer, xdotool, qtbot, "shift+j")
    assert "doubt" not in viewer.layers


def test_suggestions_by_real_keys_from_accept_to_mask_and_back(scene, xdotool, qtbot):
    viewer, dock = scene
    bench = dock.workbench
    press(viewer, xdotool, qtbot, "g")
    assert bench.mask_state() == "accepted"
    press(viewer, xdotool, qtbot, "r")
    qtbot.waitUntil(lambda: len(bench.next.suggestions.pending) == 2, timeout=10_000)
    press(viewer, xdotool, qtbot, "period")
    shown = viewer.layers["suggestion"]
    assert shown.visible
    assert (shown.data == LV).any()
    assert dock.next_panel.take_button.isEnabled()
    press(viewer, xdotool, qtbot, "shift+g")
    assert bench.mask_state() == "accepted"
    assert bench._scans.record.mask_makers[1, 2].title == "propagated from phase 0, slice 2"
    press(viewer, xdotool, qtbot, "u")
    assert bench.mask_state() == "predicted"
    assert not np.asarray(viewer.layers["mask"].data)[1, 2].any()


def test_strokes_can_be_drawn_and_undone_while_glow_and_suggestion_are_shown(scene, qtbot):
    viewer, dock = scene
    bench = dock.workbench
    bench.accept("slice")
    assert bench.next.suggestions.start(1)
    qtbot.waitUntil(lambda: not bench.next.suggestions.running, timeout=10_000)
    bench.next.set_overlay(True)
    go_to(bench, 1, 2)
    paint(bench, LV, y=40, x=8)
    bench.flush()
    assert (1, 2) in bench.next.marks().drawn
    viewer.layers["scribbles"].undo()
    bench.flush()
    assert (1, 2) not in bench.next.marks().drawn


def test_nothing_of_the_panel_is_cut_off(scene, qtbot):
    viewer, dock = scene
    bench = dock.workbench
    bench.accept("slice")
    bench.next.suggestions.start(1)
    qtbot.waitUntil(lambda: bool(bench.next.suggestions.pending), timeout=10_000)
    area = dock.findChild(QScrollArea)
    assert area.widget().width() <= area.viewport().width()
    for made in (dock.next_panel.take_all_button, dock.next_panel.next_button, dock.next_panel.overlay_box):
        area.ensureWidgetVisible(made)
        qtbot.wait(20)
        right = made.mapTo(area.viewport(), made.rect().topRight()).x()
        assert made.width() >= made.minimumSizeHint().width()
        assert right < area.viewport().width()
