"""The report as one A4 page of PDF."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_scribbleseg.api.report import layout as page
from napari_scribbleseg.api.report.bulls_eye import paint_bulls_eye
from napari_scribbleseg.api.report.content import HEADS, NO_FLAGS, Content, Row
from napari_scribbleseg.api.report.curve import paint_curve
from napari_scribbleseg.api.report.layout import GAP_MM, LEFT, PAGE_HEIGHT, PAGE_WIDTH, TOP, WIDTH, Layout
from napari_scribbleseg.api.report.montage import paint_montage
from napari_scribbleseg.api.report.sheet import Sheet, line_mm, new_sheet, write
from napari_scribbleseg.api.report.style import AMBER, COLOURS, DIM, GREEN, INK, LINE, TINT, report_style, shorten, wrap
from napari_scribbleseg.labels import LV, RV

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_scribbleseg.cardiac.measurement import Measurement
    from napari_scribbleseg.labels import LabelMap
    from napari_scribbleseg.types import Cine

_EDGES = (41.0, 50.5, 69.5, 81.5)
"""Right edges of the table's numbers; units stand to the right of the second and the fourth."""
_ROW_MM = 6.3


@dataclass(frozen=True, eq=False)
class Pictures:
    """What is painted on a page, with all it needs.

    Attributes
    ----------
    cine : Cine
    mask : uint8 (t, z, y, x), training codes
    measurement : Measurement
    """

    cine: Cine
    mask: LabelMap
    measurement: Measurement

    def curve(self, sheet: Sheet) -> None:
        """Paint volumes over time."""
        paint_curve(sheet, self.measurement)

    def bulls_eye(self, sheet: Sheet) -> None:
        """Paint wall thickness."""
        paint_bulls_eye(sheet, self.measurement.bulls_eye)

    def montage(self, sheet: Sheet) -> None:
        """Paint the slices with their contours."""
        paint_montage(sheet, self.cine, self.mask, self.measurement)


def make_pdf(content: Content, pictures: Pictures, dpi: int = 250) -> bytes:
    """Return the page as a PDF file's content.

    Parameters
    ----------
    content : its words
    pictures : its pictures
    dpi : of the slices
    """
    file = io.BytesIO()
    with report_style():
        named = {"Title": f"{content.title}: {content.scan}", "Creator": content.version, "CreationDate": None}
        make_page(content, pictures).savefig(file, format="pdf", dpi=dpi, metadata=named)
    return file.getvalue()


def make_page(content: Content, pictures: Pictures) -> Figure:
    """Return the page as a figure; to be called and saved within `style.report_style`."""
    whole, layout = new_sheet(PAGE_WIDTH, PAGE_HEIGHT), page.lay_out(content)
    y = TOP
    for height, gap, paint in (
        (page.HEAD_MM, 0, lambda sheet: _paint_head(sheet.canvas(), content)),
        (page.FACTS_MM, 0, lambda sheet: _paint_facts(sheet.canvas(), content)),
        (layout.flags_mm, GAP_MM, lambda sheet: _paint_flags(sheet.canvas(), layout)),
        (page.NUMBERS_MM, GAP_MM, lambda sheet: _paint_numbers(sheet, content, pictures)),
        (layout.bulls_eye_mm, GAP_MM, pictures.bulls_eye),
        (layout.montage_mm, GAP_MM, pictures.montage),
        (layout.methods_mm, GAP_MM, lambda sheet: _paint_methods(sheet.canvas(), layout)),
        (page.FOOT_MM, 0, lambda sheet: _paint_foot(sheet.canvas(), content)),
    ):
        paint(whole.part(LEFT, y, WIDTH, height))
        y += height + gap
    return whole.figure


def _paint_numbers(sheet: Sheet, content: Content, pictures: Pictures) -> None:
    _paint_table(sheet.part(0, 0, page.TABLE_WIDTH, sheet.height).canvas(), content)
    pictures.curve(sheet.part(WIDTH - page.CURVE_WIDTH, 0, page.CURVE_WIDTH, sheet.height))


