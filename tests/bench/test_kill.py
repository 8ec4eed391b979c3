"""`kill -9` of a real worker in the middle of training."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from napari_scribbleseg.bench.records import CellFolder
from napari_scribbleseg.engine.weights import load_weights
from tests.bench.orders import STEPS, environment


def bench_run(acdc, out, *more: str) -> list[str]:
    settings = ["--methods", "pce", "--folds", "1", "--resolution", "roi", "--steps", str(STEPS), "--batch-size", "1"]
    machine = ["--device", "cpu", "--threads", "1", "--checkpoint-s", "0.1", "--json"]
    command = [sys.executable, "-m", "napari_scribbleseg.bench", "run", "--acdc", str(acdc), "--out", str(out)]
    return [*command, *settings, *machine, *more]


def kill_in_training(folder: CellFolder, is_alive, deadline_s: float = 90.0) -> int:
    """Kill the process that trains a cell once it has a checkpoint; return the steps of that checkpoint."""
    end_s = time.monotonic() + deadline_s
    while True:
        record, pulse = folder.read(), folder.read_pulse()
        if pulse and record.get("steps_done", 0) > 0:
            assert record["status"] == "running", "the cell was over before it could be killed"
            os.kill(pulse["pid"], signal.SIGKILL)
            return record["steps_done"]
        assert is_alive(), "the run ended by itself"
        assert time.monotonic() < end_s, "no checkpoint came"
        time.sleep(0.02)


def assert_like(folder: CellFolder, undisturbed: CellFolder, killed_at: int) -> None:
    """Check that a second attempt went on from the checkpoint and came to the same bits."""
    record = folder.read()
    assert (record["status"], record["attempts"], record["steps_done"]) == ("done", 2, STEPS)
    first, second = record["began_at_steps"]
    assert first == 0
    assert killed_at <= second < STEPS  # a later checkpoint may have been written in the instant of the kill
    mine, its = load_weights(folder.weights)[0], load_weights(undisturbed.weights)[0]
    assert mine.keys() == its.keys()
    assert all(torch.equal(mine[name], its[name]) for name in mine)
    assert folder.scores.read_text() == undisturbed.scores.read_text()


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL elsewhere")
def test_a_killed_worker_gives_its_cell_to_another_which_goes_on_to_the_same_bits(acdc, undisturbed, tmp_path):
    folder = CellFolder(tmp_path / "out", "pce-fold1-seed0")
    with subprocess.Popen(bench_run(acdc, tmp_path / "out"), stdout=subprocess.PIPE, env=environment()) as run:
        killed_at = kill_in_training(folder, lambda: run.poll() is None)
        summary = json.loads(run.communicate(timeout=120)[0])
    assert (run.returncode, summary["done"], summary["failed"]) == (0, 1, {})
    assert_like(folder, undisturbed, killed_at)
