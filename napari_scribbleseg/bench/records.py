"""What a benchmark keeps on disk: a folder for each cell, and a file that says what the whole is."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.engine.weights import WeightsError, load_weights, save_weights
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.types import Checkpoint

if TYPE_CHECKING:
    from torch import Tensor

RUNNING, STOPPED, DONE, FAILED = "running", "stopped", "done", "failed"
SCORE_COLUMNS = (
    *("row", "fold", "seed", "patient", "group", "phase", "class", "post"),
    *("dice", "hd95_mm", "empty_prediction", "empty_truth"),
)
BENCH_NAME = "bench.json"
_PROGRESS_EVERY_S = 1.0

History = list[tuple[int, str, float]]


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a training is: the checkpoint of its engine, and what was written down on the way.

    Attributes
    ----------
    checkpoint : Checkpoint
        Without a separate copy of the weights that predict; the modules hold them.
    history : list of (step, term, value)
    train_s, prepare_s : float
        Seconds spent in steps and in making maps, over all attempts, up to this checkpoint.
    """

    checkpoint: Checkpoint
    history: History
    train_s: float
    prepare_s: float


class CellFolder:
    """The folder of one cell.

    Attributes
    ----------
    path : Path
    lock, checkpoint, weights, scores, masks, history, log : Path
        Files in there.
    """

    def __init__(self, out: str | os.PathLike[str], name: str) -> None:
        self.path = Path(out) / "cells" / name
        self.lock = self.path / "lock"
        self.checkpoint = self.path / "checkpoint.safetensors"
        self.weights = self.path / "weights.safetensors"
        self.scores = self.path / "scores.csv"
        self.masks = self.path / "masks.h5"
        self.history = self.path / "history.csv"
        self.log = self.path / "log.txt"
        self._record = self.path / "cell.json"
        self._pulse = self.path / "progress.json"
        self._parts = self.path / "parts"
        self._pulse_at_s = 0.0

    def make(self) -> None:
        """Make the folder where it is missing.

        Raises
        ------
        BenchError
            Where that cannot be done.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BenchError(f"{self.path} cannot be made ({error.strerror}).") from error

    # the record -------------------------------------------------------------------------------------------------

    def read(self) -> dict[str, Any]:
        """Return what cell.json says, nothing where there is none.

        Raises
        ------
        BenchError
            When the file is damaged.
        """
        return read_json(self._record)

    @property
    def status(self) -> str:
        """Return running, stopped, done or failed; "" for a cell that was never begun."""
        return str(self.read().get("status", ""))

    def note(self, **values: Any) -> dict[str, Any]:
        """Change some values of cell.json; return all of them."""
        record = {**self.read(), **values}
        write_json(self._record, record)
        return record

    def add_notice(self, sentence: str) -> None:
        """Add a sentence to what a reader of the results should know."""
        self.note(notices=[*self.read().get("notices", []), sentence])

    # progress ---------------------------------------------------------------------------------------------------

    def pulse(self, phase: str, done: int, total: int) -> None:
        """Tell whoever looks what is going on, at most once a second: "maps", "train", "predict" or "score"."""
        now_s = time.monotonic()
        if now_s - self._pulse_at_s >= _PROGRESS_EVERY_S:
            self._pulse_at_s = now_s
            who = {"pid": os.getpid(), "host": socket.gethostname()}
            write_json(self._pulse, {"phase": phase, "done": done, "total": total, **who})

    def forget_pulse(self) -> None:
        """Remove what an earlier attempt told."""
        self._pulse.unlink(missing_ok=True)

    def read_pulse(self) -> dict[str, Any]:
        """Return the latest progress, nothing where there is none."""
        try:
            return read_json(self._pulse)
        except BenchError:
            return {}

    # training ---------------------------------------------------------------------------------------------------

    def write_progress(self, progress: Progress) -> None:
        """Write checkpoint and history, each atomically; the checkpoint holds the history too."""
        notes = {"history": progress.history, "train_s": progress.train_s, "prepare_s": progress.prepare_s}
        described = {"checkpoint": progress.checkpoint.meta, "bench": notes}
        save_weights(self.checkpoint, progress.checkpoint.tensors, described)
        write_csv(self.history, ("step", "term", "value"), progress.history)

    def read_progress(self) -> Progress | None:
        """Return where the training is; None where there is no checkpoint.

        Raises
        ------
        WeightsError
            When the file is damaged.
        """
        if not self.checkpoint.exists():
            return None
        tensors, meta = load_weights(self.checkpoint)
        # What was loaded may still be the mapped file, which the next checkpoint replaces.
        own = {name: tensor.clone() for name, tensor in tensors.items()}
        try:
            notes = meta["bench"]
            history = [(int(step), str(term), float(value)) for step, term, value in notes["history"]]
            return Progress(Checkpoint(own, meta["checkpoint"], {}), history, notes["train_s"], notes["prepare_s"])
        except (KeyError, TypeError) as error:
            raise WeightsError(f"{self.checkpoint.name} holds no checkpoint of a benchmark.") from error

    def write_weights(self, tensors: Mapping[str, Tensor], meta: Mapping[str, Any], *, half: bool) -> None:
        """Write the final weights; `half` stores them in 16 bits."""
        stored = {n: t.half() if half and t.is_floating_point() else t for n, t in tensors.items()}
        save_weights(self.weights, stored, meta)

    # masks ------------------------------------------------------------------------------------------------------

    def write_part(self, name: str, mask: LabelMap) -> None:
        """Keep one predicted scan until all are done; `name` is its dataset in masks.h5."""
        target = self._part(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()
        np.savez_compressed(packed, mask=mask)
        write_atomically(target, packed.getvalue())

    def read_part(self, name: str) -> LabelMap | None:
        """Return a scan that was predicted before, None where it was not."""
        target = self._part(name)
        if not target.exists():
            return None
        with np.load(target) as packed:
            mask: LabelMap = packed["mask"]
        return mask

    def _part(self, name: str) -> Path:
        return self._parts / f"{name}.npz"

    def write_masks(self, masks: Mapping[str, LabelMap]) -> None:
        """Write all masks `(t, z, y, x)` into one file, a dataset for each name."""

        def write(path: Path) -> None:
            with h5py.File(path, "w") as file:
                for name, mask in masks.items():
                    file.create_dataset(name, data=mask, dtype="u1", compression="gzip", chunks=True)

        write_atomically(self.masks, write)

    def clear(self) -> None:
        """Remove what only an unfinished cell needs."""
        parts = sorted(self._parts.rglob("*"), reverse=True) if self._parts.exists() else []
        for path in (*parts, self._parts):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
        self.checkpoint.unlink(missing_ok=True)
        self.forget_pulse()


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object, an empty one where there is no such file.

    Raises
    ------
    BenchError
        When the file is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BenchError(f"{path} cannot be read; remove it to start that part over.") from error
    if not isinstance(content, dict):
        raise BenchError(f"{path} cannot be read; remove it to start that part over.")
    return content


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a JSON object, atomically."""
    write_atomically(path, (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode())


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table, atomically."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    write_atomically(path, text.getvalue().encode())
