"""A whole benchmark. Worker processes have tests of their own; most here work in this process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_scribbleseg.bench.attempt import run_cell
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.records import CellFolder, read_json
from napari_scribbleseg.bench.request import Request
from napari_scribbleseg.bench.run import count_workers, run_bench
from napari_scribbleseg.bench.watch import Watch
from napari_scribbleseg.engine.device import DeviceError
from tests.bench.orders import environment

BLOCKED = (
    *("nibabel", "napari", "cyclopts", "rich", "matplotlib", "dask", "distributed", "cv2", "sklearn", "qtpy"),
    *("platformdirs", "magicgui", "superqt", "jinja2", "psygnal"),
)
"""What a bare machine with a GPU lacks."""


class WorkersInHere:
    """Stands for worker processes."""

    def __init__(self, count, threads, grace_s, should_stop, listen) -> None:
        self._listen = listen

    def run(self, orders) -> None:
        for order in orders:
            run_cell(order, Watch(order))
            self._listen()


@pytest.fixture
def request_of(acdc, tmp_path, monkeypatch):
    """Ask for pce on fold 1, one step, unless told otherwise."""
    monkeypatch.setattr("napari_scribbleseg.bench.run.LocalWorkers", WorkersInHere)
    usual = {"acdc": acdc, "methods": "pce", "folds": "1", "resolution": "roi", "steps": 1, "batch_size": 1}

    def make(**values) -> Request:
        return Request(**{"out": tmp_path / "out", "device": "cpu", "threads": 1, **usual, **values})

    return make


def test_a_grid_runs_and_a_second_call_has_nothing_to_do(request_of):
    heard = []
    request = request_of(methods="pce,dmpls", workers=2)
    summary = run_bench(request, heard.append)
    assert (summary["cells"], summary["done"], summary["failed"], summary["left"]) == (2, 2, {}, [])
    assert summary["reason"] == "completed"
    assert (heard[-1].cells_done, heard[-1].share, heard[-1].steps_done) == (2, 1.0, 2)
    bench = read_json(request.out / "bench.json")
    assert (bench["rows"], bench["folds"], bench["seeds"], bench["source"]) == (
        ["pce", "dmpls"],
        [1],
        [0],
        "acdc",
    )
    assert bench["settings"]["steps"] == 1
    with h5py.File(request.out / "test_scans.h5") as file:
        (patient,) = file
        assert patient in ("patient001", "patient010")
        assert (file[patient]["image"].dtype, file[patient]["image"].shape) == (np.uint8, (2, 3, 64, 64))
        assert (file[patient]["truth"][:].max(), file[patient].attrs["group"]) == (3, "DCM")
    before = (request.out / "cells/pce-fold1-seed0/weights.safetensors").stat().st_mtime_ns
    again = run_bench(request)
    assert again["done"] == 2
    assert (request.out / "cells/pce-fold1-seed0/weights.safetensors").stat().st_mtime_ns == before


def test_a_folder_grows_by_other_folds_but_not_by_other_settings(request_of):
    run_bench(request_of())
    with pytest.raises(BenchError, match="steps 1, now 2"):
        run_bench(request_of(steps=2))
    with pytest.raises(BenchError, match=r"patients None, now \[1, 21\]"):
        run_bench(request_of(folds="2", patients="1,21"))
    with pytest.raises(BenchError, match="batch_size 1, now 2"):
        run_bench(request_of(folds="2", batch_size=2))
    assert run_bench(request_of(folds="2"))["done"] == 1
    assert read_json(request_of().out / "bench.json")["folds"] == [1, 2]


def test_a_budget_ends_in_time_and_the_same_call_goes_on(request_of):
    folder = CellFolder(request_of().out, "pce-fold1-seed0")
    for budget_s in (3.0, 10.0, 30.0):  # a busy machine may need long to start a process
        request = request_of(steps=100_000, budget_s=budget_s)
        summary = run_bench(request)
        assert (summary["done"], summary["left"], summary["reason"]) == (0, ["pce-fold1-seed0"], "out of time")
        record = folder.read()
        assert (record["status"], record["message"]) == ("stopped", "Stopped: out of time.")
        if record["steps_done"] > 0:
            break
    assert record["steps_done"] > 0
    run_bench(request_of(steps=100_000, budget_s=3 * budget_s))
    assert folder.read()["began_at_steps"][-1] == record["steps_done"]
    assert folder.read()["steps_done"] > record["steps_done"]


def test_a_cell_that_fails_does_not_keep_the_others_from_their_work(request_of, capsys):
    summary = run_bench(request_of(patients="1,10", methods="pce", folds="1,2"))
    assert set(summary["failed"]) == {"pce-fold1-seed0"}  # nobody is left to train on
    assert "no patient" in summary["failed"]["pce-fold1-seed0"]
    assert summary["done"] == 1


@pytest.mark.parametrize(
    ("values", "error", "sentence"),
    [
        ({"acdc": Path("nowhere")}, BenchError, "There is no nowhere"),
        ({"device": "cuda:9"}, DeviceError, "no cuda"),
        ({"methods": "pce,unheard"}, BenchError, "unheard"),
    ],
)
def test_what_cannot_run_is_told_before_anything_starts(request_of, values, error, sentence):
    with pytest.raises(error, match=sentence):
        run_bench(request_of(**values))
    assert not request_of().out.exists()


def test_workers_follow_the_cores_and_the_cells(request_of):
    assert count_workers(request_of(workers=7), 3) == 7
    assert count_workers(request_of(), 1) == 1
    assert 1 <= count_workers(request_of(), 1000) <= 8


@pytest.mark.skipif(os.name != "posix", reason="a signal ends a process at once elsewhere")
def test_ctrl_c_stops_after_checkpoints_and_says_so(request_of, acdc, tmp_path):
    arguments = ["--acdc", str(acdc), "--out", str(tmp_path / "out"), "--methods", "pce", "--folds", "1", "--json"]
    arguments += ["--resolution", "roi", "--steps", "100000", "--batch-size", "1", "--device", "cpu", "--threads", "1"]
    command = [sys.executable, "-m", "napari_scribbleseg.bench", "run", *arguments]
    folder = CellFolder(tmp_path / "out", "pce-fold1-seed0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as run:
        end_s = time.monotonic() + 60
        while not folder.read_pulse():
            assert time.monotonic() < end_s
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        summary = json.loads(run.communicate(timeout=60)[0])
    assert (run.returncode, summary["reason"]) == (130, "interrupted")
    assert folder.read()["status"] == "stopped"
    assert folder.checkpoint.exists()


def test_a_bare_machine_runs_a_cell_end_to_end(acdc, tmp_path):
    from napari_scribbleseg.bench.pack import write_pack

    write_pack(acdc, tmp_path / "tiny.h5")
    (tmp_path / "bare").mkdir()
    lacks = "\n".join(f"sys.modules[{name!r}] = None" for name in BLOCKED)
    (tmp_path / "bare/sitecustomize.py").write_text(f"import sys\n{lacks}\n")
    bare = environment(PYTHONPATH=os.pathsep.join((str(tmp_path / "bare"), environment()["PYTHONPATH"])))
    command = [sys.executable, "-m", "napari_scribbleseg.bench", "run", "--pack", str(tmp_path / "tiny.h5")]
    command += ["--out", str(tmp_path / "out"), "--methods", "pce", "--folds", "1", "--resolution", "roi"]
    command += ["--steps", "1", "--batch-size", "1", "--device", "cpu", "--threads", "1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=bare, timeout=120, check=False)
    log = CellFolder(tmp_path / "out", "pce-fold1-seed0").log
    assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")
    assert json.loads(done.stdout)["done"] == 1
    assert CellFolder(tmp_path / "out", "pce-fold1-seed0").scores.read_text().count("\n") == 25
