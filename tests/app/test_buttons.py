"""Every button of the dock, in a real window with a real workbench; only the trainer is scripted."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QAbstractButton

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV
from napari_scribbleseg.types import FrameKey, RunState
from napari_scribbleseg.widgets import dialogs
from tests.qt.stand_ins import SHAPE, paint, write_scan


@pytest.fixture
def scene(window, scan_path, qtbot):
    """A window with a scan and strokes of two classes."""
    viewer, dock = window()
    assert dock.workbench.open_scan(scan_path)
    paint(dock.workbench, LV)
    paint(dock.workbench, BACKGROUND_SCRIBBLE, y=35, x=30)
    dock.workbench.flush()
    qtbot.wait(50)
    return viewer, dock


def wait_for(qtbot, dock, state: RunState) -> None:
    qtbot.waitUntil(lambda: dock.workbench.state is state, timeout=10_000)


def start(qtbot, dock, runners):
    dock.train_panel.train_button.click()
    wait_for(qtbot, dock, RunState.RUNNING)
    return runners[-1]


def predict_shown(qtbot, dock, runner) -> FrameKey:
    key = dock.workbench.current_key()
    runner.predict(key, LV)
    qtbot.waitUntil(lambda: dock.workbench.prediction_age() is not None, timeout=10_000)
    return key


def test_sample_and_open_buttons_open_scans(window, scan_path, tmp_path, monkeypatch):
    viewer, dock = window()
    other = write_scan(tmp_path / "second.nii.gz", seed=1)
    monkeypatch.setattr(dialogs, "ask_open_file", lambda *_: other)
    dock.scan_panel.sample_button.click()
    dock.scan_panel.open_button.click()
    assert [scan.shape for scan in dock.workbench.scans()][1] == SHAPE
    assert dock.scan_panel.scan_list.topLevelItemCount() == 2
    dock.scan_panel.scan_list.setCurrentItem(dock.scan_panel.scan_list.topLevelItem(0))
    assert dock.workbench.shown_case == dock.workbench.scans()[0].case
    assert viewer.layers["image"].data.shape != SHAPE


def test_class_buttons_set_brush_and_eraser_of_the_scribble_layer(scene):
    viewer, dock = scene
    for code in (1, 2, 3, 4):
        dock.class_panel.buttons[code].click()
        layer = viewer.layers.selection.active
        assert (layer.name, str(layer.mode), layer.selected_label) == ("scribbles", "paint", code)
    dock.class_panel.buttons[0].click()
    assert str(viewer.layers["scribbles"].mode) == "erase"
    dock.class_panel.brush_slider.setValue(9)
    assert viewer.layers["scribbles"].brush_size == 9


def test_train_pause_resume_and_stop_answer_at_once(scene, runners, qtbot):
    _, dock = scene
    panel = dock.train_panel
    runner = start(qtbot, dock, runners)
    assert len(runner.request.edits) == 1  # both strokes lie on one slice
    panel.pause_button.click()
    assert panel.state_label.text().startswith("Paus")
    assert panel.pause_button.text() == "Resume"
    assert runner.pauses == [True]
    panel.pause_button.click()
    assert runner.pauses == [True, False]
    assert panel.state_label.text() == "Training"
    panel.stop_button.click()
    assert panel.state_label.text() == "Stopping…"
    assert runner.cancelled.is_set()
    wait_for(qtbot, dock, RunState.FINISHED)
    assert panel.state_label.text() == "Stopped"
    assert panel.train_button.isEnabled()


def test_instant_preview_shows_a_mask_before_anything_is_trained(scene, qtbot):
    viewer, dock = scene
    strokes = np.asarray(viewer.layers["scribbles"].data).copy()
    panel = dock.preview_panel
    assert panel.system_combo.isVisible()
    panel.button.click()
    assert not panel.button.isEnabled()
    assert panel.reason_label.text() == "Random Walker is at work…"
    qtbot.waitUntil(panel.button.isEnabled, timeout=20_000)
    shown = np.asarray(viewer.layers["prediction"].data)
    assert (shown[0, 2] == LV).any()
    assert not shown[1:].any()
    assert not np.asarray(viewer.layers["mask"].data).any()
    np.testing.assert_array_equal(viewer.layers["scribbles"].data, strokes)
    assert "not trained" in dock.messages.text_label.text()
    qtbot.waitUntil(lambda: "instant preview (Random Walker)" in dock.train_panel.age_label.text(), timeout=5000)
    viewer.dims.set_current_step(0, 1)
    assert not panel.button.isEnabled()
    assert panel.reason_label.text() == "Draw on this phase first"


def test_instant_preview_waits_while_training(scene, runners, qtbot):
    _, dock = scene
    start(qtbot, dock, runners)
    assert not dock.preview_panel.button.isEnabled()
    assert dock.preview_panel.reason_label.text() == "Training is under way"
    dock.train_panel.stop_button.click()
    wait_for(qtbot, dock, RunState.FINISHED)
    assert dock.preview_panel.button.isEnabled()


def test_train_without_strokes_says_what_is_missing(window, scan_path):
    _, dock = window()
    dock.workbench.open_scan(scan_path)
    dock.train_panel.train_button.click()
    assert "strokes" in dock.messages.text_label.text()
    assert dock.messages.isVisible()
    assert dock.train_panel.train_button.isEnabled()


def test_start_over_forgets_the_weights(scene, runners, qtbot, monkeypatch):
    _, dock = scene
    monkeypatch.setattr(dialogs, "confirm", lambda *_: True)
    runner = start(qtbot, dock, runners)
    runner.checkpoint()
    runner.complete()
    wait_for(qtbot, dock, RunState.FINISHED)
    assert dock.workbench.can_continue
    dock.advanced_panel.fresh_button.click()
    wait_for(qtbot, dock, RunState.RUNNING)
    assert runners[-1].request.checkpoint is None


def test_a_report_reaches_labels_bar_and_curve(scene, runners, qtbot):
    _, dock = scene
    runner = start(qtbot, dock, runners)
    runner.report(25, seen=1, total=2)
    qtbot.waitUntil(lambda: dock.train_panel.progress.value() == 25, timeout=5000)
    qtbot.waitUntil(lambda: dock.curve_panel.n_points == 1, timeout=5000)
    assert dock.train_panel.strokes_label.text() == "The model has seen 1 of 2 strokes"


@pytest.mark.parametrize(("scope", "n_slices"), [("slice", 1), ("frame", 2), ("cine", 3)])
def test_accept_copies_to_the_mask_and_undo_takes_it_back(scene, runners, qtbot, scope, n_slices):
    viewer, dock = scene
    runner = start(qtbot, dock, runners)
    key = predict_shown(qtbot, dock, runner)
    runner.predict(key._replace(z=0))
    runner.predict(key._replace(t=1))
    qtbot.waitUntil(lambda: dock.workbench.predicted_counts()[0] == 3, timeout=10_000)
    qtbot.waitUntil(dock.accept_panel.accept_buttons[scope].isEnabled, timeout=5000)
    dock.accept_panel.accept_buttons[scope].click()
    mask = np.asarray(viewer.layers["mask"].data)
    assert mask.reshape(-1, *SHAPE[2:]).any((1, 2)).sum() == n_slices
    assert "accepted" in dock.accept_panel.state_label.text()
    dock.accept_panel.undo_button.click()
    assert not np.asarray(viewer.layers["mask"].data).any()


def test_lock_and_correct_by_hand(scene):
    viewer, dock = scene
    dock.accept_panel.correct_button.click()
    assert viewer.layers.selection.active.name == "mask"
    dock.accept_panel.lock_box.click()
    assert dock.workbench.mask_locked
    assert not dock.accept_panel.correct_button.isEnabled()


def test_view_controls_change_the_layers(scene, qtbot):
    viewer, dock = scene
    panel = dock.view_panel
    dock.sections["view"].expand()
    panel.opacity_slider.setValue(25)
    assert viewer.layers["prediction"].opacity == 0.25
    panel.outline_box.click()
    assert viewer.layers["prediction"].contour > 0
    for kind, box in panel.show_boxes.items():
        box.click()
        assert not viewer.layers[kind].visible
    viewer.layers["image"].visible = True
    assert panel.show_boxes["image"].isChecked()
    panel.bpm_box.setValue(120)
    panel.play_button.click()
    before = viewer.dims.current_step[0]
    qtbot.waitUntil(lambda: viewer.dims.current_step[0] != before, timeout=5000)
    panel.play_button.click()
    assert not dock.workbench.playing


def test_exports_write_files_and_say_what_is_in_them(scene, runners, qtbot, tmp_path, monkeypatch):
    _, dock = scene
    runner = start(qtbot, dock, runners)
    predict_shown(qtbot, dock, runner)
    runner.complete()
    wait_for(qtbot, dock, RunState.FINISHED)
    monkeypatch.setattr(dialogs, "ask_complete_first", lambda *_: False)
    monkeypatch.setattr(dialogs, "ask_save_file", lambda _parent, _title, name: tmp_path / name)
    dock.export_panel.mask_button.click()
    assert (tmp_path / "first_seg.nii.gz").exists()
    assert "1 from the prediction" in dock.export_panel.result_label.text()
    dock.export_panel.scribbles_button.click()
    assert (tmp_path / "first_scribbles.nii.gz").exists()


def test_scribbles_come_back_by_import(scene, tmp_path, monkeypatch):
    viewer, dock = scene
    path = dock.workbench.export_scribbles(tmp_path / "strokes.nii.gz")
    before = np.asarray(viewer.layers["scribbles"].data).copy()
    viewer.layers["scribbles"].undo()
    viewer.layers["scribbles"].undo()
    assert not np.asarray(viewer.layers["scribbles"].data).any()
    monkeypatch.setattr(dialogs, "ask_open_file", lambda *_: path)
    monkeypatch.setattr(dialogs, "ask_scribble_preset", lambda *_: "layer")
    dock.export_panel.import_button.click()
    np.testing.assert_array_equal(viewer.layers["scribbles"].data, before)


def test_session_actions_save_and_reopen(scene, tmp_path, monkeypatch, qtbot):
    _, dock = scene
    panel = dock.scan_panel
    monkeypatch.setattr(dialogs, "ask_new_folder", lambda *_: tmp_path / "kept")
    panel.save_as_action.trigger()
    qtbot.waitUntil(lambda: dock.workbench.session_path == tmp_path / "kept", timeout=10_000)
    assert panel.session_label.text() == "Session: kept"
    monkeypatch.setattr(dialogs, "ask_folder", lambda *_: tmp_path / "kept")
    panel.open_session_action.trigger()
    panel.reopen_action.trigger()
    assert [scan.n_strokes for scan in dock.workbench.scans()] == [2]


@pytest.mark.parametrize("state", ["empty", "scan", "running", "paused", "finished"])
def test_no_button_raises_in_any_state(window, scan_path, runners, qtbot, monkeypatch, tmp_path, state):
    """Press everything that can be pressed, from top to bottom, whatever it does."""
    for name, answer in (
        ("ask_open_file", None),
        ("ask_save_file", None),
        ("ask_folder", None),
        ("ask_new_folder", None),
        ("ask_complete_first", None),
        ("confirm", False),
    ):
        monkeypatch.setattr(dialogs, name, lambda *_, answer=answer: answer)
    viewer, dock = window()
    if state != "empty":
        dock.workbench.open_scan(scan_path)
        paint(dock.workbench, LV)
        paint(dock.workbench, BACKGROUND_SCRIBBLE, y=35, x=30)
        dock.workbench.flush()
    if state in ("running", "paused", "finished"):
        predict_shown(qtbot, dock, start(qtbot, dock, runners))
    if state == "paused":
        dock.train_panel.pause_button.click()
    if state == "finished":
        dock.train_panel.stop_button.click()
        wait_for(qtbot, dock, RunState.FINISHED)
    for section in dock.sections.values():
        section.expand()
    spared = {dock.scan_panel.session_menu_button, *(s.toggleButton() for s in dock.sections.values())}
    pressed = 0
    for made in dock.findChildren(QAbstractButton):
        if made.isEnabled() and made.isVisible() and made not in spared:
            made.click()
            qtbot.wait(5)
            pressed += 1
    assert pressed > 15
    dock.workbench.play(False)
    dock.workbench.stop()
    assert viewer.layers is not None
