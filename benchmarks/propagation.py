"""What a mask is worth on a neighbouring phase: carried over along the motion, and taken over as it is.

On the built-in cine, whose true mask is known at every phase, by the number of phases between; and on ACDC from ED to
ES and back, the longest way there is. Dice is of the whole volume, mean over RV, Myo and LV, against the truth; what is
carried over is the true mask.

    python benchmarks/propagation.py [--acdc FOLDER] [--patients 5,10,15]
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from doubt import DEVELOPMENT
from record import write_result
from sample import load_sample

from napari_scribbleseg.baselines.propagation import propagate
from napari_scribbleseg.bench.patients import iterate_patients
from napari_scribbleseg.io import load_mask
from napari_scribbleseg.io.acdc import parse_patients
from napari_scribbleseg.labels import FOREGROUND, LabelMap
from napari_scribbleseg.resources import sample_path

REACHES = (1, 2, 3, 4, 5, 8)


def dice(a: LabelMap, b: LabelMap) -> float:
    """Return the Dice of two masks, mean over classes."""
    shares = [2 * ((a == c) & (b == c)).sum() / max((a == c).sum() + (b == c).sum(), 1) for c in FOREGROUND]
    return float(np.mean(shares))


def measure_sample() -> dict[str, Any]:
    """Return Dice by distance over all phases of the built-in cine, both ways, and what a slice costs."""
    cine = load_sample()
    truth = load_mask(sample_path("sample_truth.nii.gz"), cine)
    n_t, n_z = cine.shape[:2]
    by_reach: dict[str, Any] = {}
    spent_s = done = 0.0
    for reach in REACHES:
        carried, same = [], []
        for source in range(0, n_t, 2):
            for target in ((source + reach) % n_t, (source - reach) % n_t):
                start = time.perf_counter()
                mask = propagate(cine.volume(source), cine.volume(target), truth[source])
                spent_s, done = spent_s + time.perf_counter() - start, done + n_z
                carried.append(dice(mask, truth[target]))
                same.append(dice(truth[source], truth[target]))
        by_reach[str(reach)] = _summary(carried, same)
    return {"phases": n_t, "dice_by_phases_between": by_reach, "ms_per_slice": round(1000 * spent_s / done, 1)}


def measure_acdc(folder: Path, patients: str) -> dict[str, Any]:
    """Return Dice from ED to ES and from ES to ED."""
    found: dict[str, tuple[list[float], list[float]]] = {"ED to ES": ([], []), "ES to ED": ([], [])}
    for patient in iterate_patients(folder, parse_patients(patients)):
        assert patient.truth is not None
        for (carried, same), source in zip(found.values(), (0, 1), strict=True):
            before, after = patient.cine.volume(source), patient.cine.volume(1 - source)
            carried.append(dice(propagate(before, after, patient.truth[source]), patient.truth[1 - source]))
            same.append(dice(patient.truth[source], patient.truth[1 - source]))
    return {"patients": patients, **{name: _summary(*pair) for name, pair in found.items()}}


def _summary(carried: list[float], same: list[float]) -> dict[str, float]:
    return {
        "carried_over": round(float(np.mean(carried)), 3),
        "carried_over_worst": round(float(np.min(carried)), 3),
        "same_mask": round(float(np.mean(same)), 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acdc", type=Path, default=os.environ.get("SCRIBBLESEG_ACDC"))
    parser.add_argument("--patients", default=DEVELOPMENT)
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    figures = {"sample": measure_sample()}
    if chosen.acdc is not None:
        figures["acdc"] = measure_acdc(Path(chosen.acdc), chosen.patients)
    write_result("propagation", figures)
