"""The report on ventricular function: a page in Markdown, figures, and the numbers as CSV and JSON."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.bench.function.agreement import Agreement, find_agreement, pairs
from napari_scribbleseg.bench.function.figures import draw_bland_altman, draw_correlation
from napari_scribbleseg.bench.function.indices import INDICES, Compared, Index
from napari_scribbleseg.bench.records import write_csv, write_json
from napari_scribbleseg.bench.report.markdown import make_table
from napari_scribbleseg.bench.report.wording import EMPTY, count, tell_range
from napari_scribbleseg.cardiac import to_plain

PAGE, PATIENTS, SUMMARY = "report.md", "patients.csv", "function.json"
CAPTIONS = {
    "bland_altman": "Difference over mean, a point for each patient. Solid: bias; dashed: limits of agreement, bias ± "
    "1.96 sd.",
    "correlation": "Our values over those of the experts' masks; on the line they are equal.",
}


@dataclass(frozen=True)
class FunctionReport:
    """What was written.

    Attributes
    ----------
    page : Path
        Markdown.
    files : tuple of Path
        All files, the page first.
    findings : tuple of str
        Sentences in Markdown.
    summary : dict
        What the JSON file holds.
    """

    page: Path
    files: tuple[Path, ...]
    findings: tuple[str, ...]
    summary: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {"files": [str(path) for path in self.files], "findings": list(self.findings), **self.summary}


def write_function_report(out: Path, header: dict[str, Any], rows: Sequence[Compared]) -> FunctionReport:
    """Write page, figures and tables; nothing in them shows a patient's image.

    Parameters
    ----------
    out : folder; made if it does not exist
    header, rows : what `run_function` returns

    Raises
    ------
    OSError
        When the report cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    found = {index: find_agreement(*pairs(rows, index)) for index in INDICES}
    findings = tuple(_find(header, rows, found))
    has_figures = importlib.util.find_spec("matplotlib") is not None
    drawn = [*draw_bland_altman(out, rows), *draw_correlation(out, rows)] if has_figures else []
    summary = _summarise(header, rows, found)
    write_json(out / SUMMARY, summary)
    write_csv(out / PATIENTS, *_sheet(rows))
    page = "\n".join(_page(header, rows, found, findings, drawn)) + "\n"
    write_atomically(out / PAGE, page.encode())
    files = (out / PAGE, out / PATIENTS, out / SUMMARY, *drawn)
    return FunctionReport(out / PAGE, files, findings, summary)


Found = dict[Index, Agreement]


def _find(header: dict[str, Any], rows: Sequence[Compared], found: Found) -> Iterator[str]:
    for index, agreement in found.items():
        if index.aim_mae is not None:
            verdict = "reached" if agreement.mae <= index.aim_mae else "missed"
            yield (
                f"{index.title}: mean absolute error **{_tell(agreement.mae)} {index.difference_unit}** "
                f"(aim ≤ {index.aim_mae:g}: {verdict})."
            )
        if index.aim_r is not None:
            verdict = "reached" if agreement.r >= index.aim_r else "missed"
            yield f"{index.title}: Pearson r **{_tell_r(agreement.r)}** (aim ≥ {_tell_r(index.aim_r)}: {verdict})."
    if header["shipped"]:
        yield (
            "The weights that come with the program were trained on the strokes of patients 1–80: for these, the "
            "agreement is not that with patients never seen."
        )
    lost = [row.patient for row in rows if not all(math.isfinite(row.ours[index.key]) for index in INDICES)]
    if lost:
        yield f"Some indices are missing, for want of a ventricle in our mask, for {tell_range(lost)}."


def _page(
    header: dict[str, Any], rows: Sequence[Compared], found: Found, findings: Sequence[str], drawn: Sequence[Path]
) -> Iterator[str]:
    yield from ("# Ventricular function without a stroke", "")
    yield (
        f"{count(len(rows), 'patient')} of ACDC ({tell_range(header['patients'])}), at the phases that Info.cfg names. "
        f"{_POST[header['post']]} {_conditions(header)}"
    )
    yield from ("", *(f"- {finding}" for finding in findings), "")
    for name, caption in CAPTIONS.items():
        if any(path.stem == name for path in drawn):
            yield from (f"![{name}]({name}.png)", "", f"*{caption}*", "")
    yield from ("## Agreement", "", *_agreement_table(found), "")
    yield from ("## Patient by patient", "", "Ours / expert.", "", *_patient_table(rows), "", *_EXPLANATION)


