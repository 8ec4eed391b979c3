"""The button that shows a mask before anything is trained."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt


@pytest.fixture
def panel(dock):
    return dock.preview_panel


def test_without_strokes_the_button_is_off_and_the_reason_is_read_beside_it(panel, workbench):
    assert not panel.button.isEnabled()
    assert panel.reason_label.isVisible()
    assert panel.reason_label.text() == "Draw on this phase first"
    assert "Draw on this phase first" in panel.button.toolTip()
    assert not panel.system_combo.isVisible()


def test_with_strokes_the_button_previews_with_the_chosen_system(panel, workbench):
    workbench.preview.say("")
    assert panel.system_combo.isVisible()
    assert panel.system_combo.currentText() == "Random Walker"
    panel.button.click()
    panel.system_combo.setCurrentText("GrowCut")
    panel.button.click()
    assert workbench.calls[-2:] == [("preview", "random_walker"), ("preview", "growcut")]


def test_what_stands_in_the_way_is_followed(panel, workbench):
    for problem in ("Training is under way", "", "GrowCut is at work…"):
        workbench.preview.say(problem)
        assert panel.button.isEnabled() == (not problem)
        assert panel.reason_label.text() == problem


def test_the_chosen_system_outlives_a_refusal(panel, workbench):
    workbench.preview.say("")
    panel.system_combo.setCurrentText("GrowCut")
    workbench.preview.say("Draw on this phase first")
    workbench.preview.say("")
    assert panel.system_combo.currentText() == "GrowCut"


def test_every_system_names_its_source(panel, workbench):
    tips = [panel.system_combo.itemData(i, Qt.ItemDataRole.ToolTipRole) for i in range(panel.system_combo.count())]
    assert tips == ["Random Walker (Grady, IEEE TPAMI 2006)", "GrowCut (Vezhnevets 2005)"]
    assert all(tip in panel.system_combo.toolTip() for tip in tips)
