"""The numbers of a report for machines: one JSON object, and one line of CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import napari_scribbleseg
from napari_scribbleseg.api.provenance import RESEARCH_USE, array_sha256
from napari_scribbleseg.api.report.content import scan_warnings
from napari_scribbleseg.cardiac.conventions import METHOD
from napari_scribbleseg.labels import LabelMap

if TYPE_CHECKING:
    from napari_scribbleseg.cardiac.measurement import Measurement
    from napari_scribbleseg.types import Cine

FORMAT = "napari-scribbleseg-report"
VERSION = 1

_VENTRICLE = (
    "edv_ml",
    "esv_ml",
    "sv_ml",
    "ef_percent",
    "output_l_per_min",
    "edv_ml_per_m2",
    "esv_ml_per_m2",
    "sv_ml_per_m2",
    "output_l_per_min_per_m2",
)
_SEGMENTS = 16
"""The apical cap, segment 17, is never in short-axis slices."""

_FORMULA = ("=", "+", "-", "@")


def describe_report(
    cine: Cine, mask: LabelMap, measurement: Measurement, origin: Mapping[str, Any], *, anonymise: bool = False
) -> dict[str, Any]:
    """Return the object of `indices.json`; docs/report.md names every entry.

    Parameters
    ----------
    cine : the scan
    mask : uint8 (t, z, y, x), training codes
    measurement : of this mask
    origin : of `describe_origin`, without what must not be told
    anonymise : leave out the scan's title
    """
    from napari_scribbleseg.io import fingerprint

    title = {} if anonymise else {"title": cine.title or cine.case}
    return {
        "format": FORMAT,
        "version": VERSION,
        "notice": RESEARCH_USE,
        "app_version": napari_scribbleseg.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "scan": {
            **title,
            "case": cine.case,
            "fingerprint": fingerprint(cine),
            "shape_tzyx": list(cine.shape),
            "spacing_mm_zyx": [round(float(mm), 4) for mm in cine.spacing_mm],
            "frame_ms": cine.frame_ms,
            "warnings": list(scan_warnings(cine)),
        },
        "mask": {**origin, "sha256": array_sha256(mask)},
        "measurement": measurement.to_json() | {"body_surface_m2": measurement.body.surface_m2},
        "method": dict(METHOD),
    }


def make_line(
    cine: Cine, measurement: Measurement, origin: Mapping[str, Any], *, anonymise: bool = False
) -> dict[str, Any]:
    """Return the line of `indices.csv`: column → value, None where it is not known. Units stand in the names."""
    phases, body, eye, weights = measurement.phases, measurement.body, measurement.bulls_eye, origin.get("weights")
    ventricles = (("lv", measurement.lv), ("rv", measurement.rv))
    line: dict[str, Any] = {
        "scan": cine.case if anonymise else cine.title or cine.case,
        "ed_phase": phases.ed,
        "es_phase": phases.es,
        "ed_source": phases.ed_source,
        "es_source": phases.es_source,
        **{f"{side}_{key}": getattr(ventricle, key) for side, ventricle in ventricles for key in _VENTRICLE},
        "lv_mass_g": measurement.lv_mass_g,
        "lv_mass_g_per_m2": measurement.lv_mass_g_per_m2,
        "heart_rate_bpm": measurement.heart_rate_bpm,
        "height_cm": body.height_cm,
        "weight_kg": body.weight_kg,
        "bsa_m2": body.surface_m2,
        "slices_counted_ed": _counted(measurement, phases.ed),
        "slices_counted_es": _counted(measurement, phases.es),
    }
    for column in ("ed_mm", "es_mm", "thickening_percent"):
        for segment in range(_SEGMENTS):
            value = getattr(eye, column)[segment] if eye is not None else None
            line[f"wall_{column}_s{segment + 1:02d}"] = value
    return line | {
        "flags": ";".join(flag.code for flag in measurement.flags),
        "mask_made_by": origin.get("made_by"),
        "weights": (weights or {}).get("name"),
        "weights_sha256": (weights or {}).get("sha256"),
        "app_version": napari_scribbleseg.__version__,
    }


def to_csv(lines: Iterable[Mapping[str, Any]]) -> str:
    """Return lines of equal columns as CSV with a header; an unknown number is an empty cell.

    Numbers have three decimals at most. A text that a spreadsheet would take for a formula gets an apostrophe.
    """
    listed = list(lines)
    content = io.StringIO()
    writer = csv.DictWriter(content, list(listed[0]) if listed else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: _cell(value) for column, value in line.items()} for line in listed)
    return content.getvalue()


def _counted(measurement: Measurement, t: int) -> int:
    return sum(counts for at, _, counts in measurement.slices if at == t)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else None
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
