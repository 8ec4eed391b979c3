"""What the commands do and say, for both command lines: the package's own, and the one for bare machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_scribbleseg.bench.annotate.request import AnnotateRequest
from napari_scribbleseg.bench.function.request import FunctionRequest
from napari_scribbleseg.bench.overview import Listen
from napari_scribbleseg.bench.request import Request, parse_numbers
from napari_scribbleseg.bench.rows import GROUPS, ROWS, SECTIONS, choose_rows

OK, FAILED, INTERRUPTED = 0, 1, 130


@dataclass(frozen=True)
class Answer:
    """What a command has to say: as a JSON object, in lines for a person, and as an exit code."""

    values: dict[str, Any]
    lines: Sequence[str]
    code: int = OK


def run(request: Request, listen: Listen) -> Answer:
    """Run a benchmark; 1 where a cell failed, 130 where it was interrupted."""
    from napari_scribbleseg.bench.run import INTERRUPTED as WAS_INTERRUPTED
    from napari_scribbleseg.bench.run import run_bench

    summary = run_bench(request, listen)
    first = f"{summary['done']} of {summary['cells']} cells done after {summary['seconds']} s ({summary['reason']})."
    failures = [f"{name} failed: {why}" for name, why in summary["failed"].items()]
    left = [f"{len(summary['left'])} cells are left; the same command goes on with them."] if summary["left"] else []
    code = INTERRUPTED if summary["reason"] == WAS_INTERRUPTED else FAILED if failures else OK
    return Answer(summary, [first, *failures, *left], code)


def annotate(request: AnnotateRequest, listen: Callable[[int, int, str], None]) -> Answer:
    """Hold sittings of simulated annotators and report on all; 1 where one failed, 130 where it was interrupted."""
    from napari_scribbleseg.bench.annotate import run as sittings

    summary = sittings.run_annotate(request, listen)
    first = f"{summary['done']} of {summary['sittings']} sittings done after {summary['seconds']} s."
    failures = [f"{name} failed: {why}" for name, why in summary["failed"].items()]
    left = [f"{len(summary['left'])} sittings are left; the same command goes on with them."] if summary["left"] else []
    told = annotate_report(request.out).lines if summary["done"] else []
    code = INTERRUPTED if summary["reason"] == sittings.INTERRUPTED else FAILED if failures else OK
    return Answer(summary, [first, *failures, *left, *told], code)


def annotate_report(folder: Path, out: Path | None = None) -> Answer:
    """Write the report on simulated annotators beside their results, or elsewhere."""
    from napari_scribbleseg.bench.annotate.report import write_annotate_report

    written = write_annotate_report(folder, out)
    return Answer(written.to_json(), [*written.findings, f"{written.page} written."])


def function(request: FunctionRequest, listen: Callable[[int, int, str], None]) -> Answer:
    """Measure ventricular function from predicted masks beside that from experts' masks, and report on it."""
    from napari_scribbleseg.bench.function.report import write_function_report
    from napari_scribbleseg.bench.function.run import run_function

    written = write_function_report(request.out, *run_function(request, listen))
    return Answer(written.to_json(), [*written.findings, f"{written.page} written."])


def report(folder: Path, scans: bool = True) -> Answer:
    """Write the report of a benchmark beside its results."""
    from napari_scribbleseg.bench.report import write_report

    written = write_report(folder, show_scans=scans)
    return Answer(written.to_json(), [*written.findings, *written.gaps, f"{written.page} written."])


def pack(acdc: Path, out: Path, patients: str | None, bits: int, resolution: str) -> Answer:
    """Write patients into one small file."""
    from napari_scribbleseg.bench.pack import write_pack

    numbers = None if patients is None else parse_numbers(patients, "Patients")
    packed = write_pack(acdc, out, numbers, bits, resolution)
    values = {"pack": str(out), "patients": packed.n_patients, "bytes": packed.size_bytes}
    return Answer(values, [f"{out} written: {packed.n_patients} patients in {packed.size_bytes / 1e6:.1f} MB."])


def list_rows(methods: str = "all") -> Answer:
    """List the rows of the tables, and the groups that name several."""
    rows = choose_rows(methods)
    values = [
        {"key": row.key, "title": row.title, "section": row.section, "options": dict(row.options)} for row in rows
    ]
    lines = []
    for section, title in SECTIONS.items():
        found = [f"  {row.key:<22} {row.title}" for row in rows if row.section == section]
        lines += [f"{title} ({section})", *found] if found else []
    groups = {name: [row.key for row in ROWS if row.section in sections] for name, sections in GROUPS.items()}
    return Answer({"rows": values, "groups": groups}, [*lines, f"Groups: {', '.join(groups)}"])
