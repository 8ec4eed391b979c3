"""`kill -9` of a real process in the middle of drawing and training."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from napari_scribbleseg.session import SessionFolder

SCRIPT = Path(__file__).with_name("busy_session.py")
ROOT = Path(__file__).parents[2]
LOST_AT_MOST_S = 2.0
KILLS = 3


def _script():
    spec = importlib.util.spec_from_file_location("busy_session", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _drawn(log: Path) -> list[tuple[float, int, int, int]]:
    lines = log.read_text().splitlines() if log.exists() else []
    whole = [line.split() for line in lines if len(line.split()) == 4]
    return [(float(at), int(t), int(z), int(revision)) for at, t, z, revision in whole]


def _draw_and_kill(path: Path, log: Path, for_s: float) -> float:
    before = _drawn(log)
    first = before[-1][3] + 1 if before else 1
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, str(SCRIPT), str(path), str(log), str(first)], env=environment)
    try:
        deadline = time.monotonic() + 60
        while len(_drawn(log)) == len(before):
            assert process.poll() is None, "the session process ended by itself"
            assert time.monotonic() < deadline, "the session process never drew"
            time.sleep(0.02)
        time.sleep(for_s)
    finally:
        process.kill()
        killed_at = time.time()
        process.wait()
    return killed_at


def _lost_s(drawn, scribbles, spelled, killed_at: float) -> list[float]:
    """Return how long before the kill each stroke was drawn that is neither there nor replaced by a newer one."""
    return [killed_at - at for at, t, z, revision in drawn if spelled(scribbles[t, z]) < revision]


def _assert_of_one_step(checkpoint) -> None:
    step = float(checkpoint.meta["step"])
    for values, expected in (
        (checkpoint.tensors["step"], step),
        (checkpoint.tensors["momentum"], -step),
        (checkpoint.weights["w"], step),
    ):
        assert bool((values == expected).all())


@pytest.mark.timeout(300)
def test_no_stroke_older_than_two_seconds_is_lost(tmp_path):
    busy, path, log = _script(), tmp_path / "session", tmp_path / "log"
    chance = random.Random(20261122)
    for _ in range(KILLS):
        killed_at = _draw_and_kill(path, log, chance.uniform(0.3, 3.0))
        with SessionFolder.open(path) as folder:
            assert "was not closed properly" in folder.messages[0]
            state = folder.load()
        assert state.problems == ()
        drawn = _drawn(log)
        lost_s = _lost_s(drawn, state.scribbles["scan-1"], busy.spelled, killed_at)
        assert max(lost_s, default=0.0) < LOST_AT_MOST_S
        old = [(t, z, revision) for at, t, z, revision in drawn if at < killed_at - LOST_AT_MOST_S]
        assert {(t, z) for t, z, _ in old} <= set(state.mask_states["scan-1"].slices)
        assert all(revision < state.next_revision for _, _, revision in old)
        if state.checkpoint is not None:
            _assert_of_one_step(state.checkpoint)
    assert state.checkpoint is not None
    assert any(event["kind"] == "step" for event in state.history)
