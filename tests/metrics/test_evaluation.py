from __future__ import annotations

import csv
import io
import json
import math
import statistics
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.metrics import Evaluation, EvaluationError, evaluate

ZOOMS = (1.5, 1.5, 8.0)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    pred, truth = tmp_path / "pred", tmp_path / "truth"
    pred.mkdir()
    truth.mkdir()
    return pred, truth


def heart(shift: int = 0, shape: tuple[int, ...] = (20, 18, 4)) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    mask[2 + shift : 6 + shift, 3:9] = 1
    mask[8 + shift : 12 + shift, 3:9] = 2
    mask[13 + shift : 17 + shift, 3:9] = 3
    return mask


def save(path: Path, mask: np.ndarray, zooms: tuple[float, ...] = ZOOMS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(mask, np.diag([-1.0, -1.0, 1.0, 1.0]))
    image.header.set_zooms((*zooms, 1.0)[: mask.ndim])
    nib.save(image, path)


def table(evaluation: Evaluation) -> dict[tuple[str, int], tuple[float, float]]:
    return {(row.case, row.label): (row.dice, row.hd95_mm) for row in evaluation.rows}


def test_scores_worked_by_hand_in_true_millimetres(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    save(truth / "a_gt.nii.gz", heart())
    save(pred / "a_seg.nii.gz", heart(shift=1))
    scores = table(evaluate(pred, truth))
    assert set(scores) == {("a", 1), ("a", 2), ("a", 3)}
    for dice, hd95_mm in scores.values():
        assert dice == pytest.approx(2 * 3 / 8)  # 4 columns each, 3 shared
        assert hd95_mm == pytest.approx(1.5)


def test_means_and_deviations_per_class_and_over_the_classes(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    for case, shift in (("a", 0), ("b", 1), ("c", 2)):
        save(truth / f"{case}.nii", heart())
        save(pred / f"{case}.nii.gz", heart(shift))
    result = evaluate(pred, truth)
    rv = [row.dice for row in result.rows if row.label == 1]
    assert [part.name for part in result.classes] == ["RV", "Myo", "LV"]
    assert result.classes[0].n == 3
    assert result.classes[0].dice_mean == pytest.approx(np.mean(rv))
    assert result.classes[0].dice_sd == pytest.approx(np.std(rv))
    assert result.classes[0].hd95_mean_mm == pytest.approx((0 + 1.5 + 3.0) / 3)
    assert result.overall.dice_mean == pytest.approx(statistics.fmean(part.dice_mean for part in result.classes))
    assert result.overall.hd95_sd_mm == pytest.approx(statistics.fmean(part.hd95_sd_mm for part in result.classes))


def test_an_empty_prediction_gets_the_diagonal_and_is_counted(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    save(truth / "a.nii", heart())
    save(pred / "a.nii", np.where(heart() == 3, 0, heart()).astype(np.uint8))
    save(truth / "b.nii", np.where(heart() == 1, 0, heart()).astype(np.uint8))
    save(pred / "b.nii", heart())
    result = evaluate(pred, truth)
    diagonal = math.hypot(20 * 1.5, 18 * 1.5, 4 * 8.0)
    assert table(result)["a", 3] == (0.0, pytest.approx(diagonal))
    assert table(result)["b", 1] == (0.0, pytest.approx(diagonal))
    flagged = [(row.case, row.label, row.empty_prediction, row.empty_truth) for row in result.rows]
    assert [row for row in flagged if row[2] or row[3]] == [("a", 3, True, False), ("b", 1, False, True)]
    assert [part.empty_predictions for part in result.classes] == [0, 0, 1]
    assert (result.overall.empty_predictions, result.overall.empty_truths) == (1, 1)


def test_where_both_are_empty_they_agree(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    for folder in folders:
        save(folder / "a.nii", np.where(heart() == 1, 0, heart()).astype(np.uint8))
    assert table(evaluate(pred, truth))["a", 1] == (1.0, 0.0)


def test_pairs_are_found_at_any_depth_and_by_what_precedes_the_role(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    for case in ("patient001_frame01", "patient001_frame12"):
        folder = truth / "patient001"
        save(folder / f"{case}_gt.nii.gz", heart())
        save(folder / f"{case}.nii.gz", heart() * 40)  # the scan itself
        save(folder / f"{case}_scribble.nii.gz", heart() + 1)
        save(pred / "run" / f"{case}_seg.nii", heart())
        save(pred / f"{case}_mask.nii.gz", heart() * 0)  # beside `_seg` files only those are predictions
    save(pred / ".hidden" / "x_seg.nii", heart())
    result = evaluate(str(pred), str(truth))
    assert {row.case for row in result.rows} == {"patient001_frame01", "patient001_frame12"}
    assert result.overall.dice_mean == 1


def test_only_one_role_is_taken_off_a_stem(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    save(truth / "a_mask_gt.nii", heart())
    save(pred / "a_mask_seg.nii", heart())
    assert {row.case for row in evaluate(pred, truth).rows} == {"a_mask"}


def test_every_file_without_a_partner_is_listed(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    for name in ("a", "b"):
        save(pred / f"{name}_seg.nii", heart())
    for name in ("b", "c", "d"):
        save(truth / f"{name}_gt.nii", heart())
    with pytest.raises(EvaluationError) as caught:
        evaluate(pred, truth)
    assert caught.value.problems == (
        "a_seg.nii has no truth.",
        "c_gt.nii has no prediction.",
        "d_gt.nii has no prediction.",
    )
    assert all(problem in str(caught.value) for problem in caught.value.problems)


def test_a_stem_that_occurs_twice_is_refused(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    save(truth / "a.nii", heart())
    save(pred / "x" / "a_seg.nii", heart())
    save(pred / "y" / "a_seg.nii.gz", heart())
    with pytest.raises(EvaluationError, match="a occurs twice as a prediction"):
        evaluate(pred, truth)


def test_every_mask_of_another_shape_is_listed_in_file_order(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    for name in ("a", "b", "c"):
        save(truth / f"{name}.nii", heart())
    save(pred / "a.nii", heart())
    save(pred / "b.nii", heart(shape=(20, 18, 5)))
    save(pred / "c.nii", np.stack([heart(), heart()], axis=3))
    with pytest.raises(EvaluationError) as caught:
        evaluate(pred, truth)
    assert caught.value.problems == (
        "The prediction b.nii has the shape (20, 18, 5), but the truth b.nii has (20, 18, 4).",
        "The prediction c.nii has the shape (20, 18, 4, 2), but the truth c.nii has (20, 18, 4).",
    )


def test_codes_beyond_the_classes_are_refused(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    save(truth / "a.nii", heart())
    save(pred / "a.nii", heart() + 1)
    with pytest.raises(EvaluationError, match=r"a\.nii: Masks hold the value 4"):
        evaluate(pred, truth)


def test_files_that_cannot_be_read_are_listed(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    save(truth / "a.nii", heart())
    save(truth / "b.nii.gz", heart())
    save(pred / "b.nii.gz", heart())
    (pred / "a.nii").write_bytes(b"hello")
    (pred / "b.nii.gz").write_bytes((pred / "b.nii.gz").read_bytes()[:-20])
    with pytest.raises(EvaluationError, match=r"a\.nii is not a NIfTI file"):
        evaluate(pred, truth)
    save(pred / "a.nii", heart())
    with pytest.raises(EvaluationError, match=r"b\.nii\.gz is cut short"):
        evaluate(pred, truth)


@pytest.mark.parametrize("missing", [True, False])
def test_a_folder_that_is_missing_or_empty_is_named(folders: tuple[Path, Path], missing: bool) -> None:
    pred, truth = folders
    save(truth / "a.nii", heart())
    if missing:
        pred.rmdir()
    with pytest.raises(EvaluationError, match="pred is not a folder" if missing else "pred holds no masks"):
        evaluate(pred, truth)


def test_a_4d_file_gives_a_row_per_phase_and_says_where_its_truth_is_empty(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    save(truth / "cine_gt.nii.gz", np.stack([heart(), heart(), heart() * 0], axis=3))
    save(pred / "cine_seg.nii.gz", np.stack([heart(), heart(1), heart()], axis=3))
    result = evaluate(pred, truth)
    assert [row.case for row in result.rows[::3]] == ["cine@t00", "cine@t01", "cine@t02"]
    assert [table(result)[f"cine@t0{t}", 2][0] for t in range(3)] == [1.0, 0.75, 0.0]
    assert len(result.notes) == 1
    assert "cine_gt.nii.gz is empty in 1 of 3 phases" in result.notes[0]


def test_a_single_phase_with_a_fourth_axis_fits_a_3d_truth(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    save(truth / "a.nii", heart())
    save(pred / "a.nii", heart()[..., None])
    assert table(evaluate(pred, truth))["a", 1] == (1.0, 0.0)


def test_csv_and_json_hold_every_row_and_the_summaries(folders: tuple[Path, Path]) -> None:
    pred, truth = folders
    save(truth / "a, b.nii", heart())
    save(pred / "a, b.nii", heart(1))
    result = evaluate(pred, truth)
    lines = list(csv.DictReader(io.StringIO(result.to_csv())))
    assert [(line["case"], line["class"]) for line in lines] == [
        *(("a, b", name) for name in ("RV", "Myo", "LV")),
        *((kind, name) for name in ("RV", "Myo", "LV", "mean") for kind in ("mean", "sd")),
    ]
    assert float(lines[0]["dice"]) == pytest.approx(0.75)
    assert float(lines[0]["hd95_mm"]) == pytest.approx(1.5)
    values = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert values["rows"][0]["class"] == "RV"
    assert values["classes"]["LV"]["dice_mean"] == pytest.approx(0.75)
    assert values["overall"]["n"] == 1


def test_acdc_truth_agrees_with_itself_and_a_missing_patient_is_told(acdc_dir: Path, tmp_path: Path) -> None:
    pred, truth = tmp_path / "pred", tmp_path / "truth"
    for path in sorted((acdc_dir / "patient001").glob("*_gt.nii.gz")):
        image = nib.load(path)
        save(pred / path.name.replace("_gt", "_seg"), np.asarray(image.dataobj, np.uint8), image.header.get_zooms())
        (truth / "patient001").mkdir(parents=True, exist_ok=True)
        (truth / "patient001" / path.name).write_bytes(path.read_bytes())
    result = evaluate(pred, truth)
    assert (result.overall.dice_mean, result.overall.hd95_mean_mm, result.overall.n) == (1.0, 0.0, 2)
    with pytest.raises(EvaluationError, match="patient002_frame01_gt.nii.gz has no prediction"):
        evaluate(pred, acdc_dir)
