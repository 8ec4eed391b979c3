"""What leaves the house says where it came from."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.labels import LV, MYO
from napari_scribbleseg.types import FrameKey
from tests.qt.stand_ins import go_to, paint_two_classes

WINDOW = False


@pytest.fixture
def mixed(bench, runners, qtbot):
    """Phase 0 predicted, of which slice 2 is accepted and slice 1 corrected by hand; the rest never predicted."""
    paint_two_classes(bench)
    bench.train()
    for z in range(4):
        runners[-1].predict(FrameKey(bench.shown_case, 0, z), LV, step=5 + z)
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 4)
    bench.accept("slice")
    bench.layer("mask").paint((0, 1, 30, 30), MYO)
    return bench


def test_export_takes_the_mask_else_the_prediction_and_says_which(mixed, tmp_path):
    summary = mixed.export(tmp_path / "out.nii.gz")

    assert (summary.from_mask, summary.from_prediction, summary.never_predicted) == (2, 2, 8)
    assert summary.sentence == "12 slices: 2 from the mask, 2 from the prediction, 8 never predicted and empty."
    written = np.asarray(nib.load(tmp_path / "out.nii.gz").dataobj).transpose(3, 2, 1, 0)
    assert (written[0, 0] == mixed.layer("prediction").data[0, 0]).all()
    assert (written[0, 1] == mixed.layer("mask").data[0, 1]).all()
    assert not written[1:].any()
    note = json.loads((tmp_path / "out.json").read_text())
    assert note["slices"] == {
        "accepted": 1,
        "edited": 1,
        "from_mask": 2,
        "from_prediction": 2,
        "never_predicted": 8,
    }
    assert note["prediction_steps"] == {"oldest": 5, "newest": 8}
    assert note["method"] == "dmpls"
    assert "not a medical device" in note["notice"]


def test_export_of_the_current_frame_is_a_3d_file(mixed, tmp_path):
    go_to(mixed, 0, 3)
    summary = mixed.export(tmp_path / "frame.nii.gz", frames="current")

    assert (summary.from_mask, summary.from_prediction, summary.never_predicted) == (2, 2, 0)
    assert nib.load(tmp_path / "frame.nii.gz").shape == (40, 48, 4)


@pytest.mark.parametrize(
    ("name", "frames", "why"),
    [
        ("out.txt", None, ".nii"),
        ("missing/out.nii.gz", None, "folder does not exist"),
        ("out.nii.gz", [9], "phases [9]"),
    ],
)
def test_an_export_that_cannot_be_is_a_sentence(mixed, tmp_path, name, frames, why):
    assert mixed.export(tmp_path / name, frames) is None
    assert why in mixed.said[-1].text
    assert not (tmp_path / name).exists()


def test_without_a_scan_there_is_nothing_to_export(make_bench, tmp_path):
    bench = make_bench()
    assert bench.export(tmp_path / "out.nii.gz") is None
    assert bench.export_scribbles(tmp_path / "out.nii.gz") is None
    assert bench.said.text.count("Open a scan first") == 2
