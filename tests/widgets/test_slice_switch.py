"""Which slices count: shown for ED and ES, switched by a click."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QHelpEvent
from qtpy.QtWidgets import QApplication, QToolTip

from napari_scribbleseg.widgets.slice_switch import SliceSwitch, SwitchRow
from napari_scribbleseg.widgets.style import palette_of

ROWS = (
    SwitchRow("ED", 0, frozenset(range(1, 9)), frozenset({8})),
    SwitchRow("ES", 7, frozenset(range(1, 8))),
)


@pytest.fixture
def switch(qtbot):
    made = SliceSwitch()
    qtbot.addWidget(made)
    made.recolour(palette_of(ViewerModel()))
    made.show_rows(ROWS, 10, (0, 3))
    made.resize(180, made.sizeHint().height())
    made.show()
    qtbot.waitExposed(made)
    return made


def centre(switch, row, z) -> QPoint:
    return switch.cell(row, z).center().toPoint()


def test_a_click_says_which_slice_of_which_phase(switch, qtbot):
    toggled = []
    switch.toggled.connect(lambda t, z: toggled.append((t, z)))
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton, pos=centre(switch, 0, 8))
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton, pos=centre(switch, 1, 0))
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))  # a name is no slice
    qtbot.mouseClick(switch, Qt.MouseButton.RightButton, pos=centre(switch, 1, 2))
    assert toggled == [(0, 8), (7, 0)]


@pytest.mark.parametrize("n_slices", [1, 3, 10, 22])
def test_any_number_of_slices_fits(switch, n_slices):
    switch.show_rows(ROWS, n_slices, None)
    switch.grab()
    assert switch.cell(1, n_slices - 1).right() <= switch.width()
    assert switch.found_at(QPointF(centre(switch, 1, n_slices - 1))) == (1, n_slices - 1)


def test_counting_left_out_and_empty_slices_look_different(switch):
    image = switch.grab().toImage()

    def hue(row, z):
        return image.pixelColor(switch.cell(row, z).topLeft().toPoint() + QPoint(4, 4)).name()

    assert len({hue(0, 2), hue(0, 8), hue(0, 0)}) == 3
    assert hue(0, 2) == hue(1, 5)


def test_the_slice_on_screen_has_a_ring(switch):
    before = switch.grab().toImage()
    switch.show_here((7, 3))
    assert switch.grab().toImage() != before


def test_the_tooltip_says_what_a_slice_is_worth_and_what_a_click_does(switch):
    told = []
    for row, z in ((0, 2), (0, 8), (1, 9)):
        where = centre(switch, row, z)
        QApplication.sendEvent(switch, QHelpEvent(QEvent.Type.ToolTip, where, switch.mapToGlobal(where)))
        told.append(QToolTip.text())
        QToolTip.hideText()
    assert told == [
        "z 2 at ED: counts; click to leave it out",
        "z 8 at ED: left out; click to let it count",
        "z 9 at ES: no left ventricle here",
    ]
