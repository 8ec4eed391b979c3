from __future__ import annotations

import pytest

from napari_scribbleseg.qt.folder_thread import Progress
from napari_scribbleseg.widgets import dialogs


@pytest.fixture
def panel(dock):
    return dock.folder_panel


def test_it_asks_where_from_and_where_to(panel, workbench, monkeypatch, tmp_path):
    answers = [tmp_path / "in", tmp_path / "out"]
    monkeypatch.setattr(dialogs, "ask_folder", lambda *_: answers.pop(0))
    panel.button.click()
    assert workbench.calls[-1] == ("folder", tmp_path / "in", tmp_path / "out")


@pytest.mark.parametrize("n_answers", [0, 1])
def test_a_dialog_that_is_cancelled_does_nothing(panel, workbench, monkeypatch, tmp_path, n_answers):
    answers = [tmp_path] * n_answers + [None]
    monkeypatch.setattr(dialogs, "ask_folder", lambda *_: answers.pop(0))
    panel.button.click()
    assert workbench.calls == []


def test_progress_takes_the_place_of_the_button_and_can_be_cancelled(panel, workbench):
    workbench.folder.put(Progress(0, 0))
    assert panel.name_label.text() == "Looking for scans…"
    workbench.folder.put(Progress(2.5, 12, "patient003.nii.gz"))
    assert panel.cancel_button.isVisible()
    assert not panel.button.isVisible()
    assert panel.name_label.text() == "3 of 12: patient003.nii.gz"
    assert panel.bar.value() / panel.bar.maximum() == pytest.approx(2.5 / 12, abs=0.01)
    panel.cancel_button.click()
    assert workbench.calls[-1] == ("cancel_folder",)
    workbench.folder.put(Progress(0, 0), running=False)
    assert panel.button.isVisible()


def test_what_stands_in_the_way_is_in_the_tooltip(panel, workbench):
    workbench.folder.problem = "There are no weights yet: train first."
    workbench.folder.changed.emit()
    assert not panel.button.isEnabled()
    assert "no weights yet" in panel.button.toolTip()


def test_the_button_is_as_tall_as_the_others(panel, dock, qtbot):
    qtbot.waitUntil(panel.button.isVisible)
    assert panel.button.height() == dock.export_panel.mask_button.height()
