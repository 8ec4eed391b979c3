"""What a report's page says, worked out once for HTML and PDF."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import napari_scribbleseg
from napari_scribbleseg.api.provenance import RESEARCH_USE
from napari_scribbleseg.api.report.wording import SPREAD, UNKNOWN, tell_number, tell_origin
from napari_scribbleseg.cardiac.measurement import Flag, Ventricle

if TYPE_CHECKING:
    from napari_scribbleseg.cardiac.measurement import Measurement, PhaseSource
    from napari_scribbleseg.types import Cine

TITLE = "Ventricular function"
NO_FLAGS = "No quality flag was raised."
HEADS = ("LV", "RV", "LV / m²", "RV / m²")

_SOURCES: Mapping[PhaseSource, str] = {
    "volumes": "from the LV volumes",
    "chosen": "chosen by hand",
    "Info.cfg": "from Info.cfg",
}


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes
    ----------
    name, short : str
        "End-diastolic volume" and "EDV".
    lv, rv, unit : str
    lv_indexed, rv_indexed, unit_indexed : str
        Divided by the body surface area; a dash where that is unknown, "" where it makes no sense.
    strong : bool
        Whether it is what a reader looks for first.
    """

    name: str
    short: str
    lv: str
    rv: str
    unit: str
    lv_indexed: str = ""
    rv_indexed: str = ""
    unit_indexed: str = ""
    strong: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the numbers that stand below `HEADS`."""
        return self.lv, self.rv, self.lv_indexed, self.rv_indexed


@dataclass(frozen=True)
class Content:
    """All words and numbers of a page.

    Attributes
    ----------
    title, scan : str
        Heading, and the name of the scan or of its content where it must not be named.
    version, created : str
    facts : tuple of (label, value)
        Scan, phases, heart rate, body.
    rows : tuple of Row
    note : str
        Below the table.
    flags : tuple of Flag
    methods : tuple of str
        How each number was made.
    origin : str
        Who made the mask.
    notice : str
    has_bulls_eye : bool
    """

    title: str
    scan: str
    version: str
    created: str
    facts: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    note: str
    flags: tuple[Flag, ...]
    methods: tuple[str, ...]
    origin: str
    notice: str = RESEARCH_USE
    has_bulls_eye: bool = True


def make_content(
    cine: Cine, measurement: Measurement, origin: Mapping[str, Any], *, anonymise: bool = False
) -> Content:
    """Return what the page of a scan says.

    Parameters
    ----------
    cine : the scan
    measurement : Measurement
    origin : of `describe_origin`
    anonymise : name no file
    """
    return Content(
        title=TITLE,
        scan=cine.case if anonymise else cine.title or cine.case,
        version=f"napari-scribbleseg {napari_scribbleseg.__version__}",
        created=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        facts=list_facts(cine, measurement),
        rows=list_rows(measurement),
        note=SPREAD,
        flags=_all_flags(cine, measurement),
        methods=measurement.conventions,
        origin=tell_origin(origin, anonymise=anonymise),
        has_bulls_eye=measurement.bulls_eye is not None,
    )


def _all_flags(cine: Cine, measurement: Measurement) -> tuple[Flag, ...]:
    """Return the flags of mask and scan, notes last: a page that has no room for all leaves out the last."""
    flags = (*measurement.flags, *(Flag("scan", text) for text in scan_warnings(cine)))
    return tuple(sorted(flags, key=lambda flag: flag.severity == "note"))


def scan_warnings(cine: Cine) -> tuple[str, ...]:
    """Return what was odd when the scan was read, such as missing slices of a DICOM series."""
    told = getattr(cine.header, "warnings", ())
    return tuple(map(str, told)) if isinstance(told, tuple | list) else ()


def list_rows(measurement: Measurement) -> tuple[Row, ...]:
    """Return the table's lines, with the digits of a page; of a ventricle that is nowhere in the mask, dashes."""
    lv, rv, n = _if_there(measurement.lv), _if_there(measurement.rv), tell_number
    volumes = (
        ("End-diastolic volume", "EDV", "edv_ml"),
        ("End-systolic volume", "ESV", "esv_ml"),
        ("Stroke volume", "SV", "sv_ml"),
    )
    listed = [
        Row(
            name,
            short,
            n(getattr(lv, key)),
            n(getattr(rv, key)),
            "mL",
            n(getattr(lv, f"{key}_per_m2")),
            n(getattr(rv, f"{key}_per_m2")),
            "mL/m²",
        )
        for name, short, key in volumes
    ]
    outputs = n(lv.output_l_per_min, 1), n(rv.output_l_per_min, 1)
    indices = n(lv.output_l_per_min_per_m2, 1), n(rv.output_l_per_min_per_m2, 1)
    mass, mass_index = n(measurement.lv_mass_g), n(measurement.lv_mass_g_per_m2)
    return (
        *listed,
        Row("Ejection fraction", "EF", n(lv.ef_percent), n(rv.ef_percent), "%", strong=True),
        Row("Cardiac output", "CO", *outputs, "L/min", *indices, "L/min/m²"),
        Row("Myocardial mass at ED", "", mass, "", "g", mass_index, "", "g/m²"),
    )


def _if_there(ventricle: Ventricle) -> Ventricle:
    nowhere = ventricle.edv_ml == 0 and not ventricle.esv_ml > 0
    return Ventricle(math.nan, math.nan, math.nan, None) if nowhere else ventricle


def list_facts(cine: Cine, measurement: Measurement) -> tuple[tuple[str, str], ...]:
    """Return what was measured, when in the cycle, and in whom."""
    n_t, n_z, n_y, n_x = cine.shape
    step_z, step_y, step_x = cine.spacing_mm
    phases = f"{n_t} phases" if n_t > 1 else "1 phase"
    frame_ms = measurement.curves.frame_ms
    return (
        ("Scan", f"{n_z} slices every {step_z:.3g} mm, {phases}{f' of {frame_ms:.0f} ms' if frame_ms else ''}"),
        ("Pixels", f"{n_y} × {n_x}, {step_y:.3g} × {step_x:.3g} mm"),
        ("ED and ES", _tell_phases(measurement)),
        ("Slices counted", _tell_slices(measurement)),
        ("Heart rate", _with_unit(measurement.heart_rate_bpm, "beats/min")),
        ("Body", _tell_body(measurement)),
    )


def _tell_phases(measurement: Measurement) -> str:
    p = measurement.phases
    if p.ed == p.es:
        return f"phase {p.ed}, the only one measured"
    if p.ed_source == p.es_source:
        return f"phases {p.ed} and {p.es}, {_SOURCES[p.ed_source]}"
    return f"phase {p.ed} ({_SOURCES[p.ed_source]}) and {p.es} ({_SOURCES[p.es_source]})"


def _tell_slices(measurement: Measurement) -> str:
    told = []
    moments = {measurement.phases.es: "ES", measurement.phases.ed: "ED"}
    for t, name in reversed(moments.items()):
        counted = [counts for at, _, counts in measurement.slices if at == t]
        told.append(f"{sum(counted)} of {len(counted)} at {name}")
    return ", ".join(told)


def _tell_body(measurement: Measurement) -> str:
    body = measurement.body
    sizes = [_with_unit(body.height_cm, "cm"), _with_unit(body.weight_kg, "kg")]
    known = [size for size in sizes if size != UNKNOWN]
    surface = f"BSA {body.surface_m2:.2f} m²" if body.surface_m2 is not None else "BSA unknown"
    return ", ".join([*known, surface])


def _with_unit(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{tell_number(value)} {unit}"