def _paint_head(canvas: Axes, content: Content) -> None:
    write(canvas, 0, 5.2, content.title, 15, INK, weight="bold")
    write(canvas, 0, 10.6, shorten(content.scan, WIDTH - 70, 8.5), 8.5, DIM)
    write(canvas, WIDTH, 4.6, content.notice, 7, INK, ha="right", weight="bold")
    write(canvas, WIDTH, 10.6, f"{content.version}, {content.created}", 7, DIM, ha="right")
    canvas.plot([0, WIDTH], [12.8, 12.8], color=INK, linewidth=0.8)


def _paint_facts(canvas: Axes, content: Content) -> None:
    width = WIDTH / 3
    for i, (label, value) in enumerate(content.facts):
        x, y = (i % 3) * width, 2.6 + (i // 3) * 7.2
        write(canvas, x, y, label, 6, DIM)
        write(canvas, x, y + 3.4, shorten(value, width - 2, 7.5), 7.5, INK)


def _paint_flags(canvas: Axes, layout: Layout) -> None:
    from matplotlib.patches import Rectangle

    height = layout.flags_mm
    warned = any(severity == "warning" for severity, _ in layout.flags)
    colour = AMBER if warned else DIM if layout.flags else GREEN
    canvas.add_patch(Rectangle((0, 0), WIDTH, height, facecolor=TINT, edgecolor="none"))
    canvas.add_patch(Rectangle((0, 0), 1.0, height, facecolor=colour, edgecolor="none"))
    lines = [(severity, line) for severity, lines in layout.flags for line in lines] or [("note", NO_FLAGS)]
    if layout.more_flags:
        lines.append(("note", f"… and {layout.more_flags} more, in indices.json."))
    for i, (severity, line) in enumerate(lines):
        y = 1.5 + (i + 0.75) * line_mm(page.FLAG_PT)
        write(canvas, 3, y, line, page.FLAG_PT, INK if severity == "warning" else DIM)


def _paint_table(canvas: Axes, content: Content) -> None:
    y = 3.2
    for edge, head in zip(_EDGES, HEADS, strict=True):
        colour = COLOURS[LV if head.startswith("LV") else RV]
        write(canvas, edge, y, head, 7, colour, ha="right", weight="bold")
    canvas.plot([0, page.TABLE_WIDTH], [y + 1.8, y + 1.8], color=INK, linewidth=0.6)
    for row in content.rows:
        y += _ROW_MM
        _paint_row(canvas, row, y)
    for i, line in enumerate(wrap(content.note, page.TABLE_WIDTH, 6.2)):
        write(canvas, 0, y + 6.5 + i * line_mm(6.2), line, 6.2, DIM)


def _paint_row(canvas: Axes, row: Row, y: float) -> None:
    weight = "bold" if row.strong else "normal"
    write(canvas, 0, y, row.name, 7, INK, weight=weight)
    # In the order in which a line is read, so that copied text is too.
    for i, (edge, text) in enumerate(zip(_EDGES, row.cells, strict=True)):
        write(canvas, edge, y, text, 8, INK, ha="right", weight=weight)
        if i % 2:
            write(canvas, edge + 1.2, y, row.unit if i == 1 else row.unit_indexed, 6, DIM)
    canvas.plot([0, page.TABLE_WIDTH], [y + 1.9, y + 1.9], color=LINE, linewidth=0.5)


def _paint_methods(canvas: Axes, layout: Layout) -> None:
    write(canvas, 0, 3.2, "How each number was made", 7, INK, weight="bold")
    width = (WIDTH + page.METHOD_GAP) / page.METHOD_COLUMNS
    for i, column in enumerate(layout.methods):
        for j, line in enumerate(column):
            mark, text = line.split("\t", 1)
            y = page.SECTION_MM + (j + 0.6) * page.method_line_mm(layout.method_pt)
            write(canvas, i * width, y, mark, layout.method_pt, DIM)
            write(canvas, i * width + 2.5, y, text, layout.method_pt, DIM)


def _paint_foot(canvas: Axes, content: Content) -> None:
    canvas.plot([0, WIDTH], [1.5, 1.5], color=LINE, linewidth=0.6)
    write(canvas, 0, 5.2, f"{content.notice} Numbers in full: indices.json and indices.csv.", 6.2, DIM)
    write(canvas, WIDTH, 5.2, content.version, 6.2, DIM, ha="right")
