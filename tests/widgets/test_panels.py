"""The panels without threads of their own: classes, scans, mask, view, export, settings, messages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.labels import LAYER_NAMES
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Notice, RunState
from napari_scribbleseg.widgets import dialogs


@pytest.fixture
def scan(workbench, dock):
    workbench.put_scan("scan-1", "sample_cine")
    return workbench


# classes ----------------------------------------------------------------------------------------------------------


def test_each_class_button_chooses_its_class_and_only_one_is_down(dock, scan):
    for code, button in dock.class_panel.buttons.items():
        button.click()
        assert scan.calls[-1] == ("select_label", code)
        assert [b.code for b in dock.class_panel.buttons.values() if b.isChecked()] == [code]


def test_class_buttons_carry_names_and_keys(dock):
    for code, name in LAYER_NAMES.items():
        assert dock.class_panel.buttons[code].accessibleName() == name
    assert dock.class_panel.buttons[1].toolTip().endswith("(A)")


def test_a_class_chosen_elsewhere_is_shown(dock, scan):
    scan.label_changed.emit(0)
    assert dock.class_panel.buttons[0].isChecked()


def test_brush_slider_sets_the_size_and_tells_it_in_mm(dock, scan):
    dock.class_panel.brush_slider.setValue(8)
    assert scan.brush_size == 8
    assert dock.class_panel.brush_label.text() == "8 px · 12.0 mm"


# scans ------------------------------------------------------------------------------------------------------------


def test_open_asks_for_a_file_and_cancel_does_nothing(dock, workbench, monkeypatch):
    monkeypatch.setattr(dialogs, "ask_open_file", lambda *_: None)
    dock.scan_panel.open_button.click()
    assert workbench.calls == []
    monkeypatch.setattr(dialogs, "ask_open_file", lambda *_: Path("a.nii.gz"))
    dock.scan_panel.open_button.click()
    assert workbench.calls == [("open_scan", Path("a.nii.gz"))]


def test_the_worklist_shows_states_and_switches_scans(dock, scan):
    scan.put_scan("scan-2", "other")
    scans = dock.scan_panel.scan_list
    assert [scans.topLevelItem(i).text(1) for i in range(2)] == ["no strokes", "no strokes"]
    assert scans.currentItem().text(0) == "other"
    scans.setCurrentItem(scans.topLevelItem(0))
    assert scan.calls[-1] == ("show_scan", "scan-1")


def test_image_layers_of_others_are_offered_and_used(dock, scan):
    combo = dock.scan_panel.layer_combo
    assert combo.isHidden()
    foreign = scan.viewer.add_image(np.zeros((4, 8, 8)), name="from elsewhere")
    assert [combo.itemText(i) for i in range(1, combo.count())] == ["from elsewhere"]
    combo.activated.emit(1)
    assert scan.calls[-1] == ("use_layer", foreign)
    scan.viewer.layers.remove(foreign)
    assert combo.isHidden()


def test_session_menu_saves_opens_and_reopens(dock, workbench, monkeypatch):
    panel = dock.scan_panel
    assert not panel.save_as_action.isEnabled()
    workbench.session_changed.emit("/data/tuesday")
    assert panel.session_label.text() == "Session: tuesday"
    monkeypatch.setattr(dialogs, "ask_new_folder", lambda *_: Path("new"))
    monkeypatch.setattr(dialogs, "ask_folder", lambda *_: Path("old"))
    for action in (panel.save_as_action, panel.open_session_action, panel.reopen_action):
        action.trigger()
    assert workbench.calls == [("save_session_as", Path("new")), ("open_session", Path("old")), ("reopen_last",)]


# mask -------------------------------------------------------------------------------------------------------------


def test_nothing_can_be_accepted_before_a_prediction(dock, scan):
    assert not any(b.isEnabled() for b in dock.accept_panel.accept_buttons.values())


def test_accept_buttons_accept_their_scope_and_can_be_undone(dock, scan, qtbot):
    scan.counts = (5, 200)
    scan.prediction_changed.emit()
    qtbot.waitUntil(dock.accept_panel.accept_buttons["slice"].isEnabled, timeout=2000)
    for scope, button in dock.accept_panel.accept_buttons.items():
        button.click()
        assert scan.calls[-1] == ("accept", scope)
    dock.accept_panel.undo_button.click()
    assert scan.calls[-1] == ("undo_accept",)
    assert not dock.accept_panel.undo_button.isEnabled()


def test_a_locked_mask_can_only_be_unlocked(dock, scan):
    scan.counts = (5, 200)
    panel = dock.accept_panel
    panel.lock_box.click()
    assert scan.mask_locked
    assert not any(b.isEnabled() for b in (*panel.accept_buttons.values(), panel.undo_button, panel.correct_button))
    panel.lock_box.click()
    assert not scan.mask_locked
    panel.correct_button.click()
    assert scan.calls[-1] == ("correct_mask_by_hand",)


# view -------------------------------------------------------------------------------------------------------------


def test_view_controls_reach_the_workbench(dock, scan):
    panel = dock.view_panel
    panel.opacity_slider.setValue(30)
    panel.outline_box.click()
    assert scan.calls[-2:] == [("set_overlay_opacity", 0.3), ("set_overlay_outline", True)]
    for kind, box in panel.show_boxes.items():
        box.click()
        assert not scan.visible(kind)
    panel.bpm_box.setValue(75)
    assert scan.bpm == 75
    panel.play_button.click()
    assert scan.playing
    assert panel.play_button.text() == "Stop playing"


# export -----------------------------------------------------------------------------------------------------------


def test_export_needs_a_scan(dock):
    panel = dock.export_panel
    assert not any(b.isEnabled() for b in (panel.mask_button, panel.scribbles_button, panel.import_button))


@pytest.mark.parametrize(("index", "frames"), [(0, None), (1, "current")])
def test_export_writes_the_chosen_extent_and_says_where_slices_came_from(dock, scan, monkeypatch, index, frames):
    asked = []
    monkeypatch.setattr(dialogs, "ask_save_file", lambda *args: asked.append(args[-1]) or Path("out.nii.gz"))
    dock.export_panel.scope_combo.setCurrentIndex(index)
    dock.export_panel.mask_button.click()
    assert asked == ["sample_cine_seg.nii.gz"]
    assert scan.calls[-1] == ("export", Path("out.nii.gz"), frames)
    said = dock.export_panel.result_label.text()
    assert said.startswith("Written to out.nii.gz. ")
    assert "199 from the prediction" in said


@pytest.mark.parametrize(
    ("answer", "done"), [(True, ["complete_predictions", "export"]), (False, ["export"]), (None, [])]
)
def test_missing_predictions_are_asked_about_before_an_export(dock, scan, monkeypatch, answer, done):
    scan.missing = True
    monkeypatch.setattr(dialogs, "ask_complete_first", lambda *_: answer)
    monkeypatch.setattr(dialogs, "ask_save_file", lambda *_: Path("out.nii.gz"))
    dock.export_panel.mask_button.click()
    assert [call[0] for call in scan.calls] == done


def test_strokes_are_exported_and_imported_with_a_confirmed_convention(dock, scan, monkeypatch):
    monkeypatch.setattr(dialogs, "ask_save_file", lambda *_: Path("s.nii.gz"))
    monkeypatch.setattr(dialogs, "ask_open_file", lambda *_: Path("s.nii.gz"))
    monkeypatch.setattr(dialogs, "ask_scribble_preset", lambda *_: "acdc")
    dock.export_panel.scribbles_button.click()
    dock.export_panel.import_button.click()
    assert scan.calls == [("export_scribbles", Path("s.nii.gz")), ("import_scribbles", Path("s.nii.gz"), "acdc")]


# settings ---------------------------------------------------------------------------------------------------------


def test_the_form_lists_the_methods_when_first_seen(dock):
    dock.sections["advanced"].expand()
    assert {"dmpls", "pce"} <= set(dock.advanced_panel.form.method.choices)
    assert "Luo" in dock.advanced_panel.form.method.tooltip


def test_the_form_offers_only_methods_that_learn_from_strokes(dock):
    from qtpy.QtCore import Qt

    from napari_scribbleseg.methods import METHODS, Supervision

    dock.sections["advanced"].expand()
    method = dock.advanced_panel.form.method
    assert set(method.choices) == {k for k, cls in METHODS.items() if cls.supervision is Supervision.SCRIBBLES}
    assert "full_sup" not in method.tooltip
    for line, key in enumerate(method.choices):
        tip = method.native.itemData(line, Qt.ItemDataRole.ToolTipRole)
        assert METHODS[key].title in tip
        assert METHODS[key].reference in tip


def test_a_session_of_another_method_keeps_it_in_the_list(dock):
    dock.advanced_panel.show_settings(TrainSettings(method="full_sup"))
    dock.sections["advanced"].expand()
    assert dock.advanced_panel.form.method.value == "full_sup"


def test_mixing_can_be_set_only_where_it_means_something(dock):
    form = dock.advanced_panel.form
    assert not form.alpha.enabled
    form.alpha_mode.value = "fixed"
    assert form.alpha.enabled
    form.method.value = "pce"
    assert not any(field.enabled for field in (form.alpha, form.alpha_mode, form.pseudo_weight))


def test_reset_brings_the_defaults_back(dock):
    dock.advanced_panel.form.learning_rate.value = 0.1
    dock.advanced_panel.reset_button.click()
    expected = TrainSettings(options={"pseudo_weight": 0.5, "alpha": None})
    assert dock.advanced_panel.settings() == expected


@pytest.mark.parametrize("sure", [True, False])
def test_start_over_asks_first(dock, workbench, monkeypatch, sure):
    monkeypatch.setattr(dialogs, "confirm", lambda *_: sure)
    dock.advanced_panel.fresh_button.click()
    assert [call[0] for call in workbench.calls] == (["train"] if sure else [])
    if sure:
        assert workbench.calls[-1][2] is True


def test_start_over_waits_for_the_end_of_a_run(dock, workbench):
    workbench.enter(RunState.RUNNING)
    assert not dock.advanced_panel.fresh_button.isEnabled()
    workbench.enter(RunState.FINISHED)
    assert dock.advanced_panel.fresh_button.isEnabled()


# messages ---------------------------------------------------------------------------------------------------------


def test_notices_replace_each_other_and_can_be_dismissed(dock, workbench):
    workbench.noticed.emit(Notice("First."))
    workbench.noticed.emit(Notice("Second.", "warning"))
    assert dock.messages.text_label.text() == "Second."
    assert dock.messages.property("level") == "warning"
    dock.messages.dismiss_button.click()
    assert dock.messages.isHidden()


def test_information_leaves_by_itself_and_a_warning_stays(dock, workbench, qtbot, monkeypatch):
    monkeypatch.setattr("napari_scribbleseg.widgets.message_strip.INFO_MS", 20)
    workbench.noticed.emit(Notice("By the way."))
    qtbot.waitUntil(dock.messages.isHidden, timeout=2000)
    workbench.noticed.emit(Notice("Careful.", "warning"))
    qtbot.wait(60)
    assert dock.messages.isVisible()


def test_clean_up_is_on_and_each_part_of_it_can_be_turned_off(dock, workbench):
    boxes = dock.advanced_panel.cleaning_boxes
    dock.sections["advanced"].expand()
    assert all(box.isChecked() for box in boxes.values())
    boxes["ring"].click()
    assert workbench.calls[-1] == ("set_post", PostProcessing(ring=False))
    assert workbench.post == PostProcessing(ring=False)


def test_another_session_shows_its_own_clean_up_without_choosing_anything(dock, workbench):
    boxes = dock.advanced_panel.cleaning_boxes
    workbench.post = PostProcessing(largest=False, border=False)
    workbench.session_changed.emit("/sessions/other")
    shown = {name: box.isChecked() for name, box in boxes.items()}
    assert shown == {"largest": False, "holes": True, "ring": True, "border": False}
    assert not any(call[0] == "set_post" for call in workbench.calls)
