"""Curve, bull's-eye and slices show what was measured, where it is."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread
from matplotlib.patches import Wedge
from matplotlib.text import Text

from napari_scribbleseg.api.report.bulls_eye import DIALS, NO_BULLS_EYE, UNKNOWN, paint_bulls_eye, segment_wedge
from napari_scribbleseg.api.report.curve import paint_curve
from napari_scribbleseg.api.report.montage import MOST_SLICES, arrange, paint_montage, plan_montage
from napari_scribbleseg.api.report.sheet import new_sheet, render
from napari_scribbleseg.api.report.style import COLOURS, report_style
from napari_scribbleseg.api.report.tiles import Tile, Window, find_outlines, seen_pixels
from napari_scribbleseg.cardiac import measure_heart
from napari_scribbleseg.cardiac.measurement import Choices, Phases, VolumeCurves
from napari_scribbleseg.labels import LV, MYO, RV
from tests.api.report.made import CURVE, make_eye, make_measurement
from tests.synthetic import make_truth


def painted(paint, width=90.0, height=55.0):
    with report_style():
        sheet = new_sheet(width, height)
        paint(sheet)
    return sheet.figure


def words(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


# the curve ----------------------------------------------------------------------------------------------------------


def lines_of(figure, colour) -> list:
    return [line for line in figure.axes[0].lines if line.get_color() == colour and len(line.get_xdata()) > 2]


def test_the_curve_shows_volumes_over_time():
    figure = painted(lambda sheet: paint_curve(sheet, make_measurement()))
    (lv,) = lines_of(figure, COLOURS[LV])
    np.testing.assert_allclose(lv.get_ydata(), CURVE)
    np.testing.assert_allclose(lv.get_xdata(), np.arange(8) * 40.0)
    assert "time after the first phase, ms" in words(figure)
    assert figure.axes[0].get_ylim()[0] == 0


def test_ed_and_es_are_marked_where_they_are():
    figure = painted(lambda sheet: paint_curve(sheet, make_measurement()))
    rings = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    assert [(float(r.get_xdata()[0]), float(r.get_ydata()[0])) for r in rings] == [(0.0, 130.4), (120.0, 52.2)]
    assert {"ED", "ES"} <= set(words(figure))


def test_without_timing_phases_are_counted_from_0():
    curves = VolumeCurves(*(np.array(CURVE) for _ in range(3)))
    figure = painted(lambda sheet: paint_curve(sheet, make_measurement(curves=curves)))
    assert "phase, counted from 0" in words(figure)


def test_a_single_phase_is_a_point():
    curves = VolumeCurves(*(np.array([100.0]) for _ in range(3)))
    figure = painted(lambda sheet: paint_curve(sheet, make_measurement(curves=curves, phases=Phases(0, 0))))
    assert "ED = ES" in words(figure)


# the bull's-eye -----------------------------------------------------------------------------------------------------


def middle_of(segment: int) -> tuple[float, float]:
    inner, outer, begin, end = segment_wedge(segment)
    angle = math.radians((begin + end) / 2)
    return (inner + outer) / 2 * math.cos(angle), (inner + outer) / 2 * math.sin(angle)


def test_segments_stand_where_the_aha_puts_them():
    for anterior, inferior in ((1, 4), (7, 10), (13, 15)):
        assert middle_of(anterior)[1] > 0 > middle_of(inferior)[1]
        assert middle_of(anterior)[0] == pytest.approx(0, abs=1e-9)
    for septal in (2, 3, 8, 9, 14):
        assert middle_of(septal)[0] < 0
    for lateral in (5, 6, 11, 12, 16):
        assert middle_of(lateral)[0] > 0
    assert math.hypot(*middle_of(1)) > math.hypot(*middle_of(7)) > math.hypot(*middle_of(13))


def test_segments_cover_the_disc_without_overlap():
    areas = [(o**2 - i**2) * (end - begin) / 360 for i, o, begin, end in map(segment_wedge, range(1, 18))]
    assert sum(areas) == pytest.approx(1.0)


def test_every_known_thickness_is_written_and_unknown_segments_are_grey():
    figure = painted(lambda sheet: paint_bulls_eye(sheet, make_eye()), 186, 48)
    wedges = figure.findobj(Wedge)
    assert len(wedges) == 3 * 17
    grey = [wedge for wedge in wedges if wedge.get_facecolor()[:3] == pytest.approx((0.894, 0.91, 0.925), abs=2e-3)]
    assert len(grey) == 1 + 2 + 2, UNKNOWN
    assert {dial.title for dial in DIALS} < set(words(figure))
    assert "−22" in words(figure)


def test_the_wedge_on_top_is_segment_1():
    high = make_eye(ed_mm=(20.0, *(5.0 for _ in range(15)), math.nan))
    figure = painted(lambda sheet: paint_bulls_eye(sheet, high), 186, 48)
    thick = next(text for text in figure.findobj(Text) if text.get_text() == "20" and text.get_fontsize() > 6)
    others = [text.get_position()[1] for text in figure.findobj(Text) if text.get_text() == "5"]
    assert thick.get_position()[1] < min(others)  # y counts downwards


def test_without_segments_there_is_a_sentence():
    assert words(painted(lambda sheet: paint_bulls_eye(sheet, None), 186, 48)) == [NO_BULLS_EYE]


# the slices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "columns"), [(1, 1), (4, 2), (8, 4), (10, 4), (20, 5)])
def test_tiles_are_as_large_as_they_can_be(n, columns):
    found, side = arrange(n, 90.0, 65.0)
    assert found == columns
    rows = math.ceil(n / found)
    assert found * side <= 90.0 + 1e-9
    assert rows * side <= 65.0 + 1e-9


def test_slices_go_from_base_to_apex(scan):
    base_first, apex_first = (
        plan_montage(scan.cine, scan.mask, make_measurement(bulls_eye=make_eye(apex_first=flag)))
        for flag in (False, True)
    )
    assert base_first.slices == (0, 1, 2, 3, 4, 5)
    assert apex_first.slices == (5, 4, 3, 2, 1, 0)


def test_only_slices_with_heart_are_shown(scan):
    mask = scan.mask.copy()
    mask[:, [0, 5]] = 0
    mask[3, 5] = RV
    assert plan_montage(scan.cine, mask, make_measurement()).slices == (1, 2, 3, 4, 5)


def test_of_very_many_slices_some_are_shown_with_both_ends(scan):
    mask = make_truth(8, 50)
    cine = replace(scan.cine, data=np.zeros(mask.shape, np.float32))
    plan = plan_montage(cine, mask, make_measurement())
    assert (len(plan.slices), plan.of) == (MOST_SLICES, 50)
    assert (plan.slices[0], plan.slices[-1]) == (0, 49)


def test_the_window_holds_the_whole_heart(scan):
    window = plan_montage(scan.cine, scan.mask, make_measurement()).window
    rows, columns = seen_pixels(scan.mask.shape[2:], window, (1.4, 1.4))
    inside = np.zeros(scan.mask.shape[2:], bool)
    inside[rows, columns] = True
    assert inside[(scan.mask[[0, 3]] > 0).any(axis=(0, 1))].all()


def test_an_outline_runs_along_the_edge_of_its_pixels():
    labels = np.zeros((20, 30), np.uint8)
    labels[5:12, 8:19] = MYO
    labels[7:10, 10:17] = LV
    found = dict(find_outlines(labels))
    assert set(found) == {COLOURS[MYO], COLOURS[LV]}
    for code, box in ((MYO, (4.5, 11.5, 7.5, 18.5)), (LV, (6.5, 9.5, 9.5, 16.5))):
        outline = found[COLOURS[code]]
        assert (*_ends(outline[:, 0]), *_ends(outline[:, 1])) == box


def _ends(values) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def test_a_heart_at_the_border_has_a_closed_outline():
    labels = np.full((8, 8), LV, np.uint8)
    ((_, outline),) = find_outlines(labels)
    np.testing.assert_array_equal(outline[0], outline[-1])


def test_pixels_and_outlines_share_one_place():
    tile = Tile(None, 10.0, 20.0, 30.0, Window(-0.7, -1.0, 60.0), (2.0, 1.4))
    x, y = tile.place(np.array([-0.5, 29.5]), np.array([-0.5, 42.357142857]))
    np.testing.assert_allclose(x, [10.0, 40.0])
    np.testing.assert_allclose(y, [20.0, 50.0])


def test_slices_that_do_not_count_say_so(scan):
    said = words(painted(lambda sheet: paint_montage(sheet, scan.cine, scan.mask, scan.measurement), 186, 60))
    assert said.count("not counted") == 1
    assert said.count("z 0") == 2
    assert said.count("apical") == 2
    assert "phase 3, 120 ms" in said


def test_a_left_out_slice_says_so_whatever_it_holds(scan):
    mask = scan.mask.copy()
    mask[0, 2] = np.where(mask[0, 2] == 1, 1, 0)
    choices = Choices(ed=0, es=3, excluded=frozenset({(0, 2), (3, 5), (1, 1)}))
    found = measure_heart(mask, scan.cine.spacing_mm, choices)
    said = words(painted(lambda sheet: paint_montage(sheet, scan.cine, mask, found), 186, 60))
    assert said.count("not counted") == 2


def test_a_single_phase_has_one_mark_on_its_axis():
    lone = VolumeCurves(*(np.array([value]) for value in (50.0, 60.0, 70.0)))
    found = make_measurement(curves=lone, phases=Phases(0, 0))
    figure = painted(lambda sheet: paint_curve(sheet, found), 94, 58)
    (chart,) = [axes for axes in figure.axes if axes.get_xlabel()]
    assert list(chart.get_xticks()) == [0]


def test_an_empty_mask_shows_the_middle_slice_without_contours(scan):
    empty = np.zeros_like(scan.mask)
    found = make_measurement(slices=(), bulls_eye=None, phases=Phases(0, 3))
    said = words(painted(lambda sheet: paint_montage(sheet, scan.cine, empty, found), 186, 60))
    assert said.count("z 3") == 2


def test_a_contour_is_seen_around_the_bright_cavity(scan):
    cine = replace(scan.cine, data=np.where(scan.mask == LV, 1000.0, 0.0).astype(np.float32))
    picture = render(lambda sheet: paint_montage(sheet, cine, scan.mask, scan.measurement), 186, 60, "png", dpi=100)
    pixels = imread(io.BytesIO(picture))[..., :3]
    pink = np.abs(pixels - np.array([0.8, 0.475, 0.655])).max(axis=-1) < 0.12
    bright = (pixels > 0.95).all(axis=-1)
    first = np.s_[20:120, 0:104]  # the first tile, less its gap
    rows, columns = np.nonzero(pink[first])
    assert len(rows) > 40
    lit = np.argwhere(bright[first])
    inside = lit[(lit[:, 0] > rows.min() + 3) & (lit[:, 0] < rows.max() - 3)]
    assert columns.min() - 2 <= inside[:, 1].min()
    assert inside[:, 1].max() <= columns.max() + 2
