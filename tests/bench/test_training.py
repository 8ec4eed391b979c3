"""One cell from its order to its results."""

from __future__ import annotations

import csv

import h5py
import numpy as np
import pytest
import torch

from napari_scribbleseg.bench import attempt
from napari_scribbleseg.bench.attempt import BUSY, MAX_ATTEMPTS, run_cell
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.lock import holding
from napari_scribbleseg.bench.watch import StopRequested, Watch
from napari_scribbleseg.engine.engine import DivergedError, Engine
from napari_scribbleseg.engine.weights import build_trained, load_weights
from napari_scribbleseg.types import Notice


class Impatient(Watch):
    """Stops at its n-th look."""

    def __init__(self, order, looks: int) -> None:
        super().__init__(order)
        self._looks = looks

    def check(self) -> None:
        self._looks -= 1
        if self._looks < 0:
            raise StopRequested("interrupted")


def work(order) -> str:
    return run_cell(order, Watch(order))


def rows_of(folder) -> list[dict[str, str]]:
    with folder.scores.open() as file:
        return list(csv.DictReader(file))


def same_weights(a, b) -> bool:
    first, second = load_weights(a)[0], load_weights(b)[0]
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_a_cell_leaves_its_record_scores_masks_weights_and_history(order, folder_of):
    made = order()
    assert work(made) == "done"
    folder = folder_of(made)
    record = folder.read()
    assert (record["row"], record["method"], record["fold"], record["seed"]) == ("pce", "pce", 1, 0)
    assert (record["status"], record["steps_done"], record["attempts"], record["device"]) == ("done", 2, 1, "cpu")
    assert (record["train_patients"], record["test_patients"]) == ([21, 30, 85], [1, 10])
    assert record["train_s"] > 0
    assert record["predict_s"] > 0
    assert record["score_s"] > 0
    assert record["began_at_steps"] == [0]
    assert len(rows_of(folder)) == 2 * 2 * 2 * 3
    assert {row["patient"] for row in rows_of(folder)} == {"1", "10"}
    with h5py.File(folder.masks) as file:
        assert (sorted(file), file["patient001"].shape) == (["patient001", "patient010"], (2, 3, 64, 64))
    method, settings = build_trained(*load_weights(folder.weights), torch.device("cpu"))
    assert (method.key, settings.seed) == ("pce", 0)
    assert [line.split(",")[:2] for line in folder.history.read_text().splitlines()[1:]] == [
        ["1", "partial_ce"],
        ["2", "partial_ce"],
    ]
    assert not folder.checkpoint.exists()
    assert sorted(path.name for path in folder.path.iterdir()) == [
        *("cell.json", "history.csv", "lock", "masks.h5", "scores.csv", "weights.safetensors")
    ]


def test_a_cell_that_is_done_is_left_alone(order, folder_of):
    made = order(steps=1)
    work(made)
    before = folder_of(made).weights.stat().st_mtime_ns
    assert work(made) == "done"
    assert folder_of(made).weights.stat().st_mtime_ns == before


def test_a_training_fills_the_rows_that_read_its_weights_otherwise(order, folder_of):
    made = order("dmpls", steps=1)
    assert work(made) == "done"
    assert {row["row"] for row in rows_of(folder_of(made))} == {"dmpls", "dmpls_auxiliary"}
    with h5py.File(folder_of(made).masks) as file:
        main, auxiliary = file["patient001"][:], file["dmpls_auxiliary/patient001"][:]
    assert main.shape == auxiliary.shape
    assert not np.array_equal(main, auxiliary)


def test_stopped_anywhere_a_cell_goes_on_to_the_same_bits(order, folder_of, tmp_path):
    whole, pieces = order(steps=6), order(steps=6)
    object.__setattr__(whole, "out", str(tmp_path / "whole"))
    assert work(whole) == "done"
    folder = folder_of(pieces)
    for looks, steps_done in ((3, 2), (4, 5), (3, 6)):
        assert run_cell(pieces, Impatient(pieces, looks)) == "stopped"
        assert folder.read()["message"] == "Stopped: interrupted."
        assert folder.read()["steps_done"] == steps_done
    assert len(list((folder.path / "parts").iterdir())) == 1  # it was stopped while predicting
    object.__setattr__(pieces, "run", "again")
    assert work(pieces) == "done"
    assert folder.read()["began_at_steps"][-1] == 6
    assert same_weights(folder.weights, folder_of(whole).weights)
    assert folder.history.read_text() == folder_of(whole).history.read_text()
    assert folder.scores.read_text() == folder_of(whole).scores.read_text()


