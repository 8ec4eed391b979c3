"""What a person asks of `bench run`, before anything is looked up."""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_scribbleseg.bench.cells import Cell, base_settings, make_grid
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.patients import FOLDS
from napari_scribbleseg.bench.rows import Row, choose_rows, lambda_rows, with_options

_RANGE = re.compile(r"(\d+)(?:\s*-\s*(\d+))?$")
NO_LAMBDAS = "none"


@dataclass(frozen=True)
class Request:
    """A benchmark as it was asked for.

    Parameters
    ----------
    out
        Folder for the results. One that holds results of the same settings is gone on with.
    acdc
        Folder of the ACDC challenge, with patient001, patient002 and so on.
    pack
        A file that `bench pack` wrote, or a folder of such files, in place of --acdc.
    methods
        Rows of the tables and groups of them, separated by commas; `bench list` names them all.
    folds
        Folds to test, such as 1-5 or 1,3.
    seeds
        Seeds, such as 0 or 0-4.
    lambdas
        Weights of DMPLS's pseudo labels to sweep, such as .01,.1; none leaves the sweep out of a group.
    resolution
        protocol: the paper's 256 x 256 whole slices. roi: 1.4 mm a pixel around the heart, for a small budget.
    steps
        Training steps of every method; by default 60000 in protocol and 200 in roi.
    batch_size
        Slices in a step; by default 12 in protocol and 4 in roi.
    patients
        The only patients to train and test on, such as 1-40; by default all.
    row_options
        Options of single rows, such as dmpls.alpha=0.5; may be repeated.
    workers
        How many cells run at a time; by default four on a GPU, else one for each core, at most eight.
    threads
        Torch threads of each worker; by default the cores are divided among them.
    device
        auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:1 or mps. With auto, several GPUs share the cells.
    budget_s
        Stop in time to end within so many seconds; the same command goes on later.
    checkpoint_s
        Seconds between two checkpoints of a training.
    half_weights
        Write the final weights in 16 bits, half as large.
    scheduler
        Address of a Dask scheduler, such as tcp://10.0.0.1:8786, or local for one on this machine.
    gpu_resource
        With --scheduler: use only workers started with --resources GPU=1, one cell each at a time.
    """

    out: Path
    acdc: Path | None = None
    pack: Path | None = None
    methods: str = "all"
    folds: str = "1-5"
    seeds: str = "0"
    lambdas: str | None = None
    resolution: str = "protocol"
    steps: int | None = None
    batch_size: int | None = None
    patients: str | None = None
    row_options: tuple[str, ...] = ()
    workers: int | None = None
    threads: int | None = None
    device: str = "auto"
    budget_s: float = 0.0
    checkpoint_s: float = 30.0
    half_weights: bool = False
    scheduler: str | None = None
    gpu_resource: bool = False

    def __post_init__(self) -> None:
        for ok, sentence in (
            ((self.acdc is None) != (self.pack is None), "Give either --acdc DIR or --pack FILE."),
            (self.workers is None or self.workers >= 1, "Workers must be 1 or more."),
            (self.threads is None or self.threads >= 1, "Threads must be 1 or more."),
            (self.budget_s >= 0, "The budget must be 0 (none) or more seconds."),
            (self.checkpoint_s > 0, "The time between checkpoints must be above 0 seconds."),
            (self.scheduler is not None or not self.gpu_resource, "--gpu-resource goes with --scheduler."),
        ):
            if not ok:
                raise BenchError(sentence)

    @property
    def source(self) -> Path:
        """Where the patients come from."""
        source = self.acdc if self.acdc is not None else self.pack
        assert source is not None
        return source

    @property
    def source_kind(self) -> str:
        """Return "acdc" or "pack"."""
        return "acdc" if self.acdc is not None else "pack"

    def grid(self) -> list[Cell]:
        """Return the cells asked for, on the device "auto".

        Raises
        ------
        BenchError, SettingsError
            For what cannot be read, is unknown or out of range.
        """
        folds, seeds = parse_numbers(self.folds, "Folds"), parse_numbers(self.seeds, "Seeds")
        outside = [fold for fold in folds if fold not in FOLDS]
        if outside:
            raise BenchError(f"There is no fold {outside[0]}; choose from 1 to {FOLDS[-1]}.")
        settings = base_settings(self.resolution, self.steps, self.batch_size)
        return make_grid(self.rows(), folds, seeds, settings)

    def rows(self) -> list[Row]:
        """Return the rows asked for, with their options.

        Raises
        ------
        BenchError
            For an unknown row, group or option, or a λ that is no number.
        """
        rows = list(choose_rows(self.methods))
        if self.lambdas is not None:
            sweep = () if self.lambdas.strip() == NO_LAMBDAS else lambda_rows(_parse_floats(self.lambdas))
            rows = [row for row in rows if row.section != "lambda"]
            rows += [row for row in sweep if row.key not in {r.key for r in rows}]
        return _with_given_options(rows, self.row_options)

    def numbers(self) -> tuple[int, ...] | None:
        """Return the only patients to use; None for all.

        Raises
        ------
        BenchError
            For a list that cannot be read.
        """
        return None if self.patients is None else parse_numbers(self.patients, "Patients")


def parse_numbers(text: str, what: str) -> tuple[int, ...]:
    """Read a list of numbers such as "1-5,8", sorted and each once.

    Raises
    ------
    BenchError
        For anything else.
    """
    numbers: set[int] = set()
    for part in text.split(","):
        match = _RANGE.match(part.strip())
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise BenchError(f"{what} {text!r} cannot be read at {part.strip()!r}; write them like 1-5,8.")
        numbers.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(sorted(numbers))


def _parse_floats(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise BenchError(f"Weights λ {text!r} cannot be read; write them like .01,.1,.5.") from error


def _with_given_options(rows: Sequence[Row], texts: Sequence[str]) -> list[Row]:
    changed = {row.key: row for row in rows}
    for text in texts:
        left, equals, value = text.partition("=")
        key, dot, option = left.rpartition(".")
        if not (key and dot and option and equals):
            raise BenchError(f"--row-options takes ROW.NAME=VALUE, such as dmpls.alpha=0.5, not {text!r}.")
        if key not in changed:
            raise BenchError(f"{text!r} names the row {key!r}, which is not run.{_suggest(key, list(changed))}")
        changed[key] = with_options(changed[key], **{option.replace("-", "_"): _parse_value(value)})
    return list(changed.values())


def _parse_value(text: str) -> Any:
    for read in (json.loads, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _suggest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f" Did you mean {close[0]!r}?" if close else ""


def describe_fields() -> dict[str, str]:
    """Return the help of every field of :class:`Request`, from its docstring."""
    lines = (Request.__doc__ or "").splitlines()
    names = {field.name for field in dataclasses.fields(Request)}
    described: dict[str, str] = {}
    name = ""
    for line in (line.strip() for line in lines):
        if line in names:
            name = line
        elif name and line:
            described[name] = f"{described[name]} {line}" if name in described else line
    return described
