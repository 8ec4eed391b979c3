"""The page is one sheet of A4 on which nothing is cut off and no text lies on another."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.text import Text

from napari_scribbleseg.api.report.content import make_content
from napari_scribbleseg.api.report.pdf import Pictures, make_page, make_pdf
from napari_scribbleseg.api.report.style import report_style
from napari_scribbleseg.cardiac.measurement import Flag, Phases, VolumeCurves
from tests.api.report.made import FLAGS, LV, METHODS, ORIGIN, make_eye, make_measurement, read_pdf

LONG = (
    "A sentence about slices, phases and volumes that goes on for some time, as careful sentences do, and then ends. "
)
MANY = tuple(Flag(f"flag_{i}", LONG * 2, "warning") for i in range(15))
UNKNOWN = replace(LV, esv_ml=math.nan, sv_ml=math.nan, ef_percent=None, output_l_per_min=None)


def one_phase():
    curves = VolumeCurves(*(np.array([value]) for value in (140.0, 120.0, 130.0)))
    only = {"curves": curves, "phases": Phases(0, 0), "lv": UNKNOWN, "bulls_eye": None}
    return make_measurement(**only, slices=tuple((0, z, True) for z in range(6)))


CASES = {
    "ordinary": make_measurement(),
    "long": make_measurement(flags=MANY, conventions=(*METHODS, LONG * 6) * 5),
    "no bull's-eye": make_measurement(bulls_eye=None, flags=()),
    "apex first": make_measurement(bulls_eye=make_eye(apex_first=True), flags=FLAGS * 4),
    "neighbours": make_measurement(phases=Phases(1, 0, "chosen", "Info.cfg")),
    "huge": make_measurement(lv=replace(LV, edv_ml=1234.5, sv_ml=-1182.3, output_l_per_min=-123.4)),
}


def page_of(scan, measurement, title="MUSTERMANN_cine"):
    n_t = len(measurement.curves.lv_ml)
    cine = replace(scan.cine, title=title, data=scan.cine.data[:n_t])
    content = make_content(cine, measurement, ORIGIN)
    return content, Pictures(cine, scan.mask[:n_t], measurement)


def texts_of(figure) -> list[tuple[str, object]]:
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    shown = [text for text in found if text.axes is None or text.axes.get_visible()]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in shown]


def overlap_px(a, b) -> float:
    wide = min(a.x1, b.x1) - max(a.x0, b.x0)
    high = min(a.y1, b.y1) - max(a.y0, b.y0)
    return min(wide, high)


@pytest.mark.parametrize("measurement", [*CASES.values(), one_phase()], ids=[*CASES, "one phase"])
def test_no_text_is_cut_off_or_lies_on_another(scan, measurement):
    with report_style():
        figure = make_page(*page_of(scan, measurement))
        texts = texts_of(figure)
        page = figure.bbox
    outside = [text for text, box in texts if box.x0 < 20 or box.x1 > page.x1 - 20 or box.y0 < 20 or box.y1 > page.y1]
    assert outside == []
    # Boxes hold the room for descenders; a touch of it is none of letters.
    assert [(a, b) for (a, box_a), (b, box_b) in combinations(texts, 2) if overlap_px(box_a, box_b) > 2.5] == []


def test_any_name_can_be_printed(scan):
    title = "Études $x_1$ 心臓 \U0001f9e0 " + "averyveryverylongname_" * 9
    content, pictures = page_of(scan, make_measurement(), title)
    with report_style():
        figure = make_page(content, pictures)
        shown = [text for text, _ in texts_of(figure) if text.startswith("Études $x_1$ \N{REPLACEMENT CHARACTER}")]
    assert len(shown) == 1
    assert "…" in shown[0]


def test_it_is_one_page_of_a4(written):
    content = written.pdf.read_bytes()
    assert len(re.findall(rb"/Type /Page\b", content)) == 1
    box = re.search(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", content)
    sides_mm = [float(side) * 25.4 / 72 for side in box.groups()]
    assert sides_mm == pytest.approx([210, 297], abs=0.1)


def test_another_reader_finds_the_numbers(written):
    text = read_pdf(written.pdf)
    for line in (
        "End-diastolic volume 130 140 mL 68 73 mL/m²",
        "End-systolic volume 52 63 mL 27 33 mL/m²",
        "Stroke volume 78 77 mL 40 40 mL/m²",
        "Ejection fraction 60 55 %",
        "Cardiac output 5.2 5.2 L/min 2.7 2.7 L/min/m²",
        "Myocardial mass at ED 126 g 65 g/m²",
        "178 cm, 75 kg, BSA 1.93 m²",
        "phases 0 and 3, from the LV volumes",
        "6 of 6 at ED, 5 of 6 at ES",
        FLAGS[0].text,
    ):
        assert line in text
    assert text.count("Research use only; not a medical device.") == 2
    assert "weights acdc_roi (sha256 1f2e3d4c5b6a)" in text


def test_the_same_content_gives_the_same_file(scan):
    content, pictures = page_of(scan, make_measurement())
    first, second = (make_pdf(content, pictures, dpi=60) for _ in range(2))
    assert first == second


def test_drawing_leaves_the_settings_of_matplotlib_alone(scan):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with report_style():
        make_page(*page_of(scan, make_measurement()))
    assert dict(mpl.rcParams) == before
