"""The curve: where phases lie, that mouse and keys ask for the right one, and what is drawn there."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QColor, QPalette

from napari_scribbleseg.cardiac.measurement import Phases, VolumeCurves
from napari_scribbleseg.labels import LV
from napari_scribbleseg.widgets.style import class_colours, palette_of
from napari_scribbleseg.widgets.volume_curve import VolumeCurve, nice_above, runs
from tests.hearts import make_measurement


@pytest.fixture
def palette(qapp):
    return palette_of(ViewerModel())


@pytest.fixture
def curve(qtbot, palette):
    made = VolumeCurve()
    qtbot.addWidget(made)
    dark = made.palette()
    dark.setColor(QPalette.ColorRole.Window, QColor(palette.background))
    made.setPalette(dark)
    made.recolour(palette)
    found = make_measurement(20)
    made.show_curves(found.curves, found.phases)
    made.resize(330, made.sizeHint().height())
    made.show()
    qtbot.waitExposed(made)
    return made


def at(curve, t, ml=50.0) -> QPoint:
    return curve.point(t, ml).toPoint()


def pixel(curve, point: QPointF) -> QColor:
    return curve.grab().toImage().pixelColor(point.toPoint())


@pytest.mark.parametrize("t", [0, 7, 19])
def test_every_phase_is_found_where_it_is_drawn(curve, t):
    assert curve.phase_at(QPointF(at(curve, t))) == t


def test_a_click_asks_for_the_phase_and_dragging_for_each_on_the_way(curve, qtbot):
    asked = []
    curve.asked.connect(asked.append)
    qtbot.mouseClick(curve, Qt.MouseButton.LeftButton, pos=at(curve, 5))
    assert asked == [5]
    qtbot.mousePress(curve, Qt.MouseButton.LeftButton, pos=at(curve, 6))
    assert asked == [5, 6]
    qtbot.mouseRelease(curve, Qt.MouseButton.LeftButton, pos=at(curve, 6))


def test_the_phase_on_screen_is_not_asked_for_again(curve, qtbot):
    curve.show_phase(5)
    with qtbot.assertNotEmitted(curve.asked):
        qtbot.mouseClick(curve, Qt.MouseButton.LeftButton, pos=at(curve, 5))


def test_arrow_keys_go_round_the_beat(curve, qtbot):
    asked = []
    curve.asked.connect(asked.append)
    curve.show_phase(19)
    qtbot.keyClick(curve, Qt.Key.Key_Right)
    curve.show_phase(0)
    qtbot.keyClick(curve, Qt.Key.Key_Left)
    assert asked == [0, 19]


def test_larger_volumes_lie_higher_and_all_within_the_picture(curve):
    assert curve.point(0, 140).y() < curve.point(0, 60).y()
    for ml in (0, curve.top_ml):
        assert curve.area().adjusted(0, -0.1, 0, 0.1).contains(curve.point(3, ml))


def test_the_curve_of_the_lv_is_drawn_in_its_colour_where_its_volume_is(curve, palette):
    volume = float(make_measurement(20).curves.lv_ml[10])  # ES: a dot
    drawn, expected = pixel(curve, curve.point(10, volume)), QColor(class_colours(palette)[LV])
    assert abs(drawn.red() - expected.red()) + abs(drawn.blue() - expected.blue()) < 40


def test_a_phase_that_is_not_measured_leaves_a_gap(curve, palette):
    found = make_measurement(20)
    lv = found.curves.lv_ml.copy()
    lv[14:17] = np.nan
    missing = curve.point(15, float(found.curves.lv_ml[15]))
    before = pixel(curve, missing)
    rv, myo = (np.full(20, np.nan) for _ in range(2))
    curve.show_curves(VolumeCurves(rv, myo, lv, 50.0), Phases(0, 10))
    assert pixel(curve, missing) != before


def test_the_phase_on_screen_has_a_line(curve):
    def brightest() -> int:
        where = curve.point(15, 20)
        return max(pixel(curve, where + QPointF(aside, 0)).lightness() for aside in (-1, 0, 1))

    before = brightest()
    curve.show_phase(15)
    assert brightest() > before + 60


def test_pointing_says_what_the_volumes_are_there(curve, qtbot):
    before = curve.grab().toImage()
    qtbot.mouseMove(curve, at(curve, 12))
    qtbot.wait(20)
    assert curve.grab().toImage() != before
    assert curve._hovered == 12


@pytest.mark.parametrize(
    ("highest", "top"), [(140, 150), (150, 150), (151, 200), (7.2, 8), (0, 1), (999, 1000), (210, 300)]
)
def test_the_axis_ends_at_a_round_number(highest, top):
    assert nice_above(highest) == pytest.approx(top)


def test_stretches_end_at_gaps():
    volumes = np.array([1, 2, np.nan, 4, np.nan, np.nan, 7, 8, 9])
    assert [run.tolist() for run in runs(volumes)] == [[0, 1], [3], [6, 7, 8]]
    assert runs(np.full(3, np.nan)) == []


@pytest.mark.parametrize("n_phases", [1, 2])
def test_short_scans_are_drawn_too(curve, n_phases):
    found = make_measurement(n_phases)
    curve.show_curves(found.curves, found.phases)
    curve.grab()
    assert curve.phase_at(QPointF(curve.width() - 3, 50)) == n_phases - 1


def test_without_results_nothing_is_drawn_or_asked(curve, qtbot):
    curve.show_curves(None, None)
    curve.grab()
    with qtbot.assertNotEmitted(curve.asked):
        qtbot.mouseClick(curve, Qt.MouseButton.LeftButton, pos=QPoint(100, 50))
        qtbot.keyClick(curve, Qt.Key.Key_Right)
