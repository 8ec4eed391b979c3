"""The strip: where each slice lies, what its colour says, and that mouse and keys ask for the right one."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QColor, QHelpEvent
from qtpy.QtWidgets import QApplication, QToolTip

from napari_scribbleseg.qt.doubt_book import phase_scores
from napari_scribbleseg.qt.values import SliceMarks
from napari_scribbleseg.widgets.doubt_strip import DoubtStrip, heat, name_slice
from napari_scribbleseg.widgets.style import GREEN, palette_of

SHAPE = (20, 10)


@pytest.fixture
def palette(qapp):
    return palette_of(ViewerModel())


@pytest.fixture
def strip(qtbot, palette):
    made = DoubtStrip()
    qtbot.addWidget(made)
    made.recolour(palette)
    show(made, np.linspace(0, 0.5, 200).reshape(SHAPE))
    made.resize(320, made.sizeHint().height())
    made.show()
    qtbot.waitExposed(made)
    return made


def show(strip, scores, marks=None, here=(0, 0)) -> None:
    strip.show_scores(scores, phase_scores(scores), marks or SliceMarks(), here)


def centre(strip, index) -> QPoint:
    return strip.cell(index).center().toPoint()


def colour(strip, index) -> QColor:
    return strip.grab().toImage().pixelColor(centre(strip, index))


@pytest.mark.parametrize("index", [(0, 0), (19, 9), (7, 3)])
def test_every_slice_is_found_where_it_is_drawn(strip, index):
    assert strip.index_at(QPointF(centre(strip, index))) == index


def test_phases_go_to_the_right_and_slices_upwards_as_the_arrow_keys_do(strip):
    assert strip.cell((1, 0)).left() > strip.cell((0, 0)).left()
    assert strip.cell((0, 1)).bottom() <= strip.cell((0, 0)).top() + 1e-6


@pytest.mark.parametrize("shape", [(1, 12), (30, 20), (3, 4), (1, 1)])
def test_any_shape_of_scan_fits_a_laptop(strip, shape):
    show(strip, np.zeros(shape))
    assert 15 <= strip.sizeHint().height() <= 130
    last = (shape[0] - 1, shape[1] - 1)
    assert strip.rect().contains(strip.cell(last).toRect().adjusted(0, 0, -1, -1))
    assert strip.index_at(QPointF(centre(strip, last))) == last


def test_a_click_asks_for_the_slice_and_dragging_for_each_on_the_way(strip, qtbot):
    asked = []
    strip.asked.connect(lambda t, z: asked.append((t, z)))
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=centre(strip, (5, 2)))
    assert asked == [(5, 2)]
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=centre(strip, (6, 2)))
    for t in (7, 8):
        qtbot.mouseMove(strip, centre(strip, (t, 2)))
        qtbot.wait(5)
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=centre(strip, (8, 2)))
    assert asked[1] == (6, 2)


def test_the_bar_of_a_phase_keeps_the_position_in_the_stack(strip, qtbot):
    show(strip, np.zeros(SHAPE), here=(2, 6))
    with qtbot.waitSignal(strip.asked) as blocker:
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(centre(strip, (12, 0)).x(), 4))
    assert blocker.args == [12, 6]


def test_arrow_keys_move_by_one_and_stop_at_the_edge(strip, qtbot):
    asked = []
    strip.asked.connect(lambda t, z: asked.append((t, z)))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Down):
        qtbot.keyClick(strip, key)
    assert asked == [(1, 0), (0, 1)]


def test_more_doubt_looks_hotter_and_unknown_calmer_than_all(palette):
    def light(score: float) -> float:
        return QColor(heat(score, palette)).lightnessF()

    shades = [light(score) for score in (0.0, 0.15, 0.3, 0.5)]
    assert shades == sorted(shades)
    assert light(float("nan")) < shades[0]
    assert heat(0.9, palette) == heat(0.5, palette)


def test_accepted_slices_are_green_and_drawn_ones_carry_a_dot(strip, palette):
    scores = np.full(SHAPE, 0.4)
    show(strip, scores, SliceMarks(drawn=frozenset({(3, 3)}), done=frozenset({(4, 4)}), suggested=frozenset({(6, 6)})))
    plain, done, drawn = colour(strip, (10, 5)), colour(strip, (4, 4)), colour(strip, (3, 3))
    assert done.green() > done.red()
    assert drawn.lightness() > plain.lightness()
    edge = strip.cell((6, 6)).adjusted(2, 2, -2, -2).topLeft().toPoint()
    ring = strip.grab().toImage().pixelColor(edge)
    assert abs(ring.green() - QColor(GREEN).green()) < 60
    assert ring.green() > ring.red()


def test_the_slice_on_screen_has_a_ring(strip, palette):
    before = strip.grab().toImage()
    show(strip, np.linspace(0, 0.5, 200).reshape(SHAPE), here=(10, 5))
    after = strip.grab().toImage()
    edge = strip.cell((10, 5)).topLeft().toPoint() + QPoint(4, 0)
    assert before.pixelColor(edge) != after.pixelColor(edge)


def test_the_tooltip_tells_what_is_known_about_the_slice(strip, qtbot):
    strip.describe = lambda index: f"known about {index}"
    where = centre(strip, (5, 2))
    QApplication.sendEvent(strip, QHelpEvent(QEvent.Type.ToolTip, where, strip.mapToGlobal(where)))
    assert QToolTip.text() == "t 5, z 2: known about (5, 2)"
    QToolTip.hideText()


def test_a_volume_lies_on_its_side_and_has_no_phases(strip):
    show(strip, np.zeros((1, 9)))
    assert strip.cell((0, 1)).left() > strip.cell((0, 0)).left()
    assert strip.cell((0, 1)).top() == strip.cell((0, 0)).top()
    assert name_slice((0, 4), (1, 9)) == "z 4"


def test_without_a_scan_nothing_is_drawn_or_asked(strip, qtbot):
    show(strip, np.empty((0, 0)), here=None)
    strip.grab()
    with qtbot.assertNotEmitted(strip.asked):
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
        qtbot.keyClick(strip, Qt.Key.Key_Right)
