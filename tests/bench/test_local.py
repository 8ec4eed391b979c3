"""Worker processes of this machine."""

from __future__ import annotations

import contextlib
import stat
import time
from pathlib import Path

import pytest

from napari_scribbleseg.bench import local
from napari_scribbleseg.bench.local import LocalWorkers
from napari_scribbleseg.bench.lock import holding

GO_ON = {"should_stop": lambda: False, "listen": lambda: None}


@pytest.fixture
def python_is(tmp_path, monkeypatch):
    """Let a shell script stand for the worker process."""

    def replace(script: str) -> None:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(local.sys, "executable", str(path))

    return replace


def test_a_worker_that_keeps_dying_is_given_up_after_three_attempts_and_the_others_go_on(
    order, folder_of, python_is, tmp_path
):
    python_is(f'echo "$4" | grep -q dmpls && exit 0\necho x >> {tmp_path}/tries\necho "no such luck"; exit 1')
    doomed, fine = order("pce"), order("dmpls")
    LocalWorkers(1, 1, 5.0, **GO_ON).run([doomed, fine])
    assert (tmp_path / "tries").read_text().count("x") == 3
    record = folder_of(doomed).read()
    assert (record["status"], record["row"]) == ("failed", "pce")
    assert record["message"] == "Given up after 3 attempts: no such luck"
    assert folder_of(fine).status != "failed"


def test_a_worker_killed_by_a_signal_is_said_to_be(order, folder_of, python_is):
    python_is("kill -9 $$")
    LocalWorkers(1, 1, 5.0, **GO_ON).run([order()])
    assert folder_of(order()).read()["message"] == "Given up after 3 attempts: the worker was ended by signal 9."


def test_as_many_cells_as_asked_for_run_at_a_time(order, python_is, tmp_path):
    python_is(f"echo start >> {tmp_path}/log; sleep 0.5; echo end >> {tmp_path}/log; exit 0")
    LocalWorkers(2, 1, 5.0, **GO_ON).run([order("pce", fold=1), order("pce", fold=2), order("pce", fold=3)])
    lines = (tmp_path / "log").read_text().split()
    assert lines[:2] == ["start", "start"]
    assert (lines.count("start"), lines.count("end")) == (3, 3)
    assert max(lines[:i].count("start") - lines[:i].count("end") for i in range(len(lines))) == 2


def test_a_worker_that_does_not_stop_is_ended(order, python_is):
    python_is("trap '' TERM; while true; do sleep 0.05; done")
    began_s = time.monotonic()
    asked = iter([False, False, True])
    LocalWorkers(1, 1, 0.5, lambda: next(asked, True), lambda: None).run([order()])
    assert time.monotonic() - began_s < 10


def test_nothing_starts_after_the_deadline(order, python_is, tmp_path):
    python_is(f"touch {tmp_path}/started")
    LocalWorkers(1, 1, 0.5, **GO_ON).run([order(deadline=time.time() - 1)])
    assert not (tmp_path / "started").exists()


def test_a_cell_of_another_run_is_waited_for_and_taken_over_when_that_run_ends(
    order, folder_of, python_is, tmp_path, monkeypatch
):
    monkeypatch.setattr(local, "LOOK_ELSEWHERE_S", 0.1)
    python_is(f"echo took >> {tmp_path}/log")
    folder = folder_of(order())
    folder.make()
    with contextlib.ExitStack() as other_run:
        other_run.enter_context(holding(folder.lock))
        looks = iter(range(5))

        def listen() -> None:
            if next(looks, None) == 4:
                assert not (tmp_path / "log").exists()
                other_run.close()

        LocalWorkers(1, 1, 5.0, lambda: False, listen).run([order()])
    assert (tmp_path / "log").read_text() == "took\n"


def test_a_cell_that_another_run_has_done_is_not_started(order, folder_of, python_is, tmp_path):
    python_is(f"touch {tmp_path}/started")
    folder_of(order()).make()
    folder_of(order()).note(status="done")
    LocalWorkers(1, 1, 5.0, **GO_ON).run([order()])
    assert not (tmp_path / "started").exists()


def test_workers_read_nothing_from_the_keyboard_and_have_their_own_threads(order, folder_of, python_is):
    python_is('cat; echo "threads $OMP_NUM_THREADS"; exit 0')
    LocalWorkers(1, 3, 5.0, **GO_ON).run([order()])
    assert Path(folder_of(order()).log).read_text() == "threads 3\n"
