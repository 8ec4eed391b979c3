"""Scores of real masks against MedPy, the oracle."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from napari_scribbleseg.io import load_cine
from napari_scribbleseg.io.acdc import list_frames
from napari_scribbleseg.labels import mask_from_file
from napari_scribbleseg.metrics import score_volume


@pytest.mark.parametrize("patient", [1, 25, 45, 65])
def test_a_systolic_mask_against_the_diastolic_one_scores_as_medpy_says(patient: int, acdc_dir: Path) -> None:
    medpy = pytest.importorskip("medpy.metric.binary", reason="MedPy is the oracle")
    (truth, spacing_mm), (other, _) = _masks(acdc_dir, patient)
    for row in score_volume("scan", other, truth, spacing_mm):
        a, b = other == row.label, truth == row.label
        assert row.dice == pytest.approx(medpy.dc(a, b), abs=1e-6)
        assert row.hd95_mm == pytest.approx(medpy.hd95(a, b, spacing_mm), abs=1e-3)
        assert 0 < row.dice < 1


def _masks(acdc: Path, patient: int) -> list[tuple[np.ndarray, tuple[float, ...]]]:
    found = []
    for frame in list_frames(acdc, [patient]):
        cine = load_cine(frame.scan)
        assert frame.truth is not None
        codes = np.asarray(nibabel.load(frame.truth).dataobj).transpose(cine.axes)
        found.append((mask_from_file(codes), cine.spacing_mm))
    return found
