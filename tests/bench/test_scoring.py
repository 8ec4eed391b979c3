from __future__ import annotations

import math

import numpy as np
import pytest

from napari_scribbleseg.bench.cells import base_settings, make_grid
from napari_scribbleseg.bench.patients import Patient
from napari_scribbleseg.bench.records import SCORE_COLUMNS
from napari_scribbleseg.bench.rows import choose_rows
from napari_scribbleseg.bench.scoring import score_patient
from napari_scribbleseg.labels import LV, RV
from tests.synthetic import make_cine, make_truth

CELL = make_grid(choose_rows("pce"), (1,), (3,), base_settings("roi"))[0]


@pytest.fixture
def patient() -> Patient:
    cine, truth = make_cine("patient007", n_t=2), make_truth(2)
    return Patient(7, "DCM", cine, np.zeros_like(truth), truth)


def scores(patient, mask) -> list[dict]:
    return [dict(zip(SCORE_COLUMNS, row, strict=True)) for row in score_patient("pce", CELL, patient, mask)]


def test_a_perfect_mask_scores_one_in_every_phase_class_and_column(patient):
    rows = scores(patient, patient.truth)
    assert len(rows) == 2 * 2 * 3
    assert {(row["phase"], row["class"], row["post"]) for row in rows} == {
        (phase, name, post) for phase in ("ED", "ES") for name in ("RV", "Myo", "LV") for post in ("none", "largest")
    }
    assert {(float(row["dice"]), float(row["hd95_mm"])) for row in rows} == {(1.0, 0.0)}
    assert {(row["row"], row["fold"], row["seed"], row["patient"], row["group"]) for row in rows} == {
        ("pce", 1, 3, 7, "DCM")
    }


def test_an_island_counts_as_predicted_and_not_with_the_largest_component(patient):
    mask = patient.truth.copy()
    mask[0, :, :6, :6] = LV
    by = {(r["phase"], r["class"], r["post"]): (float(r["dice"]), float(r["hd95_mm"])) for r in scores(patient, mask)}
    assert by["ED", "LV", "largest"] == (1.0, 0.0)
    assert by["ED", "LV", "none"][0] < 1
    assert by["ES", "LV", "none"] == (1.0, 0.0)


def test_a_class_that_was_not_found_is_flagged_and_costs_the_diagonal_in_mm(patient):
    mask = np.where(patient.truth == RV, 0, patient.truth).astype(np.uint8)
    (row,) = [r for r in scores(patient, mask) if (r["phase"], r["class"], r["post"]) == ("ES", "RV", "none")]
    assert (row["empty_prediction"], row["empty_truth"], float(row["dice"])) == (1, 0, 0.0)
    assert float(row["hd95_mm"]) == pytest.approx(math.hypot(3 * 8.0, 64 * 1.4, 64 * 1.4), abs=1e-3)


def test_a_patient_without_truth_has_no_scores(patient):
    untold = Patient(81, "RV", patient.cine, patient.scribbles, None)
    assert scores(untold, patient.truth) == []
