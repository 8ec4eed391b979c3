"""What a bench folder holds, as plain values."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.records import BENCH_NAME, DONE, read_json

POSTS = ("none", "largest")
"""Masks as predicted, and with the largest component of each class kept."""


class ReportError(BenchError):
    """A folder holds no results, or results that cannot be read."""


@dataclass(frozen=True)
class Score:
    """How well one class of one volume was found by one cell.

    Attributes
    ----------
    row : str
        Key of the table's row; a readout of other weights has a key of its own.
    fold, seed : int
    patient : str
        Such as "patient001".
    group : str
        Pathology.
    phase : str
        "ED" or "ES".
    label : str
        "RV", "Myo" or "LV".
    post : str
        One of `POSTS`.
    dice, hd95_mm : float
    empty_prediction, empty_truth : bool
        One side lacks the class; `hd95_mm` is then the diagonal of the volume.
    """

    row: str
    fold: int
    seed: int
    patient: str
    group: str
    phase: str
    label: str
    post: str
    dice: float
    hd95_mm: float
    empty_prediction: bool = False
    empty_truth: bool = False


@dataclass(frozen=True)
class CellRecord:
    """One training, as its `cell.json` tells it.

    Attributes
    ----------
    name, row : str
    fold, seed : int
    status : str
        "running", "stopped", "done" or "failed".
    settings : Mapping[str, Any]
    facts : Mapping[str, Any]
        The whole file.
    """

    name: str
    row: str
    fold: int
    seed: int
    status: str
    settings: Mapping[str, Any]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether the cell's scores count."""
        return self.status == DONE

    def seconds(self, name: str) -> float:
        """Return a duration such as "train_s"; 0 where it is not told."""
        return float(self.facts.get(name) or 0.0)

    def patients(self, name: str) -> int:
        """Return how many patients a list such as "labelled_patients" names; 0 where it is not told."""
        told = self.facts.get(name) or ()
        return told if isinstance(told, int) else len(told)


@dataclass(frozen=True)
class Results:
    """Everything that a report is made of.

    Attributes
    ----------
    folder : Path
    bench : Mapping[str, Any]
        `bench.json`.
    cells : tuple of CellRecord
        Whatever their status, by name.
    scores : tuple of Score
        Those of finished cells alone.
    """

    folder: Path
    bench: Mapping[str, Any]
    cells: tuple[CellRecord, ...]
    scores: tuple[Score, ...]

    @cached_property
    def _by_row(self) -> Mapping[tuple[str, str], tuple[Score, ...]]:
        sorted_in: dict[tuple[str, str], list[Score]] = {}
        for score in self.scores:
            sorted_in.setdefault((score.row, score.post), []).append(score)
        return {key: tuple(scores) for key, scores in sorted_in.items()}

    def scores_of(self, row: str, post: str = "none") -> tuple[Score, ...]:
        """Return the scores of a row of the tables; empty where there are none."""
        return self._by_row.get((row, post), ())

    def cells_of(self, row: str) -> tuple[CellRecord, ...]:
        """Return the finished cells of a row."""
        return tuple(cell for cell in self.cells if cell.row == row and cell.is_done)


def read_results(folder: Path) -> Results:
    """Read a folder that `bench run` has written, finished or not.

    Raises
    ------
    ReportError, BenchError
        When the folder is no bench folder, a file in it is damaged, or no finished cell has scores.
    """
    bench = read_json(folder / BENCH_NAME)
    if not bench:
        raise ReportError(f"{folder} holds no {BENCH_NAME}; is it a folder of `bench run`?")
    paths = sorted(folder.glob("cells/*/cell.json"))
    cells = tuple(_read_cell(path) for path in paths)
    done = [path.parent / "scores.csv" for path, cell in zip(paths, cells, strict=True) if cell.is_done]
    scores = tuple(score for path in done if path.exists() for score in _read_scores(path))
    if not scores:
        raise ReportError(f"No finished cell in {folder} has scores yet; `bench run` goes on where it stopped.")
    return Results(folder, bench, cells, scores)


def _read_cell(path: Path) -> CellRecord:
    facts = read_json(path)
    try:
        told = facts["row"]
        row = str(told["key"] if isinstance(told, dict) else told)
        fold, seed, status = int(facts["fold"]), int(facts["seed"]), str(facts["status"])
    except (KeyError, TypeError, ValueError) as error:
        raise ReportError(f"{path} does not tell row, fold, seed and status.") from error
    return CellRecord(path.parent.name, row, fold, seed, status, facts.get("settings") or {}, facts)


def _read_scores(path: Path) -> Iterator[Score]:
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            try:
                yield _score(line)
            except (KeyError, TypeError, ValueError) as error:
                raise ReportError(f"{path} has a line that cannot be read: {line}.") from error


def _score(line: Mapping[str, str]) -> Score:
    return Score(
        row=line["row"],
        fold=int(line["fold"]),
        seed=int(line["seed"]),
        patient=patient_name(line["patient"]),
        group=line["group"],
        phase=line["phase"],
        label=line["class"],
        post=line["post"],
        dice=float(line["dice"]),
        hd95_mm=float(line["hd95_mm"]),
        empty_prediction=bool(int(line["empty_prediction"])),
        empty_truth=bool(int(line["empty_truth"])),
    )


def patient_name(patient: str) -> str:
    """Return "patient007" for "7" as for "patient007"."""
    return f"patient{int(patient):03d}" if patient.isdecimal() else patient


def count_of(items: Iterable[object]) -> int:
    """Return how many different items there are."""
    return len(set(items))
