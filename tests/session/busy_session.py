"""A process to be killed: draws without rest, trains in appearance, and tells what it drew and when.

Not a test module; `test_kill.py` runs it as `python busy_session.py FOLDER LOG FIRST_REVISION`.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import numpy as np
import torch

from napari_scribbleseg.session import Autosaver, SessionFolder, SliceState
from napari_scribbleseg.types import Checkpoint, Cine, StepReport

SHAPE = (12, 10, 216, 256)


def pattern(revision: int) -> np.ndarray:
    """Return strokes that spell a revision, 0 where the slice is empty."""
    labels = np.zeros(SHAPE[2:], np.uint8)
    digits = [revision // 4**i % 4 + 1 for i in range(10)]
    labels[100:110, 50:150] = np.array(digits, np.uint8)[:, None]
    return labels


def spelled(labels: np.ndarray) -> int:
    """Read a revision back; a slice that is neither empty nor whole raises."""
    if not labels.any():
        return 0
    digits = labels[100:110, 50]
    revision = int(sum((int(digit) - 1) * 4**i for i, digit in enumerate(digits)))
    np.testing.assert_array_equal(labels, pattern(revision))
    return revision


def train(saver: Autosaver) -> None:
    work = np.random.default_rng(0).random((300, 300))
    for step in range(1, 10**6):
        for _ in range(20):
            work = work @ work
            work /= work.max()
        saver.record_event(StepReport(step, {"pce": 1.0 / step}, 0.01, 0.1, step, step, 100, "cpu"))
        tensors = {"step": torch.full((1_000_000,), float(step)), "momentum": torch.full((1_000_000,), -float(step))}
        saver.put_checkpoint(Checkpoint(tensors, {"step": step}, {"w": torch.full((500_000,), float(step))}))


def main() -> None:
    path, log_path, revision = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    cine = Cine("scan-1", np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE), (10.0, 1.4, 1.4))
    folder = SessionFolder.open(path) if path.exists() else SessionFolder.create(path)
    saver = Autosaver(folder, fold_after_s=0.4)
    saver.add_scan(cine)
    threading.Thread(target=train, args=(saver,), daemon=True).start()
    with log_path.open("a") as log:
        while True:
            t, z = divmod(revision % 7, 3)
            saver.put_slice("scan-1", t, z, pattern(revision), revision)
            saver.put_mask("scan-1", {(t, z): pattern(revision) % 4}, SliceState.EDITED)
            log.write(f"{time.time():.6f} {t} {z} {revision}\n")
            log.flush()
            revision += 1
            time.sleep(0.05)


if __name__ == "__main__":
    main()
