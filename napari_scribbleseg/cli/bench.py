"""`napari-scribbleseg bench`: the paper's comparison, from the grid of trainings to its tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from napari_scribbleseg.bench.annotate.request import AnnotateRequest
from napari_scribbleseg.bench.function.request import FunctionRequest
from napari_scribbleseg.bench.request import Request
from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import FLAG, Json

if TYPE_CHECKING:
    from napari_scribbleseg.bench.commands import Answer
    from napari_scribbleseg.bench.overview import GridProgress

ABOUT = "Compare methods as the paper does: methods, folds and seeds, on this machine or on a cluster."

EXAMPLES = {
    "": """Examples:

    napari-scribbleseg bench run --acdc ACDC --out small --resolution roi \\
        --folds 1 --steps 200
    napari-scribbleseg bench report small""",
    "run": """Examples:

    napari-scribbleseg bench run --acdc ACDC --out paper
    napari-scribbleseg bench run --acdc ACDC --out small --resolution roi \\
        --methods pce,dmpls,full_sup --folds 1-4 --steps 200 --seeds 0-2
    napari-scribbleseg bench run --pack acdc.h5 --out paper --budget-s 3600
    napari-scribbleseg bench run --acdc ACDC --out paper --gpu-resource \\
        --scheduler tcp://10.0.0.1:8786

The same command goes on where it stopped: cells that are done stay, others go on from their last checkpoint.""",
    "report": """Example:

    napari-scribbleseg bench report paper""",
    "pack": """Example:

    napari-scribbleseg bench pack --acdc ACDC --out acdc.h5""",
    "list": """Example:

    napari-scribbleseg bench list --methods table2""",
    "annotate": """Examples:

    napari-scribbleseg bench annotate --acdc ACDC --out annotated
    napari-scribbleseg bench annotate --acdc ACDC --out annotated \\
        --systems finetuned,random_walker --patients 5,10 --rounds 2 \\
        --weights heart.safetensors

The same command goes on where it stopped: sittings that are done stay.""",
    "annotate-report": """Example:

    napari-scribbleseg bench annotate-report annotated""",
    "function": """Examples:

    napari-scribbleseg bench function --acdc ACDC --out function
    napari-scribbleseg bench function --acdc ACDC --out function \\
        --patients 5,10,15 --weights heart.safetensors""",
}


def build_bench_app() -> App:
    """Return the command `bench` with its own commands."""
    app = App("bench", help=ABOUT, help_epilogue=EXAMPLES[""])
    commands: dict[str, Callable[..., Any]] = {"run": run, "report": report, "pack": pack, "list": list_rows}
    commands |= {"annotate": annotate, "annotate-report": annotate_report, "function": function}
    for order, (name, command) in enumerate(commands.items()):
        app.command(App(name, default_command=command, sort_key=order, help_epilogue=EXAMPLES[name]))
    return app


def run(
    *,
    request: Annotated[Request, Parameter(name="*", negative="")],
    json: Json = False,
) -> int:
    """Run what of a grid of methods, folds and seeds is not done yet.

    Every cell of the grid trains one method on one fold, or runs one baseline over the test scans of a fold, and keeps
    its scores per volume and class, its masks and its weights. Ctrl-C ends after checkpoints. Exit code 1 where a cell
    failed; the others are whole.
    """
    from napari_scribbleseg.bench import commands

    with output.progress("Benchmark", 1.0) as advance:

        def listen(progress: GridProgress) -> None:
            advance(progress.share, str(progress))

        answer = commands.run(request, listen)
    return _show(answer, json)


def report(folder: Path, *, no_scans: Annotated[bool, FLAG] = False, json: Json = False) -> int:
    """Write the tables and figures of a benchmark beside its results, in the folder `report`.

    Parameters
    ----------
    folder
        The --out of `bench run`; it need not be finished.
    no_scans
        Draw no patient's scan, for a report that goes where the data may not.
    """
    from napari_scribbleseg.bench import commands

    return _show(commands.report(folder, scans=not no_scans), json)


def list_rows(*, methods: str = "all", json: Json = False) -> int:
    """List the rows of the tables, and the groups that name several.

    Parameters
    ----------
    methods
        Rows and groups to list.
    """
    from napari_scribbleseg.bench import commands

    return _show(commands.list_rows(methods), json)


def pack(
    *,
    acdc: Path,
    out: Path,
    patients: str | None = None,
    bits: int = 6,
    resolution: Literal["protocol", "roi"] = "protocol",
    json: Json = False,
) -> int:
    """Write patients into one small file, to take along to a machine without the scans.

    Parameters
    ----------
    acdc
        Folder of the ACDC challenge, with patient001, patient002 and so on.
    out
        File to write, ending in .h5. It holds patients' scans: never publish it.
    patients
        Which patients, such as 1-40; by default all.
    bits
        Bits of each intensity, 4 to 8.
    resolution
        What the pack is for. One for protocol serves roi too; one for roi is several times smaller.
    """
    from napari_scribbleseg.bench import commands

    return _show(commands.pack(acdc, out, patients, bits, resolution), json)


def annotate(
    *,
    request: Annotated[AnnotateRequest, Parameter(name="*", negative="")],
    json: Json = False,
) -> int:
    """Let simulated annotators draw on patients with several systems, and write what that comes to.

    They draw three strokes and correct the worst mistakes, or draw on every fourth slice; what counts is overlap and
    ejection fraction against the seconds of the person and of the computer. Ctrl-C loses the sitting that is going on
    and no other. Exit code 1 where a sitting failed.
    """
    from napari_scribbleseg.bench import commands

    with output.progress("Annotating", 1.0) as advance:
        answer = commands.annotate(request, lambda done, total, name: advance(done / total, name))
    return _show(answer, json)


def annotate_report(folder: Path, *, out: Path | None = None, json: Json = False) -> int:
    """Write figures, tables and page of `bench annotate` again; they show no patient's image.

    Parameters
    ----------
    folder
        The --out of `bench annotate`; it need not be finished.
    out
        Folder for the report; by default `report` beside the results.
    """
    from napari_scribbleseg.bench import commands

    return _show(commands.annotate_report(folder, out), json)


def function(
    *,
    request: Annotated[FunctionRequest, Parameter(name="*", negative="")],
    json: Json = False,
) -> int:
    """Compare volumes, ejection fraction and mass of predicted masks with those of the experts' masks.

    Weights segment patients without a stroke. A page with Bland–Altman and correlation figures, a table of patients
    (CSV) and all numbers (JSON) are written; none shows a patient's image.
    """
    from napari_scribbleseg.bench import commands

    with output.progress("Measuring", 1.0) as advance:
        answer = commands.function(request, lambda done, total, name: advance(done / total, name))
    return _show(answer, json)


def _show(answer: Answer, as_json: bool) -> int:
    if as_json:
        output.print_json(answer.values)
    else:
        for line in answer.lines:
            output.say(line)
    return answer.code
