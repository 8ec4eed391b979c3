"""From files to numbers: what reports say equals what counting voxels says."""

from __future__ import annotations

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

from napari_scribbleseg.api import Model, fit
from napari_scribbleseg.api.report import ReportTask, batch, find_studies, report_batch, report_study, writer
from napari_scribbleseg.cardiac import Choices, MeasurementError
from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.io import ScanError
from tests.api.report.folders import images, volumes, write, write_patient
from tests.synthetic import make_cine, make_strokes, make_truth


@pytest.fixture(autouse=True)
def _quick_pages(monkeypatch):
    """Pages are looked at elsewhere; here it is about numbers and files."""
    monkeypatch.setattr(writer, "make_html", lambda content, pictures: content.scan)
    monkeypatch.setattr(writer, "make_pdf", lambda content, pictures: b"%PDF")


@pytest.fixture
def patients(tmp_path) -> SimpleNamespace:
    folder = tmp_path / "acdc"
    truths = {"patient001": write_patient(folder, 1, es=5), "patient002": write_patient(folder, 2, es=6)}
    return SimpleNamespace(folder=folder, truths=truths)


@pytest.fixture(scope="module")
def model() -> Model:
    cine = make_cine(n_z=3)
    strokes = np.zeros(cine.shape, np.uint8)
    strokes[0] = make_strokes()
    return fit(cine, strokes, steps=1, method="pce", batch_size=2, threads=1, device="cpu")


def rows_of(path) -> dict[str, dict]:
    return {row["scan"]: row for row in csv.DictReader(path.read_text().splitlines())}


def test_a_folder_of_patients_gives_a_report_each_and_a_table_of_all(patients, tmp_path):
    studies, _ = find_studies([patients.folder], whole_cines=False)
    done = report_batch(studies, tmp_path / "out", ReportTask(mask=patients.folder))
    assert done.failed == {}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"patient001", "patient002", "summary.csv"}
    rows = rows_of(done.summary)
    for (name, truth), es in zip(patients.truths.items(), (4, 5), strict=True):
        ed_ml, es_ml = volumes(truth[0]), volumes(truth[es])
        for side in ("lv", "rv"):
            assert float(rows[name][f"{side}_edv_ml"]) == pytest.approx(ed_ml[side], abs=1e-3)
            assert float(rows[name][f"{side}_esv_ml"]) == pytest.approx(es_ml[side], abs=1e-3)
        ef = 100 * (ed_ml["lv"] - es_ml["lv"]) / ed_ml["lv"]
        assert float(rows[name]["lv_ef_percent"]) == pytest.approx(ef, abs=1e-3)
        assert float(rows[name]["lv_mass_g"]) == pytest.approx(1.05 * ed_ml["myo"], abs=1e-3)
        assert float(rows[name]["lv_edv_ml_per_m2"]) == pytest.approx(ed_ml["lv"] / (184 * 95 / 3600) ** 0.5, abs=1e-3)
        assert (rows[name]["ed_source"], rows[name]["mask_made_by"]) == ("Info.cfg", "file")
    own = (tmp_path / "out" / "patient001" / "indices.csv").read_text().splitlines()
    assert own == done.summary.read_text().splitlines()[:2]


def test_a_scan_that_fails_is_kept_apart_and_the_others_are_done(patients, tmp_path):
    broken = patients.folder / "patient001" / "patient001_frame05.nii.gz"
    broken.write_bytes(broken.read_bytes()[:300])
    studies, _ = find_studies([patients.folder], whole_cines=False)
    said: list[tuple] = []
    done = report_batch(
        studies,
        tmp_path / "out",
        ReportTask(mask=patients.folder),
        lambda index, share, study: said.append((index, share, study.name)),
    )
    assert [study.name for study in done.reports] == ["patient002"]
    ((study, error),) = done.failed.items()
    assert study.name == "patient001"
    assert "cut short" in str(error)
    assert said == [(0, 0.0, "patient001"), (1, 0.0, "patient002")]
    assert not (tmp_path / "out" / "patient001").exists()


def test_where_all_fail_there_is_no_table(patients, tmp_path):
    studies, _ = find_studies([patients.folder])
    done = report_batch(studies, tmp_path / "out", ReportTask())
    assert (done.reports, done.summary, len(done.failed)) == ({}, None, 2)
    assert "neither a mask for patient001 nor weights" in str(done.failed[studies[0]])


def test_anonymised_reports_name_no_patient(patients, tmp_path):
    studies, _ = find_studies([patients.folder], whole_cines=False)
    done = report_batch(studies, tmp_path / "out", ReportTask(mask=patients.folder, anonymise=True))
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) == 9
    assert not any("patient" in str(path.relative_to(tmp_path)) for path in files)
    assert not any(b"patient00" in path.read_bytes() for path in files)
    assert all(scan.startswith("scan-") for scan in rows_of(done.summary))


def test_without_a_mask_the_network_makes_one_and_is_named(model, patients, tmp_path):
    (study,), _ = find_studies([patients.folder / "patient001"])
    done: list[tuple[int, int]] = []
    task = ReportTask(model=model, post=PostProcessing(), device="cpu", threads=1)
    made = report_study(study, tmp_path / "out", task, lambda n, total: done.append((n, total)))
    described = json.loads(made.files.json.read_text())
    assert described["mask"]["made_by"] == "prediction"
    assert len(described["mask"]["weights"]["sha256"]) == 64
    assert described["mask"]["post_processing"] == {"largest": True, "holes": True, "ring": True, "border": True}
    assert done[-1] == (14, 14)
    assert made.files.html.parent == tmp_path / "out"


def test_a_persons_phases_and_body_are_used(patients, tmp_path):
    scan = write(tmp_path / "cine.nii.gz", images(6))
    mask = write(tmp_path / "cine_seg.nii.gz", make_truth(6, 7))
    (study,), _ = find_studies([scan])
    task = ReportTask(mask=mask, info=patients.folder / "patient001" / "Info.cfg", decided=Choices(ed=1, es=3))
    line = report_study(study, tmp_path / "out", task).line
    assert (line["ed_phase"], line["es_phase"], line["ed_source"], line["height_cm"]) == (1, 3, "chosen", 184.0)
    assert line["lv_edv_ml"] == pytest.approx(volumes(make_truth(6, 7)[1])["lv"])


def test_a_phase_that_is_not_there_is_refused(patients, tmp_path):
    (study,), _ = find_studies([patients.folder / "patient001"])
    with pytest.raises(MeasurementError):
        report_study(study, tmp_path / "out", ReportTask(mask=patients.folder, decided=Choices(ed=9)))
    assert not (tmp_path / "out").exists()


def test_a_table_that_cannot_be_written_is_told(patients, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "SUMMARY", "missing/summary.csv")
    studies, _ = find_studies([patients.folder / "patient001"])
    with pytest.raises(ScanError, match="summary.csv was not written"):
        report_batch(studies, tmp_path / "out", ReportTask(mask=patients.folder))
