"""The report of a comparison by simulated annotators: a page in Markdown, figures, and the numbers as CSV."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.bench.annotate.figures import ELSEWHERE_AIM, OBEYED_AIM, draw_corrections, draw_curves
from napari_scribbleseg.bench.annotate.method import explain
from napari_scribbleseg.bench.annotate.results import (
    Results,
    Step,
    correction_rows,
    find_lead,
    point_rows,
    read_results,
)
from napari_scribbleseg.bench.annotate.sitting import CORRECTED, NOTHING_DRAWN, THREE
from napari_scribbleseg.bench.annotate.systems import SYSTEMS
from napari_scribbleseg.bench.records import write_csv, write_json
from napari_scribbleseg.bench.report.markdown import make_table
from napari_scribbleseg.bench.report.wording import EMPTY, count, tell_dice, tell_difference, tell_range

OURS = "finetuned"
AIMS = {NOTHING_DRAWN: 0.86, THREE: 0.89, "sparse": 0.91}
"""Mean DSC to reach without a stroke, after three strokes, and after sparse strokes."""
AHEAD = {"none": "before any stroke", "three": "after three strokes", "sparse": "after sparse strokes"}


@dataclass(frozen=True)
class AnnotateReport:
    """What was written.

    Attributes
    ----------
    page : Path
        Markdown.
    files : tuple of Path
        All files, the page first.
    findings : tuple of str
        Sentences in Markdown.
    """

    page: Path
    files: tuple[Path, ...]
    findings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {"files": [str(path) for path in self.files], "findings": list(self.findings)}


def write_annotate_report(folder: Path, out: Path | None = None) -> AnnotateReport:
    """Write page, figures and tables beside the results, finished or not; nothing in them shows a patient's image.

    Parameters
    ----------
    folder : what `bench annotate` wrote
    out : folder for the report; by default `folder/report`

    Raises
    ------
    BenchError
        When there are no results.
    OSError
        When the report cannot be written.
    """
    results = read_results(Path(folder))
    target = Path(out) if out is not None else results.folder / "report"
    target.mkdir(parents=True, exist_ok=True)
    findings = tuple(find(results))
    has_figures = importlib.util.find_spec("matplotlib") is not None
    drawn = [*draw_curves(target, results), *_draw_corrections(target, results)] if has_figures else []
    page = target / "report.md"
    write_atomically(page, ("\n".join(_page(results, findings, drawn)) + "\n").encode())
    tables = [target / "points.csv", target / "corrections.csv", target / "summary.json"]
    for path, rows in zip(tables, (point_rows(results), correction_rows(results)), strict=False):
        columns, *lines = rows
        write_csv(path, columns, lines)
    write_json(tables[2], _summary(results))
    return AnnotateReport(page, (page, *tables, *drawn), findings)


def _draw_corrections(target: Path, results: Results) -> list[Path]:
    has_some = any(results.corrections(entry.key) for entry in results.systems)
    return draw_corrections(target, results) if has_some else []


def find(results: Results) -> Iterator[str]:
    """Yield what the numbers say about our own system, a sentence each, aims that are missed included."""
    for stage, aim in AIMS.items():
        step = _stage(results, OURS, stage)
        if step:
            verdict = "reached" if step["dice"] >= aim else f"missed by {tell_dice(aim - step['dice'])}"
            yield (
                f"Mean DSC {AHEAD[stage]}: **{tell_dice(step['dice'])}** on {count(len(step.patients), 'patient')} "
                f"(aim {tell_dice(aim)}: {verdict})."
            )
    yield from _find_obedience(results)
    leads = [
        (*lead, entry.title)
        for entry in results.systems
        if not entry.learns and (lead := find_lead(results, OURS, entry.key))
    ]
    if leads:
        least, at_s, title = min(leads)
        verb = "ahead of every system without training at every point" if least > 0 else "not ahead at every point"
        yield f"Ours is {verb}; the smallest lead is {tell_difference('dice', least)}, over {title} at {at_s:.0f} s."


def _find_obedience(results: Results) -> Iterator[str]:
    strokes = results.corrections(OURS)
    if not strokes:
        return
    obeyed, elsewhere, seconds = (
        float(np.mean([s[name] for s in strokes])) for name in ("obeyed", "elsewhere", "compute_s")
    )
    done = "reached" if obeyed >= OBEYED_AIM else "missed"
    kept = "reached" if elsewhere >= ELSEWHERE_AIM else "missed"
    yield (
        f"{count(len(strokes), 'corrective stroke')}, {seconds:.1f} s of computing each: **{obeyed:.1%}** of their "
        f"pixels obey (aim {OBEYED_AIM:.0%}: {done}); untouched slices change by {tell_difference('dice', elsewhere)} "
        f"(aim no less than {tell_difference('dice', ELSEWHERE_AIM)}: {kept})."
    )


def _stage(results: Results, system: str, stage: str) -> Step | None:
    if stage == "sparse":
        return results.sparse(system)
    return next((step for step in results.curve(system) if step.stage == stage), None)


def _page(results: Results, findings: Sequence[str], drawn: Sequence[Path]) -> Iterator[str]:
    yield "# Simulated annotators"
    yield ""
    yield (
        f"{count(len(results.patients), 'patient')} of ACDC ({tell_range(results.patients)}), both phases each; "
        f"seed {results.header['seed']}. {_POST[bool(results.header.get('post'))]} {_machine(results)}"
    )
    yield from ("", *(f"- {finding}" for finding in findings), "")
    for name, caption in _PICTURES.items():
        if any(path.stem == name for path in drawn):
            yield from (f"![{name}]({name}.png)", "", f"*{caption}*", "")
    yield from ("## At three budgets", "", *_budget_table(results), "")
    yield from ("## Round by round", "", *_round_table(results), "")
    if any(results.corrections(entry.key) for entry in results.systems):
        yield from ("## Corrective strokes", "", *_correction_table(results), "")
    yield from explain(results.header)


_POST = {
    False: "Masks are taken as they are, without post-processing.",
    True: "The masks of all systems are post-processed as in the window.",
}
_PICTURES = {
    "curves": "Mean DSC (RV, Myo, LV at ED and ES) and error of the ejection fraction, means over patients. Lines: no "
    "stroke where there is a mask without, three strokes, then round by round. Hollow: strokes on every fourth slice.",
    "corrections": "Every corrective stroke, a point each, with the mean. Dashed: what is aimed at.",
}


def _machine(results: Results) -> str:
    machine, versions = results.header["machine"], results.header["versions"]
    threads = count(results.header["threads"], "torch thread")
    weights = results.header.get("weights_sha256")
    origin = f" Weights {weights[:12]}." if weights else ""
    return f"{machine['processor']}, {threads}, torch {versions['torch']}.{origin}"


def _budget_table(results: Results) -> Iterator[str]:
    head = ["", "DSC<br>no stroke", "EF error"]
    for title in ("three strokes", "sparse"):
        head += [f"DSC<br>{title}", "RV", "Myo", "LV", "EF error", "annotation, s", "computing, s"]
    return make_table([*head, "patients"], (_budget_cells(results, entry.key) for entry in results.systems))


def _budget_cells(results: Results, system: str) -> Iterator[str]:
    yield _title(system)
    none, three, sparse = (_stage(results, system, stage) for stage in AIMS)
    yield from (tell_dice(none["dice"]), f"{none['ef_error']:.1f}") if none else (EMPTY, EMPTY)
    for step in (three, sparse):
        if step is None:
            yield from [EMPTY] * 7
            continue
        yield from (tell_dice(step[name]) for name in ("dice", "dice_rv", "dice_myo", "dice_lv"))
        yield from (f"{step[name]:.1f}" for name in ("ef_error", "annotation_s", "compute_s"))
    yield _patients(three, sparse)


def _patients(*steps: Step | None) -> str:
    numbers = sorted({len(step.patients) for step in steps if step})
    return " / ".join(map(str, numbers)) if numbers else EMPTY


def _round_table(results: Results) -> Iterator[str]:
    curves = {entry.key: results.curve(entry.key) for entry in results.systems}
    places = [(NOTHING_DRAWN, 0), (THREE, 0)]
    places += sorted({(s.stage, s.round) for curve in curves.values() for s in curve if s.stage == CORRECTED})
    names = {NOTHING_DRAWN: "no stroke", THREE: "three strokes"}
    head = ["mean DSC<br>(annotation s / EF error)", *(names.get(stage, f"round {number}") for stage, number in places)]

    def cells(key: str, curve: Sequence[Step]) -> Iterator[str]:
        yield _title(key)
        by_place = {(step.stage, step.round): step for step in curve}
        for place in places:
            step = by_place.get(place)
            beside = f"<br><sub>{step['annotation_s']:.0f} s / {step['ef_error']:.1f}</sub>" if step else ""
            yield tell_dice(step["dice"] if step else None) + beside

    return make_table(head, (cells(key, curve) for key, curve in curves.items() if curve))


def _correction_table(results: Results) -> Iterator[str]:
    head = (
        *("", "strokes", "pixels that obey", "strokes obeyed ≥ 98 %", "rest of the mistake follows"),
        *("DSC in the slice", "DSC in untouched slices", "computing, s"),
    )

    def cells(key: str) -> Iterator[str]:
        strokes = results.corrections(key)
        mean = {name: float(np.mean([s[name] for s in strokes])) for name in (*_SHARES, *_CHANGES, "compute_s")}
        yield _title(key)
        yield str(len(strokes))
        yield f"{mean['obeyed']:.1%}"
        yield f"{np.mean([s['obeyed'] >= OBEYED_AIM for s in strokes]):.0%}"
        yield f"{mean['followed']:.1%}"
        yield from (tell_difference("dice", mean[name]) for name in _CHANGES)
        yield f"{mean['compute_s']:.1f}"

    return make_table(head, (cells(entry.key) for entry in results.systems if results.corrections(entry.key)))


_SHARES, _CHANGES = ("obeyed", "followed"), ("here", "elsewhere")


def _title(system: str) -> str:
    title = SYSTEMS[system].title
    return f"**{title}**" if system == OURS else title


def _summary(results: Results) -> dict[str, Any]:
    """Return the means of every system and stage, for whoever reads numbers by program."""
    summary: dict[str, Any] = {"patients": results.patients, "systems": {}}
    for entry in results.systems:
        sparse = results.sparse(entry.key)
        steps = [*results.curve(entry.key), *([sparse] if sparse else [])]
        summary["systems"][entry.key] = [
            {
                "stage": s.stage,
                "round": s.round,
                "patients": len(s.patients),
                **{k: round(v, 5) for k, v in s.values.items()},
            }
            for s in steps
        ]
    return summary
