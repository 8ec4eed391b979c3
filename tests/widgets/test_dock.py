from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QScrollArea, QWidget

from napari_scribbleseg.widgets.style import palette_of

CONTROLS = (QAbstractButton, QComboBox, QAbstractSlider, QAbstractSpinBox)


def controls(dock) -> list[QWidget]:
    """What a person can press or set, without the inner parts of compound widgets."""
    found = [w for kind in CONTROLS for w in dock.findChildren(kind)]
    return [w for w in found if not w.objectName().startswith("qt_") and "ScrollBar" not in type(w).__name__]


def contrast(front: str, back: str) -> float:
    def luminance(colour: str) -> float:
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(colour).getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(front), luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_all_controls_have_tooltips(dock):
    assert [w.accessibleName() or type(w).__name__ for w in controls(dock) if not w.toolTip()] == []


def test_all_controls_have_names_for_screen_readers(dock):
    nameless = [w for w in controls(dock) if not (w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()))]
    assert nameless == []


def test_primary_things_are_visible_on_a_laptop_without_scrolling(dock, workbench, qtbot):
    workbench.put_scan("scan-1", "sample")
    workbench.next.put(np.zeros((20, 10)), here=(0, 5))
    dock.resize(360, 620)  # what a 1366 × 768 screen leaves beside menus and status bar
    qtbot.waitUntil(dock.next_panel.strip.isVisible)
    qtbot.wait(50)
    view = dock.findChild(QScrollArea).viewport()
    for widget in (
        dock.scan_panel.open_button,
        dock.class_panel.buttons[0],
        dock.class_panel.brush_slider,
        dock.preview_panel.button,
        dock.train_panel.train_button,
        dock.train_panel.age_label,
        dock.next_panel.strip,
    ):
        bottom = widget.mapTo(view, widget.rect().bottomLeft()).y()
        assert bottom <= view.height(), widget.accessibleName()


def test_nothing_is_wider_than_the_dock(dock, workbench, qtbot):
    workbench.put_scan("scan-1", "patient_with_a_very_long_file_name_4d_short_axis_stack_series_12")
    for section in dock.sections.values():
        section.expand()
    dock.resize(360, 900)
    qtbot.wait(50)
    assert dock.findChild(QScrollArea).widget().width() <= dock.findChild(QScrollArea).viewport().width()


def test_tab_goes_down_the_dock(dock, workbench, qtbot):
    workbench.put_scan("scan-1", "sample")
    order = [
        dock.scan_panel.open_button,
        dock.scan_panel.sample_button,
        dock.class_panel.brush_slider,
        dock.preview_panel.button,
        dock.preview_panel.system_combo,
        dock.train_panel.train_button,
        dock.accept_panel.lock_box,
        dock.export_panel.mask_button,
    ]
    chain, widget = [], dock.nextInFocusChain()
    while widget is not dock:
        chain.append(widget)
        widget = widget.nextInFocusChain()
    places = [chain.index(w) for w in order]
    assert places == sorted(places)
    assert all(w.focusPolicy() & Qt.FocusPolicy.TabFocus for w in order)


def test_folded_sections_leave_the_tab_order(dock):
    assert not dock.advanced_panel.reset_button.isVisible()
    dock.sections["advanced"].toggleButton().click()
    assert dock.advanced_panel.reset_button.isVisible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_stays_readable_in_both_themes(dock, workbench, theme):
    workbench.viewer.theme = theme
    palette = palette_of(workbench.viewer)
    assert contrast(palette.text, palette.background) > 7
    assert contrast(palette.dim, palette.background) > 4.5
    assert contrast(palette.text, palette.accent) > 4.5
    assert contrast(palette.link, palette.background) > 4.5
    assert palette.dim in dock.styleSheet()


def test_about_says_what_it_is_not_and_whom_to_cite(dock):
    dock.about_button.click()
    text = " ".join(label.text() for label in dock._dialog.findChildren(type(dock.train_panel.dot)))
    for part in ("Not a medical device", "not a medical device"):
        if part in text:
            break
    else:
        pytest.fail("the About box does not say that this is no medical device")
    assert "2203.02106" in text
    assert f'style="color: {palette_of(dock.workbench.viewer).link}"' in text
    assert "BSD-3-Clause" in text
    assert "CC BY-NC-SA" in text


def test_cheat_sheet_lists_every_key(dock):
    from napari_scribbleseg.widgets.keys import SHORTCUTS

    dock.keys_button.click()
    text = [label.text() for label in dock._dialog.findChildren(type(dock.train_panel.dot))]
    assert {shortcut.shown for shortcut in SHORTCUTS} <= set(text)
    assert dock._dialog.sizeHint().height() < 700  # of a screen of 768
    assert dock._dialog.sizeHint().width() < 1366
    dock.about_button.click()
    assert dock._dialog.windowTitle().startswith("About")


def test_keys_open_after_another_dialog_was_answered_and_is_gone(dock, qtbot):
    dock.ask_licence()
    dialog = dock._dialog
    with qtbot.waitSignal(dialog.destroyed):
        dialog.accept()
    dock.keys_button.click()
    assert dock._dialog.isVisible()


def test_an_answer_below_the_button_is_scrolled_to_and_a_late_one_scrolls_nothing(dock, qtbot):
    dock.resize(360, 400)
    area, answer = dock.findChild(QScrollArea), dock.export_panel.result_label
    area.verticalScrollBar().setValue(0)
    answer.say("Written to out.nii.gz.", asked=False)
    qtbot.wait(50)
    assert area.verticalScrollBar().value() == 0
    answer.say("Written to out.nii.gz.")
    qtbot.waitUntil(lambda: answer.visibleRegion().boundingRect().size() == answer.size())
    answer.say("")
    assert not answer.isVisible()
