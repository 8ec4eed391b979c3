"""The cells of a benchmark's grid: a row of the tables, a fold, a seed, and the settings to run it with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.rows import BY_KEY, ROWS, Row
from napari_scribbleseg.settings import RESOLUTIONS, TrainSettings, protocol_settings

ROI_STEPS = 200
_LOCAL = ("device", "threads", "time_limit_s")
"""Settings that say where a cell runs, not what it computes: another attempt may have others."""


@dataclass(frozen=True)
class Cell:
    """One training, or one classical baseline over the test scans of a fold.

    Attributes
    ----------
    row : Row
        The row of the tables that it fills; a training also fills the rows that read its weights out otherwise.
    fold : int
        1 to 5.
    seed : int
    settings : TrainSettings
        All of the training: method and options are the row's, the rest is the same for every cell of a benchmark.
    """

    row: Row
    fold: int
    seed: int
    settings: TrainSettings

    @property
    def name(self) -> str:
        """Return the name of its folder, such as "dmpls-fold1-seed0"."""
        return f"{self.row.key}-fold{self.fold}-seed{self.seed}"

    @property
    def is_training(self) -> bool:
        """Whether something is learned, and weights come out."""
        return not self.row.is_classical

    @property
    def readouts(self) -> list[Row]:
        """Return the rows that its weights fill besides its own."""
        return [row for row in ROWS if row.readout_of == self.row.key]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that :meth:`from_json` reads back to an equal value."""
        row = {f.name: getattr(self.row, f.name) for f in dataclasses.fields(self.row)}
        row["options"] = dict(row["options"])
        return {"row": row, "fold": self.fold, "seed": self.seed, "settings": self.settings.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Cell:
        """Read a JSON object.

        Raises
        ------
        SettingsError
            For settings that this version does not know.
        """
        settings = TrainSettings.from_json(values["settings"])
        return cls(Row(**values["row"]), int(values["fold"]), int(values["seed"]), settings)


@dataclass(frozen=True)
class Order:
    """What a worker is told: the cell, where the data and the results are, and when to stop. Travels as plain JSON.

    Attributes
    ----------
    cell : Cell
    source, out : str
        An ACDC folder or a pack; the folder of the benchmark. On a cluster both are on a shared file system.
    run : str
        Names the call of `bench run` that this belongs to: attempts are counted within one.
    patients : tuple of int or None
        The only patients to train and test on; None takes all.
    deadline : float
        Seconds of the Unix clock at which to stop with a checkpoint; 0 never stops.
    checkpoint_s : float
        Seconds between two checkpoints.
    patience_s : float
        How long to wait for a cell that another process still holds.
    half_weights : bool
        Write the final weights in 16 bits.
    parent : int
        Process that started this one, and whose end ends it; 0 has none.
    """

    cell: Cell
    source: str
    out: str
    run: str
    patients: tuple[int, ...] | None = None
    deadline: float = 0.0
    checkpoint_s: float = 30.0
    patience_s: float = 0.0
    half_weights: bool = False
    parent: int = 0

    @property
    def stop_path(self) -> Path:
        """Return the file whose presence asks every worker of the run to stop."""
        return Path(self.out) / f"stop-{self.run}"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that :meth:`from_json` reads back to an equal value."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {
            **values,
            "cell": self.cell.to_json(),
            "patients": None if self.patients is None else list(self.patients),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Order:
        """Read a JSON object."""
        patients = values["patients"]
        cell = Cell.from_json(values["cell"])
        return cls(**{**values, "cell": cell, "patients": None if patients is None else tuple(patients)})


def base_settings(resolution: str, steps: int | None = None, batch_size: int | None = None) -> TrainSettings:
    """Return what all cells of a benchmark share: the last weights count, nothing is averaged or held out.

    Parameters
    ----------
    resolution : "protocol" or "roi"
        The paper's 60 000 steps, batch 12, rate .01; or its schedule at 200 steps, batch 4, rate .03.
    steps, batch_size : other values than those

    Raises
    ------
    BenchError, SettingsError
        For an unknown resolution, or a value out of range.
    """
    if resolution not in RESOLUTIONS:
        raise BenchError(f"Resolution must be one of {', '.join(RESOLUTIONS)}, not {resolution!r}.")
    settings = protocol_settings()
    if resolution == "roi":
        settings = dataclasses.replace(settings, resolution="roi", steps=ROI_STEPS, batch_size=4, learning_rate=0.03)
    settings = dataclasses.replace(settings, steps=settings.steps if steps is None else steps)
    return dataclasses.replace(settings, batch_size=settings.batch_size if batch_size is None else batch_size)


def make_grid(rows: Iterable[Row], folds: Sequence[int], seeds: Sequence[int], settings: TrainSettings) -> list[Cell]:
    """Return the cells of a grid, fold by fold: a benchmark that is cut short has whole folds rather than whole rows.

    A row that reads another's weights out is filled by that row's cell.

    Parameters
    ----------
    rows : Row
    folds, seeds : numbers
    settings : TrainSettings
        What all cells share, see :func:`base_settings`.
    """
    chosen = list(rows)
    by_key = {**BY_KEY, **{row.key: row for row in chosen}}
    own = {row.readout_of or row.key: by_key[row.readout_of or row.key] for row in chosen}
    return [
        Cell(row, fold, seed, _settings_of(row, seed, settings))
        for seed in seeds
        for fold in folds
        for row in own.values()
    ]


def _settings_of(row: Row, seed: int, settings: TrainSettings) -> TrainSettings:
    if row.is_classical:
        # A baseline learns nothing, so how long the others train must not make its results look outdated.
        fixed = protocol_settings(method=row.method, options=dict(row.options), seed=seed, threads=settings.threads)
        return dataclasses.replace(fixed, steps=0)
    return dataclasses.replace(settings, method=row.method, options=dict(row.options), seed=seed)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return how two settings differ in what they compute, each as "steps 200, now 300"."""
    names = [name for name in {**before, **now} if name not in _LOCAL]
    return [f"{name} {before.get(name)}, now {now.get(name)}" for name in names if before.get(name) != now.get(name)]
