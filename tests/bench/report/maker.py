"""Bench folders as `bench run` leaves them, without running anything."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from napari_scribbleseg.bench.report.tables import row_of
from napari_scribbleseg.bench.rows import ROWS
from napari_scribbleseg.labels import LV, MYO, RV

CLASSES = ("RV", "Myo", "LV")
PHASES = ("ED", "ES")
GROUPS = ("DCM", "HCM", "MINF", "NOR", "RV")
DIAGONAL_MM = 333.0
COLUMNS = (
    *("row", "fold", "seed", "patient", "group", "phase", "class", "post"),
    *("dice", "hd95_mm", "empty_prediction", "empty_truth"),
)
SETTINGS = {"steps": 300, "resolution": "roi", "batch_size": 4, "schedule": "protocol", "learning_rate": 0.03}

LEVELS = {
    **{"pce": 0.60, "random_walker": 0.74, "ustm": 0.72, "s2l": 0.75, "mumford_shah": 0.79, "entropy_min": 0.78},
    **{"rloss": 0.80, "dmpls": 0.83, "partial_sup": 0.62, "dan": 0.64, "advent": 0.65, "mean_teacher": 0.66},
    **{"uamt": 0.67, "full_sup": 0.87, "dual_cr": 0.77, "dual_cps": 0.81, "dmpls_alpha_half": 0.82},
    **{"dmpls_auxiliary": 0.825, "can_crf": 0.70, "scribblesup": 0.71, "baseline_random_walker": 0.76},
    **{"baseline_graph_cuts": 0.66, "baseline_grabcut": 0.55, "baseline_growcut": 0.68, "baseline_level_set": 0.7},
    **{"baseline_slic_seg": 0.5, "baseline_random_forest": 0.52, "dmpls_lambda_0.01": 0.7, "dmpls_lambda_0.1": 0.79},
    **{"dmpls_lambda_0.2": 0.81, "dmpls_lambda_0.3": 0.82, "dmpls_lambda_1": 0.825},
}

DiceOf = Callable[[str, int, str, str, int], float]
"""From row, patient, phase, class and seed to a Dice."""


def flat(row: str, patient: int, phase: str, label: str, seed: int) -> float:
    """A hard patient is hard for every row; a row has its level, and each score its own noise."""
    hard = np.random.default_rng(patient).normal(0, 0.05)
    name = f"{row}{patient}{phase}{label}{seed}".encode()
    own = np.random.default_rng(list(name)).normal(0, 0.03)
    tilt = {"RV": -0.03, "Myo": -0.02, "LV": 0.05}[label]
    return float(np.clip(LEVELS[row] + tilt + hard + own, 0, 0.99))


def group_of(patient: int) -> str:
    return GROUPS[(patient - 1) // 20]


def score_lines(row: str, fold: int, seed: int, patients: Iterable[int], dice: DiceOf = flat) -> Iterator[list[Any]]:
    """Yield lines of a scores.csv; a Dice of 0 is an empty prediction at the volume's diagonal."""
    for patient in patients:
        for post in ("none", "largest"):
            for phase in PHASES:
                for label in CLASSES:
                    value = dice(row, patient, phase, label, seed)
                    empty = value == 0
                    better = value + (0.01 if post == "largest" and not empty else 0)
                    distance = DIAGONAL_MM if empty else (1 - value) * (60 if post == "none" else 25)
                    first = [row, fold, seed, patient, group_of(patient), phase, label, post]
                    yield [*first, f"{better:.6f}", f"{distance:.4f}", int(empty), 0]


def patients_of(fold: int, count: int = 4) -> list[int]:
    return list(range(20 * fold - 19, 20 * fold - 19 + count))


def make_bench(
    folder: Path,
    rows: Sequence[str] = ("pce", "dmpls"),
    folds: Sequence[int] = (1,),
    seeds: Sequence[int] = (0,),
    dice: DiceOf = flat,
    patients: int = 4,
    **settings: Any,
) -> Path:
    """Write a finished benchmark; patients of fold 5 have no truth and thus no scores."""
    chosen = {**SETTINGS, **settings}
    folder.mkdir(parents=True, exist_ok=True)
    bench = {
        "command": "napari-scribbleseg bench run --acdc /data/private/acdc --out small",
        "commands": ["napari-scribbleseg bench run --acdc /data/private/acdc --out small"],
        "source": "acdc",
        "common": {"source": "acdc", "patients": None},
        "rows": list(rows),
        "folds": list(folds),
        "seeds": list(seeds),
        "settings": chosen,
        "machine": {"processor": "Made-up 2000", "cores": 2, "system": "Linux"},
        "versions": {"napari-scribbleseg": "0.1", "commit": "abc1234", "torch": "2.13"},
        "created": "2026-11-22T10:00:00+00:00",
        "changed": "2026-11-22T10:30:00+00:00",
    }
    (folder / "bench.json").write_text(json.dumps(bench))
    for row in rows:
        if row_of(row).readout_of is None:
            for fold in folds:
                for seed in seeds:
                    make_cell(folder, row, fold, seed, dice, patients, settings=chosen)
    return folder


