"""The same grid on a real Dask cluster of two worker processes."""

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from napari_scribbleseg.bench.cluster import ClusterWorkers, work
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.records import CellFolder
from tests.bench.orders import environment
from tests.bench.test_kill import assert_like, bench_run, kill_in_training

pytest.importorskip("distributed", reason="Dask is not installed (the extra `cluster`)")

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@pytest.fixture
def scheduler(tmp_path):
    """Start a scheduler and two workers with a GPU each, on paper; yield the address."""
    file = tmp_path / "scheduler.json"
    at_home = ["--scheduler-file", str(file), "--no-dashboard"]
    commands = [
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *at_home]
    ]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny", "--nthreads", "1"]
    commands += [[*worker, "--resources", "GPU=1", "--host", "127.0.0.1", *at_home]] * 2
    processes = [subprocess.Popen(c, env=environment(), cwd=tmp_path, **QUIET) for c in commands]
    try:
        end_s = time.monotonic() + 60
        while not file.exists() or not file.read_text():
            assert processes[0].poll() is None, "the scheduler ended by itself"
            assert time.monotonic() < end_s, "the scheduler never started"
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL elsewhere")
def test_a_killed_dask_worker_gives_its_cell_to_another_which_goes_on_to_the_same_bits(
    acdc, undisturbed, tmp_path, scheduler
):
    folder = CellFolder(tmp_path / "out", "pce-fold1-seed0")
    command = bench_run(acdc, tmp_path / "out", "--scheduler", scheduler, "--gpu-resource")
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as run:
        killed_at = kill_in_training(folder, lambda: run.poll() is None)
        summary = json.loads(run.communicate(timeout=120)[0])
    assert (run.returncode, summary["done"], summary["failed"]) == (0, 1, {})
    assert_like(folder, undisturbed, killed_at)


def test_a_cell_travels_as_plain_json_and_answers_in_a_word(order):
    sent = json.loads(json.dumps(order(steps=1).to_json()))
    assert work(sent) == "done"


def test_without_dask_a_sentence_names_the_extra(order, monkeypatch):
    load = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "distributed":
            raise ImportError("No module named 'distributed'")
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    workers = ClusterWorkers("local", 1, False, 1.0, lambda: False, lambda: None)
    with pytest.raises(BenchError, match=r"napari-scribbleseg\[cluster\]"):
        workers.run([order()])


class _Future:
    def __init__(self, status: str, error: BaseException | None = None) -> None:
        self.status, self._error, self.cancelled = status, error, False

    def done(self) -> bool:
        return self.status != "pending"

    def exception(self) -> BaseException | None:
        return self._error

    def cancel(self) -> None:
        self.cancelled = True


class KilledWorker(Exception):  # noqa: N818 - distributed's own name
    pass


@pytest.mark.parametrize(
    ("future", "sentence"),
    [
        (_Future("error", KilledWorker("pce")), "died again and again"),
        (_Future("error", OSError("disk full")), "after 3 attempts: OSError: disk full"),
        (_Future("lost"), "lost it"),
    ],
)
def test_a_cell_that_the_cluster_gives_up_is_marked_failed(order, folder_of, future, sentence):
    made = order()
    ClusterWorkers("x", 1, False, 1.0, lambda: False, lambda: None)._collect({future: made})
    assert folder_of(made).status == "failed"
    assert sentence in folder_of(made).read()["message"]


def test_stopping_leaves_word_for_the_workers_and_cancels_what_never_began(order, tmp_path):
    made = replace(order(), out=str(tmp_path))
    future = _Future("pending")
    ClusterWorkers("x", 1, False, 0.4, lambda: False, lambda: None)._stop({future: made}, made)
    assert future.cancelled
    assert made.stop_path.exists()
