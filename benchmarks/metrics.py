"""Dice and HD95 on real masks: agreement with MedPy, and time.

    SCRIBBLESEG_ACDC=… python benchmarks/metrics.py [--patients 1-80]

The systolic mask of each patient is scored against the diastolic one, on the native grid with true spacing.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

from medpy.metric import binary
from record import median, percentiles, write_result

from napari_scribbleseg.bench.patients import read_patients
from napari_scribbleseg.io.acdc import parse_patients
from napari_scribbleseg.metrics import score_volume


def measure(folder: Path, patients: str) -> dict[str, Any]:
    """Return the largest differences from MedPy, and the time of both metrics for a volume of ten slices."""
    dice_gap, hd95_gap, ours_s, medpy_s = 0.0, 0.0, [], []
    for patient in read_patients(folder, parse_patients(patients)):
        assert patient.truth is not None
        (truth, other), spacing_mm = patient.truth, patient.cine.spacing_mm
        start = time.perf_counter()
        rows = score_volume(patient.case, other, truth, spacing_mm)
        ours_s.append((time.perf_counter() - start) * 10 / len(truth))
        start = time.perf_counter()
        for row in rows:
            a, b = other == row.label, truth == row.label
            dice_gap = max(dice_gap, abs(binary.dc(a, b) - row.dice))
            hd95_gap = max(hd95_gap, abs(binary.hd95(a, b, spacing_mm) - row.hd95_mm))
        medpy_s.append((time.perf_counter() - start) * 10 / len(truth))
    return {
        "volumes": len(ours_s),
        "largest_difference_of_dice": dice_gap,
        "largest_difference_of_hd95_mm": hd95_gap,
        "ten_slices_ms": percentiles([1000 * s for s in ours_s]),
        "medpy_slower": round(median(medpy_s) / median(ours_s), 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", default="1-80")
    a = parser.parse_args()
    write_result("metrics", measure(Path(os.environ["SCRIBBLESEG_ACDC"]), a.patients))
