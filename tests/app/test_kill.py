"""`kill -9` of a whole window in the middle of painting and real training."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from napari_scribbleseg.session import SessionFolder
from tests.app.killed_window import dot
from tests.qt.stand_ins import write_scan

SCRIPT = Path(__file__).with_name("killed_window.py")
ROOT = Path(__file__).parents[2]
LOST_AT_MOST_S = 2.0
SHAPE = (3, 5, 64, 72)


def _logged(log: Path, what: str) -> list[tuple[float, int]]:
    lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [(float(line[0]), int(line[2])) for line in lines if len(line) == 3 and line[1] == what]


@pytest.mark.timeout(240)
def test_a_window_killed_while_training_loses_no_stroke_older_than_two_seconds(tmp_path, qapp):
    scan, log = write_scan(tmp_path / "scan.nii.gz", SHAPE), tmp_path / "log"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCRIBBLESEG_HOME": str(tmp_path / "home")}
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(scan), str(tmp_path / "sessions"), str(log)], env=environment
    )
    try:
        deadline = time.monotonic() + 120
        while len(_logged(log, "step")) < 3 or len(_logged(log, "dot")) < 40:
            assert process.poll() is None, "the window ended by itself"
            assert time.monotonic() < deadline, "the window never trained"
            time.sleep(0.1)
    finally:
        process.kill()
        killed_at = time.time()
        process.wait()

    (folder,) = (tmp_path / "sessions").iterdir()
    with SessionFolder.open(folder) as session:
        (scribbles,) = session.load().scribbles.values()
    lost_s = [killed_at - at for at, i in _logged(log, "dot") if scribbles[dot(i)] != 1 + i % 4]
    assert len(_logged(log, "dot")) >= 40
    assert not [s for s in lost_s if s > LOST_AT_MOST_S]
