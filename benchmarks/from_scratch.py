"""Dice after two minutes from scratch, on one patient's scribbles of ED and ES, in `roi`.

Needs SCRIBBLESEG_ACDC, a folder of ACDC patients with scribbles and masks. The time is that of the training steps;
reading the scans is not counted.

    python benchmarks/from_scratch.py [--patients 5,25,45,65] [--seconds 120]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from record import write_result

from napari_scribbleseg import evaluate, fit, load_cine, predict, save_mask
from napari_scribbleseg.io.acdc import AcdcFrame, list_frames, parse_patients


def measure_patient(frames: list[AcdcFrame], seconds: float, out: Path) -> dict[str, Any]:
    """Train on one patient, write masks, and evaluate them."""
    cines = [load_cine(frame.scan) for frame in frames]
    start = time.perf_counter()
    model = fit(cines, [frame.scribbles for frame in frames], time_limit_s=seconds)
    trained_s = time.perf_counter() - start
    for frame, cine in zip(frames, cines, strict=True):
        save_mask(out / "pred" / f"{frame.case}_seg.nii.gz", predict(model, cine), cine)
        (out / "truth" / f"{frame.case}_gt.nii.gz").symlink_to(frame.truth)
    result = evaluate(out / "pred", out / "truth")
    dice = {str(c.name): round(c.dice_mean, 3) for c in result.classes}
    return {"dice": dice, "mean_dice": round(result.overall.dice_mean, 3), "steps": model.step, "seconds": trained_s}


def measure(acdc: Path, patients: str, seconds: float) -> dict[str, Any]:
    """Return the Dice of each patient and their median."""
    rows: dict[str, Any] = {}
    for number in parse_patients(patients):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            (out / "pred").mkdir()
            (out / "truth").mkdir()
            rows[f"patient{number:03d}"] = measure_patient(list_frames(acdc, [number]), seconds, out)
            print(number, rows[f"patient{number:03d}"], flush=True)
    means = [row["mean_dice"] for row in rows.values()]
    return {"patients": rows, "median_of_mean_dice": round(statistics.median(means), 3), "seconds": seconds}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", default="5,25,45,65")
    parser.add_argument("--seconds", type=float, default=120)
    arguments = parser.parse_args()
    folder = os.environ.get("SCRIBBLESEG_ACDC")
    if not folder:
        parser.error("Set SCRIBBLESEG_ACDC to a folder of ACDC patients.")
    write_result("from_scratch", measure(Path(folder), arguments.patients, arguments.seconds))
