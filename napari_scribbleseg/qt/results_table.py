"""Results in words: the headline, where ED and ES are, and the table as text for the clipboard; knows no Qt."""

from __future__ import annotations

from napari_scribbleseg.api.report.content import HEADS, list_rows
from napari_scribbleseg.cardiac.measurement import Measurement, PhaseSource
from napari_scribbleseg.qt.heart_mask import Coverage
from napari_scribbleseg.qt.measuring import Results

_SOURCES: dict[PhaseSource, str] = {"volumes": "by volume", "chosen": "chosen", "Info.cfg": "Info.cfg"}


def headline(results: Results) -> str:
    """Return what a heart comes to in a few words, "" where nothing is known."""
    found, coverage = results.certain, results.coverage
    if found is None:
        return so_far(coverage) if results.measurement is not None else ""
    if found.lv.ef_percent is None:
        return ""
    return f"LV EF {found.lv.ef_percent:.0f} %, EDV {found.lv.edv_ml:.0f} mL"


def so_far(coverage: Coverage) -> str:
    """Return how many phases are there."""
    return f"{len(coverage.phases)} of {coverage.n_phases} phases so far"


def phase_text(name: str, t: int, source: PhaseSource) -> str:
    """Return where end-diastole or end-systole is and who said so."""
    return f"{name} t {t} ({_SOURCES[source]})"


def as_text(measurement: Measurement, made_from: str) -> str:
    """Return the table as tab-separated lines for a spreadsheet, with what it stands on below.

    Parameters
    ----------
    measurement : Measurement
    made_from : where the mask comes from, in a sentence
    """
    lines = ["\t".join(("", "unit", *HEADS))]
    lines += ["\t".join((row.short or row.name, row.unit, *row.cells)) for row in list_rows(measurement)]
    flags = [f"Check: {flag.text}" for flag in measurement.flags]
    notice = "Research use only; not a medical device."
    return "\n".join([*lines, "", f"{made_from}.", *measurement.conventions, *flags, notice]) + "\n"
