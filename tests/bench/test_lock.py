from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.lock import CellBusyError, holding, is_held
from tests.bench.orders import environment

_HOLD = """
import sys
from pathlib import Path
from napari_scribbleseg.bench.lock import holding
with holding(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_cell_that_another_process_works_on_is_refused_until_that_process_is_killed(tmp_path):
    lock = tmp_path / "lock"
    command = [sys.executable, "-c", _HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as other:
        assert other.stdout.readline().strip() == b"held"
        assert is_held(lock)
        with pytest.raises(CellBusyError, match="another process"), holding(lock):
            pass
        other.kill()
    assert not is_held(lock)


def test_patience_waits_for_the_holder(tmp_path):
    lock, waited_s = tmp_path / "lock", []

    def wait() -> None:
        began_s = time.monotonic()
        with holding(lock, patience_s=20):
            waited_s.append(time.monotonic() - began_s)

    with holding(lock):
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.2)
        assert waited_s == []
    waiting.join(20)
    assert waited_s[0] >= 0.2


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match="cannot be written"), holding(tmp_path / "file" / "lock"):
        pass
