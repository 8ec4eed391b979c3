"""The benchmark without the rest of the package: `python -m napari_scribbleseg.bench run …`.

It needs torch, numpy, scipy, scikit-image, h5py, safetensors and pandas, and no window, so that it runs on a bare
machine with a GPU. `napari-scribbleseg bench` takes the same arguments.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_type_hints

from napari_scribbleseg.bench import commands
from napari_scribbleseg.bench.commands import Answer
from napari_scribbleseg.bench.overview import GridProgress
from napari_scribbleseg.bench.request import Request, describe_fields
from napari_scribbleseg.settings import RESOLUTIONS

BAD_INPUT = 2
PROGRESS_EVERY_S = 10.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 failed, 2 bad usage or input, 130 interrupted.

    Parameters
    ----------
    argv : arguments after the program's name; by default those of this process
    """
    arguments = vars(_parser().parse_args(argv))
    command, as_json = arguments.pop("command"), arguments.pop("json", False)
    try:
        answer = command(**arguments)
    except ValueError as error:
        print(error, file=sys.stderr, flush=True)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr, flush=True)
        return commands.INTERRUPTED
    if isinstance(answer, Answer):
        print(json.dumps(answer.values, indent=2) if as_json else "\n".join(answer.lines))
        return answer.code
    return int(answer)


def _run(**values: Any) -> Answer:
    values["row_options"] = tuple(values["row_options"])
    return commands.run(Request(**values), PlainProgress())


def _cell(order: str) -> int:
    """Work on one cell: what :class:`napari_scribbleseg.bench.local.LocalWorkers` starts."""
    from napari_scribbleseg.bench.attempt import run_cell
    from napari_scribbleseg.bench.cells import Order
    from napari_scribbleseg.bench.local import EXIT_CODES
    from napari_scribbleseg.bench.watch import Watch

    parsed = Order.from_json(json.loads(order))
    watch = Watch(parsed)
    watch.listen()
    return EXIT_CODES[run_cell(parsed, watch)]


class PlainProgress:
    """Tells on stderr how far a grid is, a line now and then."""

    def __init__(self) -> None:
        self._told_at_s = time.monotonic()

    def __call__(self, progress: GridProgress) -> None:
        """Take progress in."""
        now_s = time.monotonic()
        if now_s - self._told_at_s >= PROGRESS_EVERY_S:
            self._told_at_s = now_s
            print(f"{progress.share:.0%} {progress}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m napari_scribbleseg.bench", description=(__doc__ or "").strip())
    subs = parser.add_subparsers(required=True, metavar="run | report | pack | list")
    run = _add(subs, "run", _run, "Run what of a grid of methods, folds and seeds is not done yet.")
    hints, helps = get_type_hints(Request), describe_fields()
    for field in dataclasses.fields(Request):
        _add_field(run, field, hints[field.name], helps[field.name])
    report = _add(subs, "report", commands.report, "Write the tables and figures.")
    report.add_argument("folder", type=Path)
    report.add_argument("--no-scans", dest="scans", action="store_false", help="Draw no patient's scan.")
    pack = _add(subs, "pack", commands.pack, "Write patients into one small file.")
    pack.add_argument("--acdc", type=Path, required=True)
    pack.add_argument("--out", type=Path, required=True)
    pack.add_argument("--patients")
    pack.add_argument("--bits", type=int, default=6)
    pack.add_argument("--resolution", choices=RESOLUTIONS, default="protocol")
    _add(subs, "list", commands.list_rows, "List the rows of the tables.").add_argument("--methods", default="all")
    cell = subs.add_parser("cell", add_help=False)
    cell.set_defaults(command=_cell)
    cell.add_argument("order")
    return parser


def _add(subs: Any, name: str, command: Any, about: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subs.add_parser(name, help=about, description=about)
    parser.set_defaults(command=command)
    parser.add_argument("--json", action="store_true", help="Print one JSON object on stdout and nothing else.")
    return parser


def _add_field(parser: argparse.ArgumentParser, field: dataclasses.Field[Any], hint: Any, about: str) -> None:
    flag = "--" + field.name.replace("_", "-")
    about = about.replace("%", "%%")
    if hint is bool:
        parser.add_argument(flag, action="store_true", help=about)
        return
    if hint == tuple[str, ...]:
        parser.add_argument(flag, action="append", default=[], metavar="ROW.NAME=VALUE", help=about)
        return
    kind = next(kind for kind in (Path, int, float, str) if hint in (kind, kind | None))
    required = field.default is dataclasses.MISSING
    default = None if required else field.default
    parser.add_argument(flag, type=kind, required=required, default=default, help=about)


if __name__ == "__main__":
    sys.exit(main())