def test_a_damaged_checkpoint_is_put_aside_and_said(order, folder_of):
    made = order()
    run_cell(made, Impatient(made, 2))
    folder = folder_of(made)
    folder.checkpoint.write_bytes(b"no weights")
    assert work(made) == "done"
    assert "started over" in folder.read()["notices"][0]
    assert folder.read()["began_at_steps"] == [0, 0]


def test_where_masks_are_kept_back_there_are_weights_and_masks_only(order, folder_of):
    made = order(fold=5)
    assert work(made) == "done"
    folder = folder_of(made)
    assert rows_of(folder) == []
    assert "kept back" in folder.read()["message"]
    assert folder.weights.exists()
    with h5py.File(folder.masks) as file:
        assert list(file) == ["patient085"]


def test_a_fold_without_patients_gives_weights_alone_in_16_bits_where_asked_for(order, folder_of):
    made = order(fold=3, steps=1, half_weights=True)
    assert work(made) == "done"
    assert "weights only" in folder_of(made).read()["message"]
    assert {t.dtype for t in load_weights(folder_of(made).weights)[0].values()} == {torch.float16, torch.int64}
    build_trained(*load_weights(folder_of(made).weights), torch.device("cpu"))


def test_a_baseline_gets_the_scribbles_of_the_test_scans(order, folder_of, monkeypatch):
    seen = []

    class Echo:
        def segment(self, volume, scribbles, spacing_mm):
            seen.append((volume.dtype, spacing_mm, set(np.unique(scribbles))))
            return np.where(scribbles == 4, 0, scribbles)

    monkeypatch.setattr("napari_scribbleseg.baselines.build_baseline", lambda key, options: Echo())
    made = order("baseline_random_walker")
    assert work(made) == "done"
    folder = folder_of(made)
    assert len(seen) == 4  # two patients, two phases
    assert seen[0] == (np.float32, (8.0, 1.5, 1.5), {0, 1, 2, 3, 4})
    assert {row["row"] for row in rows_of(folder)} == {"baseline_random_walker"}
    assert folder.read()["test_patients"] == [1, 10]
    assert not folder.weights.exists()


def test_one_cell_is_never_trained_twice_at_once(order, folder_of):
    made = order()
    folder_of(made).make()
    with holding(folder_of(made).lock):
        assert work(made) == BUSY
    assert folder_of(made).read() == {}


def test_other_settings_are_refused_by_name(order):
    work(order(steps=1))
    with pytest.raises(BenchError, match="steps 1, now 2"):
        work(order(steps=2))


def test_what_cannot_go_better_next_time_fails_at_once(order, folder_of, monkeypatch, capsys):
    def diverge(self, count):
        raise DivergedError("The loss is not a number any more.")

    monkeypatch.setattr(Engine, "advance", diverge)
    made = order()
    assert work(made) == "failed"
    assert folder_of(made).read()["message"] == "DivergedError: The loss is not a number any more."
    assert "Traceback" in capsys.readouterr().err


def test_what_may_go_better_is_tried_three_times(order, folder_of, monkeypatch, capsys):
    def fail(self, count):
        raise RuntimeError("The card fell off the bus.")

    monkeypatch.setattr(Engine, "advance", fail)
    made = order()
    for done in range(1, MAX_ATTEMPTS):
        with pytest.raises(RuntimeError, match="bus"):
            work(made)
        assert (folder_of(made).status, folder_of(made).read()["attempts"]) == ("running", done)
    assert work(made) == "failed"
    assert folder_of(made).read()["message"] == "RuntimeError: The card fell off the bus."
    capsys.readouterr()


def test_a_cell_whose_workers_all_died_is_given_up(order, folder_of):
    made = order()
    folder_of(made).make()
    folder_of(made).note(**attempt.describe_order(made), status="running", attempts=MAX_ATTEMPTS)
    assert work(made) == "failed"
    assert "Given up after 3 attempts" in folder_of(made).read()["message"]


def test_another_run_begins_to_count_anew(order, folder_of):
    made = order(steps=1)
    folder_of(made).make()
    folder_of(made).note(**attempt.describe_order(made), status="failed", attempts=MAX_ATTEMPTS)
    object.__setattr__(made, "run", "tomorrow")
    assert work(made) == "done"
    assert folder_of(made).read()["attempts"] == 1


def test_compromises_of_the_engine_are_written_down(order, folder_of, monkeypatch):
    whole = Engine.advance

    def advance(self, count):
        self.notify(Notice("The cuda ran out of memory; going on with batches of 2.", "warning"))
        return whole(self, count)

    monkeypatch.setattr(Engine, "advance", advance)
    made = order(steps=1)
    assert work(made) == "done"
    assert folder_of(made).read()["notices"] == ["The cuda ran out of memory; going on with batches of 2."]
