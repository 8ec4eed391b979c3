"""The first minute in a real window: licence, mask, stroke, fine-tuning; only the trainer is scripted."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.labels import LV, MYO
from napari_scribbleseg.types import RunState
from napari_scribbleseg.widgets.licence_dialog import LicenceDialog
from tests.qt.stand_ins import StandInShelf, paint, shipped_entry


@pytest.fixture
def scene(window, scan_path, qtbot):
    """A window with a scan, weights on the shelf, and a licence that nobody has accepted yet."""
    viewer, dock = window(shelf=StandInShelf(shipped_entry(), accepted=False), first_masks=True)
    dock.workbench.open_scan(scan_path)
    qtbot.wait(100)
    return viewer, dock


def click(qtbot, button) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_from_the_licence_over_the_mask_to_fine_tuning(scene, runners, qtbot):
    viewer, dock = scene
    assert viewer.layers["image"].visible
    dialog = dock._dialog
    assert isinstance(dialog, LicenceDialog)
    screen = QApplication.primaryScreen().availableGeometry()
    assert screen.contains(dialog.frameGeometry().intersected(screen))
    assert dialog.frameGeometry().height() <= 768
    click(qtbot, dialog.accept_button)
    (first,) = runners
    assert dock.train_panel.start_panel.combo.currentText() == "Pretrained: acdc_roi"
    for key in dock.workbench._scans.record.cine.keys():
        first.predict(key, LV, step=0)
    qtbot.waitUntil(lambda: dock.train_panel.state_label.text().startswith("Ready"), timeout=5000)
    assert (np.asarray(viewer.layers["prediction"].data)[2, 3] == LV).any()
    paint(dock.workbench, MYO)
    dock.workbench.flush()
    assert dock.train_panel.train_button.text() == "Fine-tune"
    click(qtbot, dock.train_panel.train_button)
    qtbot.waitUntil(lambda: dock.workbench.state is RunState.RUNNING, timeout=5000)
    assert runners[-1].request.settings.schedule == "finetune"
    runners[-1].predict(dock.workbench.current_key(), MYO, step=4)
    qtbot.waitUntil(lambda: (np.asarray(viewer.layers["prediction"].data)[0, 2] == MYO).any(), timeout=5000)


def test_not_now_is_training_from_scratch_as_before(scene, runners, qtbot):
    _, dock = scene
    click(qtbot, dock._dialog.later_button)
    assert not runners
    paint(dock.workbench, LV)
    paint(dock.workbench, MYO, y=35, x=30)
    dock.workbench.flush()
    click(qtbot, dock.train_panel.train_button)
    qtbot.waitUntil(lambda: dock.workbench.state is RunState.RUNNING, timeout=5000)
    assert (runners[-1].request.source, runners[-1].request.settings.schedule) == ("", "live")


def test_the_window_stays_alive_while_the_first_mask_comes(scene, runners, qtbot):
    viewer, dock = scene
    dock._dialog.accept()
    qtbot.waitUntil(lambda: runners[-1].state is RunState.RUNNING, timeout=5000)
    dock.class_panel.buttons[MYO].click()
    assert viewer.layers["scribbles"].selected_label == MYO
    viewer.dims.set_current_step(0, 1)
    assert runners[-1].foci[-1].t == 1
    assert dock.train_panel.train_button.isEnabled()


def test_the_clean_up_boxes_of_a_closed_window_are_as_they_were_left(window, scan_path, runners, qtbot):
    shelf = StandInShelf(shipped_entry())
    viewer, dock = window(shelf=shelf, first_masks=True)
    dock.workbench.open_scan(scan_path)
    dock.workbench.set_remember_paths(True)
    dock.sections["advanced"].expand()
    for name in ("holes", "border"):
        click(qtbot, dock.advanced_panel.cleaning_boxes[name])
    viewer.close()
    before = len(runners)

    _, again = window(shelf=shelf, first_masks=True)
    assert again.workbench.reopen_last()
    boxes = again.advanced_panel.cleaning_boxes
    left = {"largest": True, "holes": False, "ring": True, "border": False}
    assert {name: box.isChecked() for name, box in boxes.items()} == left
    qtbot.waitUntil(lambda: len(runners) > before, timeout=10_000)
    assert runners[-1].request.post == PostProcessing(**left)
    boxes["holes"].click()
    assert again.workbench.post == PostProcessing(border=False)


def test_closing_the_window_meanwhile_ends_the_thread(scene, runners, qtbot):
    viewer, dock = scene
    dock._dialog.accept()
    qtbot.waitUntil(lambda: runners[-1].state is RunState.RUNNING, timeout=5000)
    viewer.close()
    qtbot.waitUntil(runners[-1].cancelled.is_set, timeout=5000)
