"""The report as one HTML file that needs nothing else: pictures are in it, and it prints on one A4 page."""

from __future__ import annotations

import base64
from pathlib import Path

from napari_scribbleseg.api.report import layout as page
from napari_scribbleseg.api.report.bulls_eye import NO_BULLS_EYE
from napari_scribbleseg.api.report.content import HEADS, NO_FLAGS, Content
from napari_scribbleseg.api.report.montage import list_moments, montage_height, plan_montage
from napari_scribbleseg.api.report.pdf import Pictures
from napari_scribbleseg.api.report.sheet import render
from napari_scribbleseg.api.report.wording import tell_number

_FOLDER = Path(__file__).parent


def make_html(content: Content, pictures: Pictures) -> str:
    """Return the page as HTML.

    Whatever a file name or a flag holds is shown as text, never taken for markup; the page may load nothing.

    Parameters
    ----------
    content : its words
    pictures : its pictures
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    layout = page.lay_out(content)
    montage_mm = _montage_height(pictures, layout.montage_mm)
    return environment.get_template("page.html.jinja").render(
        content=content,
        layout=layout,
        css=_css(),
        heads=HEADS,
        no_flags=NO_FLAGS,
        most_lines=page.MOST_SENTENCE_LINES,
        flags_class=_class_of_flags(content),
        curve=_inline(render(pictures.curve, page.CURVE_WIDTH, page.NUMBERS_MM, "svg"), "svg+xml"),
        curve_alt=_tell_curve(pictures),
        bulls_eye=_inline(render(pictures.bulls_eye, page.WIDTH, layout.bulls_eye_mm, "svg"), "svg+xml"),
        bulls_eye_alt=_tell_bulls_eye(pictures),
        montage=_inline(render(pictures.montage, page.WIDTH, montage_mm, "png"), "png"),
        montage_alt=_tell_montage(pictures),
    )


def _css() -> str:
    from markupsafe import Markup

    return Markup((_FOLDER / "page.css").read_text(encoding="utf-8"))


def _class_of_flags(content: Content) -> str:
    if not content.flags:
        return "none"
    return "warning" if any(flag.severity == "warning" for flag in content.flags) else "note"


def _inline(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _montage_height(pictures: Pictures, most: float) -> float:
    plan = plan_montage(pictures.cine, pictures.mask, pictures.measurement)
    return montage_height(plan, len(list_moments(pictures.measurement)), page.WIDTH, most)


def _tell_curve(pictures: Pictures) -> str:
    curves, phases = pictures.measurement.curves, pictures.measurement.phases
    lv = ", ".join(tell_number(value) for value in curves.lv_ml)
    return f"Volumes over the cycle; LV in mL, phase by phase: {lv}. ED is phase {phases.ed}, ES is phase {phases.es}."


def _tell_bulls_eye(pictures: Pictures) -> str:
    eye = pictures.measurement.bulls_eye
    if eye is None:
        return NO_BULLS_EYE
    ed, es = (", ".join(tell_number(value) for value in values[:16]) for values in (eye.ed_mm, eye.es_mm))
    return f"Wall thickness in mm by AHA segment, 1 to 16: at ED {ed}; at ES {es}."


def _tell_montage(pictures: Pictures) -> str:
    phases = pictures.measurement.phases
    return f"Slices at ED (phase {phases.ed}) and ES (phase {phases.es}) with contours of LV, epicardium and RV."
