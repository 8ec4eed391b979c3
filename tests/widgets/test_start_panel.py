from __future__ import annotations

import dataclasses

import pytest

from napari_scribbleseg.qt.start_desk import SCRATCH, SESSION
from napari_scribbleseg.types import RunState
from napari_scribbleseg.widgets import dialogs
from napari_scribbleseg.widgets.licence_dialog import LicenceDialog, reflowed


@pytest.fixture
def panel(dock):
    return dock.train_panel.start_panel


def choose(panel, title: str) -> None:
    index = panel.combo.findText(title)
    panel.combo.setCurrentIndex(index)
    panel.combo.activated.emit(index)


def listed(panel) -> list[str]:
    return [text for i in range(panel.combo.count()) if (text := panel.combo.itemText(i))]


def test_it_lists_what_there_is_to_begin_with(panel, workbench):
    assert listed(panel) == ["Pretrained: acdc_roi", "From scratch", "Weights file…"]
    assert panel.combo.currentText() == "From scratch"
    workbench.starts.own, workbench.starts.chosen = True, SESSION
    workbench.starts.changed.emit()
    assert listed(panel)[0] == panel.combo.currentText() == "This session's weights"


def test_weights_make_the_button_say_fine_tune(dock, panel, workbench):
    assert dock.train_panel.train_button.text() == "Train"
    workbench.starts.accepted = True
    choose(panel, "Pretrained: acdc_roi")
    assert dock.train_panel.train_button.text() == dock.train_panel.train_button.accessibleName() == "Fine-tune"
    choose(panel, "From scratch")
    assert dock.train_panel.train_button.text() == "Train"


def test_the_licence_is_shown_before_the_first_use_and_accepting_it_chooses_the_weights(dock, panel, workbench):
    choose(panel, "Pretrained: acdc_roi")
    assert isinstance(dock._dialog, LicenceDialog)
    assert workbench.starts.chosen is SCRATCH
    assert panel.combo.currentText() == "From scratch"
    dock._dialog.accept_button.click()
    assert workbench.starts.accepted
    assert panel.combo.currentText() == "Pretrained: acdc_roi"


def test_not_now_leaves_everything_as_it_was(dock, workbench):
    workbench.first_mask.licence_asked.emit()
    assert isinstance(dock._dialog, LicenceDialog)
    dock._dialog.later_button.click()
    assert not workbench.starts.accepted
    assert workbench.starts.chosen is SCRATCH


def test_the_dialog_shows_the_summary_and_on_request_all_of_it(dock, workbench):
    dock.ask_licence()
    dialog = dock._dialog
    assert dialog.text.toPlainText() == "• You may use them for research."
    dialog.whole_button.click()
    assert dialog.text.toPlainText() == "The whole licence."


def test_text_of_a_fixed_width_flows_again():
    text = "A title\n\nOne sentence that\ngoes on.\n- first\n  item\n- second\nhttps://a.b\n"
    assert reflowed(text).splitlines() == [
        "A title",
        "",
        "One sentence that goes on.",
        "• first item",
        "• second",
        "https://a.b",
    ]


def test_a_file_of_weights_can_be_chosen(panel, workbench, monkeypatch, tmp_path):
    monkeypatch.setattr(dialogs, "ask_weights_file", lambda *_: tmp_path / "mine.safetensors")
    choose(panel, "Weights file…")
    assert workbench.starts.files == [tmp_path / "mine.safetensors"]
    monkeypatch.setattr(dialogs, "ask_weights_file", lambda *_: None)
    choose(panel, "Weights file…")
    assert panel.combo.currentText() == "From scratch"


def test_whose_strokes_is_asked_once_there_are_several_scans_with_some(dock, panel, workbench):
    workbench.put_scan("a", "a")
    workbench.put_scan("b", "b")
    assert not panel._scope.isVisible()
    dock.train_panel.train_button.click()
    assert workbench.calls[-1][-1] is False
    workbench.enter(RunState.FINISHED)
    workbench.scan_list = [dataclasses.replace(scan, n_strokes=2) for scan in workbench.scan_list]
    workbench.scans_changed.emit()
    assert panel._scope.isVisible()
    assert not panel.only_shown
    panel.scope_combo.setCurrentIndex(1)
    dock.train_panel.train_button.click()
    assert workbench.calls[-1][-1] == "only shown"


def test_nothing_can_be_chosen_while_training(panel, workbench):
    workbench.enter(RunState.RUNNING)
    assert not panel.combo.isEnabled()
    workbench.enter(RunState.FINISHED)
    assert panel.combo.isEnabled()


@pytest.mark.parametrize("sure", [True, False])
def test_replacing_what_the_session_learned_is_asked_first(dock, workbench, monkeypatch, sure):
    asked = []
    monkeypatch.setattr(dialogs, "confirm", lambda *words: asked.append(words[2]) or sure)
    workbench.starts.replaces_own = True
    dock.train_panel.train_button.click()
    assert "replaced" in asked[0]
    assert any(call[0] == "train" for call in workbench.calls) == sure


def test_the_form_follows_the_start_but_not_every_checkpoint(dock, workbench):
    form = dock.advanced_panel.form
    form.steps.value = 77
    workbench.starts.changed.emit()
    assert form.steps.value == 77
    workbench.settings = workbench.starts.entries[0].tuning
    workbench.starts.accepted = True
    workbench.starts.choose(workbench.starts.choices()[0])
    assert form.schedule.value == "finetune"
    assert form.steps.value == 10**6
