"""The results panel: what it shows of a measurement, and that every decision reaches the desk."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QScrollArea

from napari_scribbleseg.cardiac.measurement import Body, Choices, Flag
from napari_scribbleseg.qt.heart_mask import Coverage
from napari_scribbleseg.widgets import dialogs
from napari_scribbleseg.widgets.results_panel import REFRESH_MS
from tests.hearts import WHOLE, make_measurement

N_PHASES, N_SLICES = 20, 10
ALL = Coverage(prediction=200, phases=tuple(range(N_PHASES)), n_phases=N_PHASES)


@pytest.fixture
def panel(dock, workbench, qtbot):
    workbench.put_scan("scan-1", "patient_x.nii.gz")
    dock.sections["results"].expand(animate=False)
    dock.resize(360, 860)
    qtbot.waitUntil(dock.results_panel.isVisible)
    return dock.results_panel


def put(workbench, qtbot, measurement=None, coverage=ALL) -> None:
    workbench.results.put(measurement or make_measurement(N_PHASES), coverage)
    qtbot.wait(REFRESH_MS + 30)


def test_the_table_holds_both_ventricles(panel, workbench, qtbot):
    put(workbench, qtbot)
    assert [panel.table.text(name) for name in ("EDV", "ESV", "SV", "EF", "Mass", "CO")] == [
        "140",
        "60",
        "80",
        "57",
        "100",
        "5.6",
    ]
    assert panel.table.text("EDV", 1) == "145"
    assert panel.table.text("Mass", 1) == ""


def test_indexed_columns_come_with_the_size_of_the_body(panel, workbench, qtbot):
    put(workbench, qtbot)
    assert not panel.table.cells[0][2].isVisible()
    put(workbench, qtbot, make_measurement(N_PHASES, body=Body(180, 80)))
    assert panel.table.cells[0][2].isVisible()
    assert panel.table.text("EDV", 2) == "70"


def test_the_title_of_the_section_says_the_result_even_when_folded(dock, workbench, qtbot):
    workbench.put_scan("scan-1", "sample")
    assert not dock.results_panel.isVisible()
    put(workbench, qtbot)
    assert dock.sections["results"].text() == "Results: LV EF 57 %, EDV 140 mL"
    workbench.results.put(None, Coverage(never=200, n_phases=N_PHASES))
    assert dock.sections["results"].text() == "Results"


def test_unfolding_catches_up_and_brings_the_section_into_view(dock, workbench, qtbot):
    workbench.put_scan("scan-1", "sample")
    dock.resize(360, 620)
    put(workbench, qtbot)
    dock.sections["results"].toggleButton().click()
    qtbot.waitUntil(lambda: not dock._revealing.isActive())
    assert dock.results_panel.table.text("EF") == "57"
    area = dock.findChild(QScrollArea)
    top = dock.results_panel.table.mapTo(area.viewport(), QPoint(0, 0)).y()
    assert 0 <= top < area.viewport().height() - dock.results_panel.table.height()


def test_while_a_scan_comes_in_the_curve_grows_and_no_number_is_told_that_will_be_another(panel, workbench, qtbot):
    put(workbench, qtbot, coverage=Coverage(prediction=57, never=143, phases=(0, 3, 7), n_phases=N_PHASES))
    assert panel.source_label.text() == "3 of 20 phases so far: numbers follow"
    assert "From 57 prediction of 200 slices" in panel.source_label.toolTip()
    assert panel.table.text("EF") == "–"
    assert panel.curve.n_phases == N_PHASES
    assert not panel.copy_button.isEnabled()
    put(workbench, qtbot)
    assert panel.source_label.toolTip() == "From the prediction"
    assert panel.table.text("EF") == "57"


def test_which_phases_and_who_chose_them(panel, workbench, qtbot):
    put(workbench, qtbot)
    assert "ED t 0 (by volume)" in panel.phases_label.toolTip()
    assert "ES t 10 (by volume)" in panel.phases_label.toolTip()


def test_a_click_on_the_curve_leads_to_the_phase(panel, workbench, qtbot):
    put(workbench, qtbot)
    qtbot.mouseClick(panel.curve, Qt.MouseButton.LeftButton, pos=panel.curve.point(13, 50).toPoint())
    assert workbench.calls[-1] == ("results_go_to", 13, None)


def test_buttons_choose_ed_and_es_and_let_go(panel, workbench, qtbot):
    put(workbench, qtbot)
    assert not panel.find_button.isEnabled()
    workbench.results.choices = Choices(ed=2)
    put(workbench, qtbot)
    for made in (panel.ed_button, panel.es_button, panel.find_button):
        qtbot.mouseClick(made, Qt.MouseButton.LeftButton)
    assert workbench.calls[-3:] == [("choose_phase", "ed"), ("choose_phase", "es"), ("find_phases",)]


def test_the_box_follows_the_slice_on_screen_and_switches_it(panel, workbench, qtbot):
    workbench.results.choices = Choices(excluded=frozenset({(0, 8)}))
    put(workbench, qtbot)
    assert panel.count_box.isChecked()
    workbench.results.go_to(0, 8)
    assert not panel.count_box.isChecked()
    assert not any(call[0] == "toggle_slice" for call in workbench.calls)
    panel.count_box.click()
    assert workbench.calls[-1] == ("toggle_slice",)


def test_a_click_on_a_square_shows_the_slice_and_switches_it(panel, workbench, qtbot):
    put(workbench, qtbot)
    at = panel.switch.cell(0, 8).center().toPoint()
    qtbot.mouseClick(panel.switch, Qt.MouseButton.LeftButton, pos=at)
    assert workbench.calls[-2:] == [("results_go_to", 0, 8), ("toggle_slice", (0, 8))]


def test_a_square_without_a_heart_is_shown_and_not_switched(panel, workbench, qtbot):
    put(workbench, qtbot)
    at = panel.switch.cell(1, 9).center().toPoint()
    qtbot.mouseClick(panel.switch, Qt.MouseButton.LeftButton, pos=at)
    assert workbench.calls[-1] == ("results_go_to", 10, 9)


def test_flags_are_shown_as_text_with_warnings_first(panel, workbench, qtbot):
    flags = (Flag("a", "A note on <b>z</b>.", "note"), Flag("b", "A gap in slice 3."))
    put(workbench, qtbot, make_measurement(N_PHASES, flags=flags))
    text = panel.flags_label.text()
    assert text.index("A gap in slice 3.") < text.index("A note on &lt;b&gt;z&lt;/b&gt;.")
    assert panel.flags_label.isVisible()
    put(workbench, qtbot)
    assert not panel.flags_label.isVisible()


def test_size_and_pulse_are_handed_on_and_what_a_file_says_is_not_taken_for_typed(panel, workbench, qtbot):
    workbench.results.told = workbench.results.choices = Choices(body=Body(180.4, 80.0))
    put(workbench, qtbot)
    assert panel.body.height_box.value() == 180
    panel.body.weight_box.setValue(90)
    assert workbench.calls[-1] == ("set_body", None, 90)
    panel.body.pulse_box.setValue(55)
    assert workbench.calls[-1] == ("set_heart_rate", 55)


def test_the_heart_rate_of_the_timing_is_shown(panel, workbench, qtbot):
    put(workbench, qtbot)
    assert panel.body.pulse_box.value() == 70


def test_copy_puts_a_table_on_the_clipboard(panel, workbench, qtbot):
    put(workbench, qtbot)
    qtbot.mouseClick(panel.copy_button, Qt.MouseButton.LeftButton)
    assert "EDV\tmL\t140\t145" in QApplication.clipboard().text()
    assert "clipboard" in panel.result_label.text()


def test_numbers_and_report_go_where_the_person_says(panel, workbench, qtbot, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(dialogs, "ask_csv_file", lambda parent, name: asked.append(name) or tmp_path / "n.csv")
    monkeypatch.setattr(dialogs, "ask_new_folder", lambda parent, title, name: asked.append(name) or tmp_path / "r")
    workbench.report.export_csv = lambda path, anonymise: workbench.calls.append(("csv", path, anonymise)) or path
    put(workbench, qtbot)
    panel.anonymise_box.click()
    panel.csv_button.click()
    assert workbench.calls[-1] == ("csv", tmp_path / "n.csv", True)
    assert panel.result_label.text() == "Numbers written to n.csv."
    workbench.report.say("")
    panel.report_button.click()
    assert workbench.calls[-1] == ("report", tmp_path / "r", True)
    assert asked == ["patient_x_indices.csv", "patient_x_report"]


def test_a_cancelled_dialog_writes_nothing(panel, workbench, qtbot, monkeypatch):
    monkeypatch.setattr(dialogs, "ask_csv_file", lambda parent, name: None)
    monkeypatch.setattr(dialogs, "ask_new_folder", lambda parent, title, name: None)
    put(workbench, qtbot)
    workbench.report.say("")
    before = list(workbench.calls)
    panel.csv_button.click()
    panel.report_button.click()
    assert workbench.calls == before


def test_the_report_button_says_why_it_waits_and_where_the_report_is(panel, workbench, tmp_path):
    assert not panel.report_button.isEnabled()
    assert "Open a scan first" in panel.report_button.toolTip()
    workbench.report.say("A report is being written", running=True)
    assert panel.report_button.text() == "Writing…"
    workbench.report.say("")
    assert panel.report_button.isEnabled()
    workbench.report.written.emit(SimpleNamespace(html=tmp_path / "a_report" / "report.html"))
    assert "a_report" in panel.result_label.text()
    assert "report.html</a>" in panel.result_label.text()


def test_what_cannot_be_measured_is_said(panel, workbench, qtbot):
    workbench.results.put(None, ALL)
    object.__setattr__(workbench.results.results, "problem", "Nothing could be measured: no spacing.")
    qtbot.wait(REFRESH_MS + 30)
    panel.refresh()
    assert panel.source_label.toolTip() == "Nothing could be measured: no spacing."
    assert not panel.copy_button.isEnabled()


def test_a_scan_of_one_phase_has_no_curve_and_no_phases_to_choose(panel, workbench, qtbot):
    workbench.results.put(make_measurement(1), Coverage(prediction=10, phases=(0,), n_phases=1), (1, 10))
    qtbot.wait(REFRESH_MS + 30)
    for made in (panel.curve, panel.ed_button, panel.phases_label):
        assert not made.isVisible()
    assert panel.table.isVisible()


def test_everything_fits_one_view_of_the_dock(panel, dock, workbench, qtbot):
    put(workbench, qtbot, make_measurement(N_PHASES, body=Body(180, 80), flags=(Flag("b", "A gap in slice 3."),)))
    area = dock.findChild(QScrollArea)
    assert dock.sections["results"].height() < 600
    assert area.widget().width() <= area.viewport().width()
    for made in (panel.csv_button, panel.find_button, panel.count_box, panel.body.pulse_box, panel.bulls_eye):
        assert made.width() >= made.minimumSizeHint().width()
        assert made.mapTo(area.viewport(), made.rect().topRight()).x() < area.viewport().width()


def test_results_follow_the_theme(panel, dock, workbench, qtbot):
    put(workbench, qtbot, make_measurement(N_PHASES), WHOLE)
    dark = panel.curve.grab().toImage()
    workbench.viewer.theme = "light"
    light = panel.curve.grab().toImage()
    assert np.mean([light.pixelColor(x, 60).lightness() for x in range(40, 300, 5)]) > np.mean(
        [dark.pixelColor(x, 60).lightness() for x in range(40, 300, 5)]
    )


def test_a_stream_of_results_is_shown_at_the_eyes_pace(panel, workbench, qtbot, monkeypatch):
    shown = []
    plain = panel.table.show_rows
    monkeypatch.setattr(panel.table, "show_rows", lambda *args, **more: shown.append(1) or plain(*args, **more))
    for _ in range(30):
        workbench.results.put(make_measurement(N_PHASES), ALL)
    qtbot.wait(REFRESH_MS + 60)
    assert len(shown) == 1
