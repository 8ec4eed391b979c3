"""Scoring from the command line."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest

from napari_scribbleseg.cli import output
from tests.cli.conftest import write_nifti
from tests.synthetic import make_truth


@pytest.fixture
def perfect(files, tmp_path):
    """Predictions that equal the truth."""
    folder = tmp_path / "masks"
    folder.mkdir()
    for stem in ("a", "b"):
        shutil.copy(files.folder / f"truth/{stem}_gt.nii.gz", folder / f"{stem}_seg.nii.gz")
    return folder


def test_a_table_shows_cases_means_and_deviations(run, files, perfect):
    said = run("evaluate", "--pred", perfect, "--truth", files.folder / "truth")
    assert said.code == 0
    for word in ("a", "b@t01", "mean", "sd", "1.000", "DSC", "HD95 mm", "3 volumes"):
        assert word in said.out


def test_json_holds_every_row(run, files, perfect):
    said = run("evaluate", "--pred", perfect, "--truth", files.folder / "truth", "--json")
    assert (said.code, said.err) == (0, "")
    assert len(said.json["rows"]) == 9
    assert said.json["overall"]["dice_mean"] == 1.0


@pytest.mark.parametrize("name", ["scores.csv", "scores.json", "scores"])
def test_scores_are_written_as_the_name_says(run, files, perfect, tmp_path, name):
    said = run("evaluate", "--pred", perfect, "--truth", files.folder / "truth", "--out", tmp_path / name)
    assert said.code == 0
    written = sorted(path.name for path in tmp_path.glob("scores*"))
    assert written == ([name] if "." in name else ["scores.csv", "scores.json"])
    for path in tmp_path.glob("scores*"):
        if path.suffix == ".csv":
            rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
            assert {row["class"] for row in rows} >= {"RV", "Myo", "LV"}
        else:
            assert json.loads(path.read_text(encoding="utf-8"))["overall"]["n"] == 3


def test_an_empty_class_is_counted_in_words(run, files, perfect):
    truth = make_truth()
    write_nifti(perfect / "a_seg.nii.gz", np.where(truth == 1, 0, truth).astype(np.uint8))
    said = run("evaluate", "--pred", perfect, "--truth", files.folder / "truth")
    assert "1 times a class was not found" in said.out


def test_masks_without_partner_are_listed(run, files, perfect):
    (perfect / "b_seg.nii.gz").rename(perfect / "c_seg.nii.gz")
    said = run("evaluate", "--pred", perfect, "--truth", files.folder / "truth")
    assert (said.code, said.out) == (output.BAD_INPUT, "")
    assert "c_seg.nii.gz has no truth" in said.err
    assert "b_gt.nii.gz has no prediction" in said.err


def test_masks_of_another_shape_are_listed_as_json(run, files, perfect):
    write_nifti(perfect / "a_seg.nii.gz", make_truth(side=32))
    said = run("evaluate", "--pred", perfect, "--truth", files.folder / "truth", "--json")
    complaint = json.loads(said.err)
    assert said.code == complaint["exit_code"] == output.BAD_INPUT
    assert said.out == ""
    assert "has the shape" in complaint["problems"][0]


@pytest.mark.parametrize(
    ("out", "sentence"), [("scores.xlsx", "neither .csv nor .json"), ("missing/scores.csv", "does not exist")]
)
def test_a_bad_target_is_told_first(run, files, perfect, tmp_path, out, sentence):
    said = run("evaluate", "--pred", perfect, "--truth", files.folder / "truth", "--out", tmp_path / out)
    assert said.code == output.BAD_INPUT
    assert sentence in said.err


def test_a_missing_folder_is_told(run, tmp_path):
    said = run("evaluate", "--pred", tmp_path / "none", "--truth", tmp_path)
    assert said.code == output.BAD_INPUT
    assert "none is not a folder" in said.err
