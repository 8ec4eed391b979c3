"""Does doubt rank slices by their error? On ACDC patients that the weights have never seen, at ED and ES.

The error of a slice is 1 - Dice against the expert's mask, mean over RV, Myo and LV; a class that neither holds counts
as right. Needs ACDC.

    python benchmarks/doubt.py --weights FILE [--acdc FOLDER] [--patients 5,10,15]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from record import write_result
from scipy.stats import spearmanr

from napari_scribbleseg.api.model import Model
from napari_scribbleseg.bench.patients import Patient, iterate_patients
from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.data.locate import find_by_difference
from napari_scribbleseg.engine.doubt import doubt_slices
from napari_scribbleseg.engine.inference import predict_slices
from napari_scribbleseg.engine.weights import build_trained
from napari_scribbleseg.io.acdc import parse_patients
from napari_scribbleseg.labels import FOREGROUND, LabelMap
from napari_scribbleseg.methods import Method

CPU = torch.device("cpu")
DEVELOPMENT = ",".join(str(number) for number in range(5, 81, 5))
AT_ONCE = 4
Row = dict[str, float]


def slice_error(predicted: LabelMap, truth: LabelMap) -> float:
    """Return 1 - Dice of a slice, mean over classes."""
    dice = []
    for code in FOREGROUND:
        a, b = predicted == code, truth == code
        size = int(a.sum() + b.sum())
        dice.append(2 * int((a & b).sum()) / size if size else 1.0)
    return 1 - float(np.mean(dice))


def store_of(patient: Patient) -> SampleStore:
    """Return a store whose window lies on the heart, found without labels."""
    store, cine = SampleStore("roi"), patient.cine
    store.add(cine)
    position, grid = find_by_difference(cine), store.grid(patient.case)
    if position is not None:
        y, x = ((p + 0.5) * c / n - 0.5 for p, c, n in zip(position, grid.canvas, grid.native, strict=True))
        store.centre_on(patient.case, (y, x))
    return store


def rows_of(method: Method, patient: Patient) -> list[Row]:
    """Return score, disagreement and error of each slice, and what rating it cost."""
    store, keys, rows = store_of(patient), patient.cine.keys(), []
    assert patient.truth is not None
    for first in range(0, len(keys), AT_ONCE):
        some = keys[first : first + AT_ONCE]
        start = time.perf_counter()
        predicted = {key: labels for key, labels, _ in predict_slices(method, store, some, CPU)}
        predicting_ms = (time.perf_counter() - start) / len(some) * 1000
        start = time.perf_counter()
        doubts = dict(doubt_slices(method, store, some, CPU))
        rating_ms = (time.perf_counter() - start) / len(some) * 1000
        for key, doubt in doubts.items():
            error = slice_error(predicted[key], patient.truth[key.t, key.z])
            area = float((predicted[key] != patient.truth[key.t, key.z]).sum() * np.prod(patient.cine.spacing_mm[1:]))
            rows.append(
                {
                    "patient": patient.number,
                    "score": doubt.score,
                    "disagreement": doubt.disagreement,
                    "error": error,
                    "wrong_mm2": area,
                    "rating_ms": rating_ms,
                    "predicting_ms": predicting_ms,
                }
            )
    return rows


def correlate(rows: Sequence[Row], by: str, error: str = "error") -> dict[str, float]:
    """Return Spearman's correlation over all slices, and its mean and range within patients."""
    within = []
    for number in sorted({row["patient"] for row in rows}):
        own = [row for row in rows if row["patient"] == number]
        within.append(float(spearmanr([r[by] for r in own], [r[error] for r in own]).statistic))
    pooled = float(spearmanr([r[by] for r in rows], [r[error] for r in rows]).statistic)
    figures = {"all_slices": pooled, "within_patient": float(np.nanmean(within))}
    figures |= {"lowest_patient": float(np.nanmin(within)), "highest_patient": float(np.nanmax(within))}
    return {name: round(value, 3) for name, value in figures.items()}


def found_first(rows: Sequence[Row], share: float = 0.25) -> dict[str, float]:
    """Return what the most doubtful quarter of each patient's slices is worth to a person who looks at it first."""
    caught, worst_error, all_error = [], [], []
    for number in {row["patient"] for row in rows}:
        own = [row for row in rows if row["patient"] == number]
        count = max(round(share * len(own)), 1)
        by_score = sorted(own, key=lambda row: -row["score"])[:count]
        by_error = sorted(own, key=lambda row: -row["error"])[:count]
        caught.append(sum(row in by_error for row in by_score) / count)
        worst_error.append(np.mean([row["error"] for row in by_score]))
        all_error.append(np.mean([row["error"] for row in own]))
    return {
        "share_of_the_worst_quarter_in_the_most_doubtful_quarter": round(float(np.mean(caught)), 3),
        "mean_error_in_the_most_doubtful_quarter": round(float(np.mean(worst_error)), 3),
        "mean_error_of_all_slices": round(float(np.mean(all_error)), 3),
    }


def measure(acdc: Path, weights: Path, patients: str) -> dict[str, Any]:
    """Return how well doubt ranks slices, and what rating a slice costs."""
    torch.set_num_threads(1)
    model = Model.load(weights)
    method, _ = build_trained(model.tensors, model.meta, CPU)
    rows = [row for p in iterate_patients(acdc, parse_patients(patients)) for row in rows_of(method, p)]
    return {
        "weights_step": model.step,
        "patients": patients,
        "slices": len(rows),
        "spearman_score_error": correlate(rows, "score"),
        "spearman_disagreement_alone_error": correlate(rows, "disagreement"),
        "spearman_score_wrong_area": correlate(rows, "score", "wrong_mm2"),
        "calibration": {
            "mean_score": round(float(np.mean([row["score"] for row in rows])), 3),
            "mean_error": round(float(np.mean([row["error"] for row in rows])), 3),
        },
        "looked_at_first": found_first(rows),
        "median_ms_per_slice_one_thread": {
            what: round(float(np.median([row[f"{what}_ms"] for row in rows])), 1) for what in ("rating", "predicting")
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--acdc", type=Path, default=os.environ.get("SCRIBBLESEG_ACDC"))
    parser.add_argument("--patients", default=DEVELOPMENT)
    chosen = parser.parse_args()
    if chosen.acdc is None:
        parser.error("say where ACDC lies: --acdc FOLDER, or the variable SCRIBBLESEG_ACDC")
    write_result("doubt", measure(Path(chosen.acdc), chosen.weights, chosen.patients))
