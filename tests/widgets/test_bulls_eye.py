"""The bull's-eye: segments where the AHA draws them, in the colours of the report."""

from __future__ import annotations

import math

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QPointF
from qtpy.QtGui import QColor, QHelpEvent
from qtpy.QtWidgets import QApplication, QToolTip

from napari_scribbleseg.api.report.bulls_eye import DIALS
from napari_scribbleseg.widgets.bulls_eye import BullsEyePlot, colour_of
from napari_scribbleseg.widgets.style import palette_of
from tests.hearts import make_measurement


@pytest.fixture
def plot(qtbot):
    made = BullsEyePlot()
    qtbot.addWidget(made)
    made.recolour(palette_of(ViewerModel()))
    made.show_values(make_measurement().bulls_eye, 0)
    made.resize(made.sizeHint())
    made.show()
    qtbot.waitExposed(made)
    return made


def test_every_segment_is_found_where_its_number_stands(plot):
    assert [plot.segment_at(plot.centre(segment)) for segment in range(1, 18)] == list(range(1, 18))
    assert plot.segment_at(QPointF(1, 1)) == 0


def test_anterior_is_up_the_septum_left_and_the_apex_in_the_middle(plot):
    middle = plot.centre(17)
    for anterior, inferior in ((1, 4), (7, 10), (13, 15)):
        assert plot.centre(anterior).y() < middle.y() < plot.centre(inferior).y()
    for septal, lateral in ((2, 6), (3, 5), (8, 12), (9, 11), (14, 16)):
        assert plot.centre(septal).x() < middle.x() < plot.centre(lateral).x()


def test_basal_segments_lie_outside_and_apical_ones_inside(plot):
    middle = plot.centre(17)
    basal, mid, apical = (
        math.dist((plot.centre(s).x(), plot.centre(s).y()), (middle.x(), middle.y())) for s in (1, 7, 13)
    )
    assert basal > mid > apical > 0


@pytest.mark.parametrize("dial", DIALS, ids=lambda dial: dial.title)
@pytest.mark.parametrize("share", [-0.2, 0.0, 0.3, 0.5, 0.8, 1.3])
def test_colours_are_those_of_the_report(dial, share):
    import matplotlib as mpl

    from napari_scribbleseg.api.report.bulls_eye import _colour

    assert dial.colours in mpl.colormaps
    value = dial.low + share * (dial.high - dial.low)
    theirs, ours = QColor.fromRgbF(*_colour(dial, value)[:3]), QColor(colour_of(value, dial))
    apart = (theirs.red() - ours.red(), theirs.green() - ours.green(), theirs.blue() - ours.blue())
    assert max(map(abs, apart)) <= 6


def test_segments_are_filled_and_unknown_ones_are_calm(plot):
    plot.show_values(make_measurement().bulls_eye, 1)
    image = plot.grab().toImage()
    beside = plot.centre(17) + 1.12 * (plot.centre(3) - plot.centre(17))  # the number's own pixels are no fill
    known = image.pixelColor(beside.toPoint())
    expected = QColor(colour_of(make_measurement().bulls_eye.es_mm[2], DIALS[1]))
    assert abs(known.red() - expected.red()) + abs(known.green() - expected.green()) < 24
    assert image.pixelColor(plot.centre(17).toPoint()).saturation() < 80


def test_the_tooltip_tells_all_about_a_segment(plot):
    where = plot.centre(8).toPoint()
    QApplication.sendEvent(plot, QHelpEvent(QEvent.Type.ToolTip, where, plot.mapToGlobal(where)))
    assert QToolTip.text() == "8 mid anteroseptal: ED 9.8 mm, ES 14.6 mm, +50 %"
    QToolTip.hideText()


def test_what_is_not_known_is_said(plot):
    assert "beyond short-axis slices" in plot.describe(17)
    plot.show_values(None, 0)
    plot.grab()
    assert plot.describe(1) == "1 basal anterior: no wall in the slices that count"