def make_cell(
    folder: Path,
    row: str,
    fold: int = 1,
    seed: int = 0,
    dice: DiceOf = flat,
    patients: int = 4,
    *,
    settings: dict[str, Any] | None = None,
    **facts: Any,
) -> Path:
    """Write the folder of one cell; `facts` replace what cell.json says."""
    cell = folder / "cells" / f"{row}-fold{fold}-seed{seed}"
    cell.mkdir(parents=True, exist_ok=True)
    chosen = row_of(row)
    test = patients_of(fold, patients)
    train = [n for n in range(1, 101) if (n - 1) // 20 + 1 != fold]
    labelled = {"full": [n for n in train if n <= 80], "semi": train[:8]}.get(chosen.section, train)
    record = {
        "row": row,
        "method": chosen.method,
        "options": dict(chosen.options),
        "section": chosen.section,
        "fold": fold,
        "seed": seed,
        "settings": {**SETTINGS, **(settings or {})},
        "status": "done",
        "steps_done": 300,
        "train_s": 0.0 if chosen.is_classical else 61.0,
        "prepare_s": 0.0,
        "predict_s": 0.5 * 2 * len(test),
        "score_s": 1.0,
        "device": "cpu",
        "train_patients": train,
        "labelled_patients": labelled,
        "test_patients": test,
        "attempts": 1,
        "message": "",
        **facts,
    }
    (cell / "cell.json").write_text(json.dumps(record))
    scored = test if fold < 5 else []
    keys = [row, *(r.key for r in ROWS if r.readout_of == row)]
    lines = [line for key in keys for line in score_lines(key, fold, seed, scored, dice)]
    write_scores(cell / "scores.csv", lines)
    return cell


def write_scores(path: Path, lines: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows(lines)


def make_heart(shift: float = 0.0, side: int = 96, n_z: int = 5) -> np.ndarray:
    """Mask (z, y, x): an LV in its wall beside an RV, smaller towards the apex; `shift` deforms it."""
    y, x = np.mgrid[:side, :side] - side / 2
    mask = np.zeros((n_z, side, side), np.uint8)
    for z in range(n_z - 1):
        scale = 1 - 0.15 * z
        angle = np.arctan2(y, x)
        wobble = 1 + shift * np.sin(3 * angle + z)
        mask[z, :, :][np.hypot(y * 0.8, x + 16 * scale) < 15 * scale * wobble] = RV
        mask[z, :, :][np.hypot(y, x) < 15 * scale * wobble] = MYO
        mask[z, :, :][np.hypot(y, x) < 10 * scale * wobble] = LV
    return mask


def make_scans(folder: Path, patients: Iterable[int]) -> None:
    """Write test_scans.h5."""
    truth = np.stack([make_heart(), make_heart(0.05)])
    brightness = np.array([60, 200, 90, 230])
    noise = np.random.default_rng(0).normal(0, 12, truth.shape)
    image = np.clip(brightness[truth] + noise, 0, 255).astype(np.uint8)
    with h5py.File(folder / "test_scans.h5", "w") as file:
        for patient in patients:
            group = file.create_group(f"patient{patient:03d}")
            group.attrs["spacing_mm"] = (10.0, 1.5, 1.5)
            group.attrs["group"] = group_of(patient)
            group.create_dataset("image", data=image, compression="gzip")
            group.create_dataset("truth", data=truth, compression="gzip")


def make_masks(folder: Path, rows: Iterable[str], fold: int = 1, patients: int = 4) -> None:
    """Write masks.h5 of cells, the worse the row the more deformed."""
    for row in rows:
        own = row_of(row)
        shift = (1 - LEVELS[row]) * 0.9
        mask = np.stack([make_heart(shift), make_heart(shift)])
        path = folder / "cells" / f"{own.readout_of or row}-fold{fold}-seed0" / "masks.h5"
        with h5py.File(path, "a") as file:
            for patient in patients_of(fold, patients):
                name = f"patient{patient:03d}"
                file[f"{row}/{name}" if own.readout_of else name] = mask
