"""The panel that says where to look next."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from tests.widgets.fake_workbench import SHAPE


@pytest.fixture
def panel(dock, workbench):
    workbench.put_scan("scan-1", "sample")
    workbench.next.put(np.full(SHAPE[:2], 0.3), here=(0, 5))
    dock.next_panel.refresh()
    return dock.next_panel


@pytest.fixture
def desk(workbench):
    return workbench.next


def test_without_a_scan_there_is_no_strip_and_nothing_to_press(dock):
    panel = dock.next_panel
    assert not panel.strip.isVisible()
    assert not panel.next_button.isEnabled()
    assert panel.here_label.text() == "Open a scan first"


def test_the_slice_on_screen_is_told_in_words_with_the_reason_in_the_tooltip(panel, desk):
    assert panel.here_label.text() == "t 0, z 5: doubt about (0, 5)"
    assert panel.here_label.toolTip() == "t 0, z 5: why doubt about (0, 5)"


def test_a_click_on_the_strip_goes_there(panel, workbench, qtbot):
    where = panel.strip.cell((7, 3)).center().toPoint()
    qtbot.mouseClick(panel.strip, Qt.MouseButton.LeftButton, pos=where)
    assert workbench.calls[-1] == ("go_to", (7, 3))
    qtbot.waitUntil(lambda: panel.here_label.text().startswith("t 7, z 3"))


def test_buttons_lead_on_and_suggest(panel, workbench, desk):
    panel.next_button.click()
    assert workbench.calls[-1] == ("go_next",)
    assert not panel.suggest_button.isEnabled()
    assert "Accept a slice of this phase first" in panel.suggest_button.toolTip()
    desk.suggestions.problem = ""
    desk.suggestions.changed.emit()
    panel.reach_box.setCurrentText("± 3")
    panel.suggest_button.click()
    assert workbench.calls[-1] == ("suggest", 3)


def test_suggestions_that_wait_take_the_place_of_asking_for_more(panel, workbench, desk):
    assert panel.suggest_button.isVisible()
    assert not panel.take_button.isVisible()
    desk.suggestions.pending = {(1, 5): object(), (2, 5): object()}
    desk.suggestions.changed.emit()
    assert not panel.suggest_button.isVisible()
    assert panel.take_all_button.text() == "All 2"
    assert not panel.take_button.isEnabled()  # none for the slice on screen
    desk.suggestions.here = object()
    desk.suggestions.changed.emit()
    for made, call in (
        (panel.take_button, ("take", "slice")),
        (panel.take_all_button, ("take", "all")),
        (panel.drop_button, ("drop",)),
    ):
        made.click()
        assert workbench.calls[-1] == call


def test_the_glow_is_switched_from_the_box_and_follows_the_key(panel, workbench, desk):
    panel.overlay_box.click()
    assert workbench.calls[-1] == ("overlay", True)
    desk.set_overlay(False)
    assert not panel.overlay_box.isChecked()


def test_a_burst_of_reports_is_drawn_once(panel, desk, qtbot, monkeypatch):
    drawn = []
    monkeypatch.setattr(panel.strip, "show_scores", lambda *_: drawn.append(1))
    for _ in range(50):
        desk.changed.emit()
    qtbot.wait(200)
    assert len(drawn) == 1


def test_a_folded_panel_catches_up_when_it_opens(panel, dock, desk, qtbot):
    dock.sections["next"].collapse()
    desk.put(np.full(SHAPE[:2], 0.3), here=(3, 3))
    dock.sections["next"].expand()
    assert panel.here_label.text().startswith("t 3, z 3")
