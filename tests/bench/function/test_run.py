"""Comparing patients: the network's part is played by a mask that is known."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.function import run as runs
from napari_scribbleseg.bench.function.request import FunctionRequest
from napari_scribbleseg.bench.function.run import run_function
from napari_scribbleseg.bench.patients import read_patients
from napari_scribbleseg.labels import LV


@pytest.fixture
def request_of(acdc, tmp_path):
    """Ask for two patients with the shipped weights, unless told otherwise."""
    return lambda **values: FunctionRequest(**{"acdc": acdc, "out": tmp_path, "patients": "1,21", **values})


def volume_ml(mask: np.ndarray, spacing_mm) -> float:
    return float((mask == LV).sum() * np.prod(spacing_mm) / 1000)


def test_both_masks_of_each_patient_are_measured_at_ed_and_es(request_of, monkeypatch):
    def without_a_slice(patient, model, request):
        mask = patient.truth.copy()
        mask[:, 0] = 0
        return mask

    monkeypatch.setattr(runs, "_predict", without_a_slice)
    heard = []
    header, rows = run_function(request_of(), lambda done, total, name: heard.append((done, total, name)))
    assert heard == [(0, 2, "patient001"), (1, 2, "patient021"), (2, 2, "")]
    assert [(row.patient, row.group) for row in rows] == [(1, "DCM"), (21, "HCM")]
    (patient,) = read_patients(request_of().acdc, [21])
    spacing_mm = patient.cine.spacing_mm
    assert rows[1].truth["lv_edv_ml"] == pytest.approx(volume_ml(patient.truth[0], spacing_mm))
    assert rows[1].truth["lv_esv_ml"] == pytest.approx(volume_ml(patient.truth[1], spacing_mm))
    assert rows[1].ours["lv_edv_ml"] == pytest.approx(volume_ml(patient.truth[0, 1:], spacing_mm))
    assert "few_slices" in rows[1].flags
    assert header["patients"] == [1, 21]
    assert header["shipped"] is True
    assert len(header["weights"]["sha256"]) == 64


def test_the_shipped_weights_segment_a_patient(request_of):
    _, (row,) = run_function(request_of(patients="1", threads=1, device="cpu"))
    assert row.seconds > 0
    assert row.truth["lv_ef_percent"] > 0


@pytest.mark.parametrize(
    ("values", "words"),
    [({"patients": "85"}, "patient085 has no mask"), ({"patients": "2"}, "no patient 2"), ({"patients": "x"}, "'x'")],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(request_of, values, words):
    with pytest.raises(BenchError, match=words):
        run_function(request_of(**values))


def test_threads_below_none_are_refused(request_of):
    with pytest.raises(BenchError, match="Threads"):
        request_of(threads=-1)
