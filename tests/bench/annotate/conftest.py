"""A made-up patient with masks, and sittings as they lie on disk without anybody having sat."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_scribbleseg.bench.annotate.costs import Costs
from napari_scribbleseg.bench.annotate.paths import Hand
from napari_scribbleseg.bench.patients import Patient
from tests.synthetic import make_cine, make_truth

N_SLICES = 7


@pytest.fixture
def patient() -> Patient:
    """Seven slices that all hold all three classes but for the first and the last, which are empty."""
    truth = make_truth(2, N_SLICES)
    truth[:, [0, -1]] = 0
    return Patient(1, "DCM", make_cine("patient001", 2, N_SLICES), np.zeros_like(truth), truth)


def point(stage: str, dice: float, annotation_s: float, **values: Any) -> dict[str, Any]:
    usual = {"round": 0, "is_end": True, "strokes": 3, "compute_s": 10.0, "ef_error": 5.0, "ef_percent": 50.0}
    classes = {"dice_rv": dice, "dice_myo": dice, "dice_lv": dice, "edv_ml": 100.0, "esv_ml": 50.0}
    return {"stage": stage, "annotation_s": annotation_s, "dice": dice, **usual, **classes, **values}


def correction(obeyed: float, elsewhere: float) -> dict[str, Any]:
    place = {"round": 1, "phase": "ED", "z": 2, "class": "LV", "mistake_pixels": 50, "stroke_pixels": 20}
    return {**place, "compute_s": 4.5, "obeyed": obeyed, "followed": 0.9, "elsewhere": elsewhere, "here": 0.1}


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    """Ours on two patients, one of whom needs no second round, and GrowCut on the same."""
    sittings = {
        "curve/finetuned/patient005": (
            [
                point("none", 0.8, 0.0, compute_s=1.0),
                point("three", 0.82, 30.0, is_end=False, compute_s=5.0),
                point("three", 0.9, 30.0, compute_s=20.0),
                point("corrected", 0.92, 50.0, round=1, compute_s=25.0),
            ],
            [correction(1.0, 0.0)],
        ),
        "curve/finetuned/patient010": (
            [
                point("none", 0.9, 0.0, compute_s=1.0),
                point("three", 0.9, 30.0, is_end=False, compute_s=5.0),
                point("three", 0.92, 30.0, compute_s=20.0),
            ],
            [],
        ),
        "sparse/finetuned/patient005": ([point("sparse", 0.94, 150.0)], []),
        "curve/growcut/patient005": ([point("three", 0.6, 24.0), point("corrected", 0.91, 60.0, round=1)], []),
        "curve/growcut/patient010": ([point("three", 0.7, 24.0), point("corrected", 0.71, 60.0, round=1)], []),
    }
    for name, (points, corrections) in sittings.items():
        session, system, case = name.split("/")
        head = {"session": session, "system": system, "patient": int(case[-3:]), "group": "DCM"}
        path = tmp_path / "sittings" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**head, "points": points, "corrections": corrections}))
    header = {
        "seconds": {"three": 20.0, "sparse": 60.0, "correction": 5.0},
        **{"rounds": 1, "strokes": 1, "seed": 0, "threads": 1, "workers": 1, "weights_sha256": "ab" * 32},
        **{"costs": vars(Costs()), "hand": vars(Hand()), "sittings": sorted(sittings)},
        **{"machine": {"processor": "abacus", "cores": 1}, "versions": {"torch": "2.0"}},
    }
    (tmp_path / "annotate.json").write_text(json.dumps(header))
    return tmp_path
