"""Choosing a DICOM series, and dropping files on the dock."""

from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QDialog, QDialogButtonBox

from napari_scribbleseg.io.dicom import SeriesSummary
from napari_scribbleseg.widgets import dialogs, scan_panel
from napari_scribbleseg.widgets.series_dialog import SeriesDialog, ask_series


def series(number: int, problem: str = "", description: str = "") -> SeriesSummary:
    counts = (0, 0) if problem else (20, 8)
    path = Path(f"/study#1.2.{number}")
    description = description or f"cine {number}"
    return SeriesSummary(f"1.2.{number}", number, description, *counts, 256, 256, 160, 1, path, problem)


@pytest.fixture
def dialog(qtbot):
    made = SeriesDialog([series(3, "It holds colour pictures."), series(5), series(7)])
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_first_that_can_be_opened_is_marked(dialog):
    assert dialog.chosen == Path("/study#1.2.5")
    assert dialog.tree.topLevelItem(0).text(5) == "It holds colour pictures."


def test_a_click_chooses_and_a_double_click_opens(dialog, qtbot):
    tree = dialog.tree
    where = tree.visualItemRect(tree.topLevelItem(2)).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert dialog.chosen == Path("/study#1.2.7")
    qtbot.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert dialog.result() == QDialog.DialogCode.Accepted


def test_what_cannot_be_opened_cannot_be_chosen(qtbot):
    made = SeriesDialog([series(3, "It holds colour pictures."), series(4, "No order.")])
    qtbot.addWidget(made)
    assert made.chosen is None
    assert not made.buttons.button(QDialogButtonBox.StandardButton.Open).isEnabled()
    made.accept()
    assert made.result() == QDialog.DialogCode.Rejected


def test_a_long_name_does_not_push_the_reason_out_of_sight(qtbot):
    reason = "Its slices are not parallel, so that they are no stack; choose a short-axis cine."
    made = SeriesDialog([series(3, reason, "cine_lax_4ch_retro_iPAT_breath-hold_long_name_of_a_protocol"), series(5)])
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    header, tree = made.tree.header(), made.tree
    assert header.length() <= tree.viewport().width()
    assert header.sectionSize(5) >= 150
    two_lines = 2 * tree.fontMetrics().height()
    qtbot.waitUntil(lambda: tree.visualItemRect(tree.topLevelItem(0)).height() >= two_lines)
    assert "retro_iPAT" in tree.topLevelItem(0).toolTip(1)
    assert tree.topLevelItem(0).toolTip(5) == reason


def test_the_only_series_is_not_asked_about(dock):
    assert ask_series(dock, [series(5)]) == Path("/study#1.2.5")


def test_the_button_opens_what_was_chosen(dock, workbench, monkeypatch):
    monkeypatch.setattr(dialogs, "ask_folder", lambda *_: Path("/study"))
    monkeypatch.setattr(scan_panel, "ask_series", lambda _parent, found: found[-1].path)
    workbench.series = [series(5), series(7)]
    dock.scan_panel.dicom_button.click()
    assert ("open_scan", Path("/study#1.2.7")) in workbench.calls


def test_no_folder_and_no_series_open_nothing(dock, workbench, monkeypatch):
    monkeypatch.setattr(dialogs, "ask_folder", lambda *_: None)
    dock.scan_panel.dicom_button.click()
    monkeypatch.setattr(dialogs, "ask_folder", lambda *_: Path("/empty"))
    dock.scan_panel.dicom_button.click()
    assert not [call for call in workbench.calls if call[0] == "open_scan"]


def drop(panel, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at = panel.rect().center()
    position = QPointF(at) if hasattr(QDropEvent, "position") else QPoint(at)
    panel.dropEvent(
        QDropEvent(position, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    )


def test_files_and_folders_can_be_dropped_on_the_panel(dock, workbench, tmp_path):
    workbench.series = [series(5)]
    drop(dock.scan_panel, tmp_path, tmp_path / "a.dcm", tmp_path / "b.dcm", tmp_path / "c.nii.gz")
    opened = [call[1] for call in workbench.calls if call[0] == "open_scan"]
    assert opened == [Path("/study#1.2.5"), tmp_path / "a.dcm", tmp_path / "c.nii.gz"]


def test_dicom_seg_is_offered_for_a_dicom_scan_alone(dock, workbench):
    workbench.put_scan("scan-1", "sample")
    assert not dock.export_panel.dicom_button.isVisibleTo(dock.export_panel)
    workbench.from_dicom = True
    workbench.put_scan("scan-2", "SAx/cine: 5")
    assert dock.export_panel.dicom_button.isVisibleTo(dock.export_panel)


@pytest.mark.parametrize(("keep", "more"), [(True, ()), (False, ("anonymise",))])
def test_dicom_seg_asks_about_the_patient_and_suggests_a_safe_name(dock, workbench, monkeypatch, keep, more):
    workbench.from_dicom = True
    workbench.put_scan("scan-2", "SAx/cine: 5")
    suggested = []
    monkeypatch.setattr(dialogs, "ask_complete_first", lambda *_: False)
    monkeypatch.setattr(dialogs, "ask_keep_patient", lambda *_: keep)
    monkeypatch.setattr(dialogs, "ask_dicom_file", lambda _parent, name: suggested.append(name) or Path("x.dcm"))
    dock.export_panel.dicom_button.click()
    assert suggested == ["SAx_cine_5_seg.dcm"]
    assert ("export", Path("x.dcm"), None, *more) in workbench.calls


def test_whoever_cancels_exports_nothing(dock, workbench, monkeypatch):
    workbench.from_dicom = True
    workbench.put_scan("scan-2", "s")
    monkeypatch.setattr(dialogs, "ask_complete_first", lambda *_: False)
    monkeypatch.setattr(dialogs, "ask_keep_patient", lambda *_: None)
    dock.export_panel.dicom_button.click()
    assert not [call for call in workbench.calls if call[0] == "export"]
