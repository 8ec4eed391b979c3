"""Results in a real window: real keys, the real mouse, and the picture of the documentation."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication, QScrollArea

from napari_scribbleseg.labels import LV
from napari_scribbleseg.resources import sample_path
from tests.app.test_next import press
from tests.app.test_window import move_the_mouse
from tests.hearts import beating_mask, lv_ml
from tests.qt.stand_ins import write_scan
from tests.qt.test_results_desk import found, predict, settle

MASK = beating_mask()
SPACING_MM = (8.0, 1.5, 1.5)


@pytest.fixture
def scene(window, tmp_path, qtbot):
    """A window with a heart that was predicted, and the results unfolded."""
    viewer, dock = window()
    bench = dock.workbench
    bench.open_scan(write_scan(tmp_path / "heart.nii.gz", MASK.shape))
    predict(bench)
    settle(bench, qtbot)
    dock.sections["results"].toggleButton().click()
    viewer.window._qt_window.raise_()
    viewer.window._qt_window.activateWindow()
    dock.messages.dismiss()
    qtbot.waitUntil(lambda: not dock._revealing.isActive(), timeout=10_000)  # nothing moves by itself from now on
    return viewer, dock


def click_at(dock, widget, place, xdotool, qtbot) -> None:
    """Click with the real mouse on a place of a widget of the dock, which is scrolled to."""
    where = QPoint()
    while where != (where := widget.mapToGlobal(place)):  # until messages and scrolling have settled
        dock.findChild(QScrollArea).ensureWidgetVisible(widget)
        qtbot.wait(300)
    move_the_mouse(xdotool, ["mousemove", str(where.x()), str(where.y()), "sleep", "0.2", "click", "1"], qtbot)


def test_a_real_click_on_the_curve_jumps_to_the_frame_and_keeps_no_keys(scene, xdotool, qtbot):
    viewer, dock = scene
    z = viewer.dims.current_step[1]
    curve = dock.results_panel.curve
    click_at(dock, curve, curve.point(4, 20).toPoint(), xdotool, qtbot)
    assert tuple(viewer.dims.current_step[:2]) == (4, z)
    press(viewer, xdotool, qtbot, "d")
    assert dock.workbench.label == LV


def test_one_real_key_each_moves_ed_and_es_and_leaves_a_slice_out(scene, xdotool, qtbot):
    viewer, dock = scene
    bench = dock.workbench
    plain = lv_ml(MASK, SPACING_MM)
    bench.results.go_to(1, 5)
    press(viewer, xdotool, qtbot, "shift+d", "period", "shift+s", "shift+c")
    settle(bench, qtbot)
    measured = found(bench)
    assert (measured.phases.ed, measured.phases.es) == (1, 2)
    assert (measured.phases.ed_source, measured.phases.es_source) == ("chosen", "chosen")
    assert measured.lv.edv_ml == pytest.approx(plain[1])
    assert measured.lv.esv_ml == pytest.approx(plain[2] * 7 / 8)
    assert viewer.layers.selection.active is viewer.layers["scribbles"]
    qtbot.waitUntil(lambda: "ES t 2 (chosen)" in dock.results_panel.phases_label.toolTip(), timeout=5000)
    assert not dock.results_panel.count_box.isChecked()


def test_a_real_click_on_a_square_switches_the_slice_and_shows_it(scene, xdotool, qtbot):
    viewer, dock = scene
    switch = dock.results_panel.switch
    click_at(dock, switch, switch.cell(0, 8).center().toPoint(), xdotool, qtbot)
    settle(dock.workbench, qtbot)
    assert tuple(viewer.dims.current_step[:2]) == (0, 8)
    assert dock.workbench.results.choices.excluded == {(0, 8)}
    click_at(dock, switch, switch.cell(0, 8).center().toPoint(), xdotool, qtbot)
    assert dock.workbench.results.choices.excluded == frozenset()


def test_results_follow_a_correction_by_hand(scene, qtbot):
    viewer, dock = scene
    bench = dock.workbench
    bench.results.go_to(0, 5)
    bench.accept("slice")
    before = found(bench).lv.edv_ml
    viewer.layers["mask"].paint((0, 5, 3, 3), LV)
    bench._masks.flush()
    settle(bench, qtbot)
    assert found(bench).lv.edv_ml > before
    qtbot.waitUntil(lambda: dock.results_panel.source_label.text() == "From 1 mask + 59 prediction slices")


def test_playing_with_results_open_keeps_time(scene, qtbot):
    viewer, dock = scene
    dock.workbench.bpm = 60
    shown = []
    viewer.dims.events.current_step.connect(lambda event: shown.append(event.value[0]))
    dock.workbench.play(True)
    qtbot.wait(1200)
    dock.workbench.play(False)
    assert len(shown) >= 2
    assert dock.results_panel.curve._here == viewer.dims.current_step[0]


def test_closing_the_window_while_it_measures_is_quiet(scene, qtbot):
    viewer, dock = scene
    predict(dock.workbench, now=5.0)
    dock.workbench.results.look_now()
    QApplication.processEvents()
    viewer.close()
    qtbot.waitUntil(lambda: dock.workbench.results._closed, timeout=10_000)
    assert dock.workbench.results._thread is None


def test_the_sample_is_measured_as_its_makers_say(window, qtbot):
    """The picture of the documentation: with SCRIBBLESEG_DOCS set, of what the shipped weights predict."""
    for_docs = bool(os.environ.get("SCRIBBLESEG_DOCS"))
    viewer, dock = window(**_with_weights() if for_docs else {})
    viewer.window.resize(1400, 900)
    bench = dock.workbench
    bench.open_sample()
    if not for_docs:
        predict(bench, np.asarray(nib.load(sample_path("sample_truth.nii.gz")).dataobj).astype(np.uint8).T)
    qtbot.waitUntil(lambda: bench.results.results.coverage.whole, timeout=300_000)
    settle(bench, qtbot)
    truth = json.loads(sample_path("sample_truth.json").read_text())
    measured, off_ml = found(bench), 12 if for_docs else 1.0
    assert measured.lv.edv_ml == pytest.approx(truth["lv"]["edv_ml"], abs=off_ml)
    assert measured.lv.ef_percent == pytest.approx(truth["lv"]["ef_percent"], abs=7.5 if for_docs else 0.5)
    assert abs(measured.phases.es - truth["es_phase"]) <= 1
    dock.sections["results"].toggleButton().click()
    bench.results.set_body(176, 72)
    bench.results.go_to(measured.phases.es)
    settle(bench, qtbot)
    qtbot.waitUntil(lambda: dock.results_panel.table.text("EDV", 2) not in ("", "–"), timeout=5000)
    qtbot.wait(1000)
    dock.messages.dismiss()
    docs = Path(__file__).parents[2] / "docs" / "images" / "results.png"
    picture = viewer.screenshot(str(docs) if for_docs else None, canvas_only=False, flash=False)
    area = dock.findChild(QScrollArea)
    section = dock.sections["results"]
    top = section.mapTo(area.viewport(), section.rect().topLeft()).y()
    assert top >= 0
    assert top + section.height() <= area.viewport().height() + 2
    assert np.asarray(picture).std() > 20


def _with_weights() -> dict[str, object]:
    from napari_scribbleseg.qt.local_runner import make_local_runner
    from napari_scribbleseg.qt.weights_shelf import UserShelf

    shelf = UserShelf()
    shelf.accept_licence()
    return {"make_runner": make_local_runner, "shelf": shelf, "first_masks": True}