_POST = {
    True: "Masks are post-processed as in the window.",
    False: "Masks are taken as they are, without post-processing.",
}
_EXPLANATION = (
    "## How",
    "",
    "Weights segment both phases of each patient; nobody draws. Ours and the experts' masks are measured alike, by "
    "`cardiac.measure_heart`: sums over slices, papillary muscles in the cavity, mass at ED × 1.05 g/mL. Bias is the "
    "mean of ours − expert with its 95 % t interval; limits of agreement are bias ± 1.96 sd (Bland & Altman, Lancet "
    "1986). For comparison, readers of different hospitals differ by 15–28 mL in EDV and by 4.6–7.5 points in EF.",
)


def _conditions(header: dict[str, Any]) -> str:
    weights = header["weights"]
    name = f"{weights['name']}, " if weights["name"] else ""
    return (
        f"Weights {name}sha256 {weights['sha256'][:12]}, {weights['method']} after {weights['step']} steps. "
        f"{header['machine']['processor']}, torch {header['versions']['torch']}."
    )


def _agreement_table(found: Found) -> Iterator[str]:
    head = ("", "patients", "mean absolute error", "bias (95 % interval)", "limits of agreement", "Pearson r")

    def cells(index: Index, agreement: Agreement) -> Iterator[str]:
        yield f"{index.title}, {index.unit}"
        yield str(agreement.n)
        yield _tell(agreement.mae)
        yield f"{_signed(agreement.bias)} ({_span(agreement.bias_low, agreement.bias_high)})"
        yield _span(agreement.limits_low, agreement.limits_high)
        yield _tell_r(agreement.r)

    return make_table(head, (cells(*item) for item in found.items()))


def _patient_table(rows: Sequence[Compared]) -> Iterator[str]:
    head = ("patient", "group", *(f"{index.title}, {index.unit}" for index in INDICES), "flags")

    def cells(row: Compared) -> Iterator[str]:
        yield from (str(row.patient), row.group)
        yield from (f"{_tell(row.ours[index.key])} / {_tell(row.truth[index.key])}" for index in INDICES)
        yield ", ".join(row.flags) or EMPTY

    return make_table(head, map(cells, rows), left=2)


def _sheet(rows: Sequence[Compared]) -> tuple[list[str], list[list[Any]]]:
    names = [f"{name}_{index.key}" for index in INDICES for name in ("ours", "expert")]
    lines = []
    for row in rows:
        values = [value for index in INDICES for value in (row.ours[index.key], row.truth[index.key])]
        told = ["" if not math.isfinite(value) else round(value, 3) for value in values]
        lines.append([row.patient, row.group, *told, " ".join(row.flags), round(row.seconds, 3)])
    return ["patient", "group", *names, "flags", "seconds"], lines


def _summarise(header: dict[str, Any], rows: Sequence[Compared], found: Found) -> dict[str, Any]:
    agreement = {
        index.key: {name: _rounded(value) for name, value in asdict(of).items()} for index, of in found.items()
    }
    aims = {
        index.key: {"mae": index.aim_mae, "r": index.aim_r, "reached": _is_reached(index, found[index])}
        for index in INDICES
        if index.aim_mae is not None
    }
    return {**header, "agreement": agreement, "aims": aims, "values": [to_plain(_plain_row(row)) for row in rows]}


def _plain_row(row: Compared) -> dict[str, Any]:
    return {"patient": row.patient, "group": row.group, "ours": row.ours, "expert": row.truth, "flags": row.flags}


def _is_reached(index: Index, agreement: Agreement) -> bool:
    assert index.aim_mae is not None
    return agreement.mae <= index.aim_mae and (index.aim_r is None or agreement.r >= index.aim_r)


def _rounded(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _tell(value: float) -> str:
    return f"{value:.1f}".replace("-", "−") if math.isfinite(value) else EMPTY


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−") if math.isfinite(value) else EMPTY


def _span(low: float, high: float) -> str:
    return f"{_signed(low)} to {_signed(high)}" if math.isfinite(low) else EMPTY


def _tell_r(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1) if math.isfinite(value) else EMPTY
