"""Reports from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel as nib
import pytest

from napari_scribbleseg.api.report import writer
from napari_scribbleseg.cli import output
from napari_scribbleseg.io import load_cine, save_mask
from napari_scribbleseg.resources import sample_path
from tests.api.report.made import read_pdf
from tests.dicom_files import beating_mask, changed, write_series

NAMES = ("report.html", "report.pdf", "indices.json", "indices.csv")


@pytest.fixture
def quick_pages(monkeypatch) -> None:
    """Leave out what takes seconds: drawing the pages."""
    monkeypatch.setattr(writer, "make_html", lambda content, pictures: content.scan)
    monkeypatch.setattr(writer, "make_pdf", lambda content, pictures: b"%PDF")


@pytest.fixture
def report(run, tmp_path):
    return lambda *argv: run("report", "--out", tmp_path / "out", *argv)


def test_the_sample_gives_four_files_with_the_volumes_that_it_was_made_with(report, tmp_path):
    truth = json.loads(sample_path("sample_truth.json").read_text())
    scan, mask = sample_path("sample_cine.nii.gz"), sample_path("sample_truth.nii.gz")
    said = report(scan, "--mask", mask, "--height", "178", "--weight", "75")
    assert said.code == 0
    assert said.out.split() == [str(tmp_path / "out" / name) for name in NAMES]
    (row,) = csv.DictReader((tmp_path / "out" / "indices.csv").read_text().splitlines())
    for side in ("lv", "rv"):
        for key, value in truth[side].items():
            if key != "volumes_ml":
                assert float(row[f"{side}_{key}"]) == pytest.approx(value, abs=0.051)
    assert float(row["lv_mass_g"]) == pytest.approx(truth["myo_mass_ed_g"], abs=0.051)
    assert (int(row["ed_phase"]), int(row["es_phase"])) == (truth["ed_phase"], truth["es_phase"])
    assert float(row["heart_rate_bpm"]) == pytest.approx(60_000 / (20 * truth["frame_ms"]), abs=0.01)
    described = json.loads((tmp_path / "out" / "indices.json").read_text())
    assert described["measurement"]["curves"]["lv_ml"] == pytest.approx(truth["lv"]["volumes_ml"], abs=0.051)
    assert (tmp_path / "out" / "report.pdf").stat().st_size > 50_000
    assert "<table>" in (tmp_path / "out" / "report.html").read_text()


def test_without_a_mask_the_shipped_weights_segment_and_show_their_licence(
    report, files, shipped_weights, quick_pages, tmp_path
):
    said = report(files.b.scan, "--threads", "1", "--json")
    assert said.code == 0
    assert "CC BY-NC-SA 4.0" in said.err
    assert said.json == {
        "reports": {str(files.b.scan): _paths(tmp_path / "out")},
        "summary": None,
        "failed": {},
    }
    described = json.loads((tmp_path / "out" / "indices.json").read_text())
    assert described["mask"]["weights"]["name"] == "acdc_roi"
    assert described["mask"]["post_processing"]["ring"] is True


def _paths(folder: Path) -> dict[str, str]:
    keys = ("html", "pdf", "json", "csv")
    return {key: str(folder / name) for key, name in zip(keys, NAMES, strict=True)}


def test_a_folder_gives_a_folder_for_each_and_a_bad_scan_is_told(report, files, quick_pages, tmp_path):
    scans = tmp_path / "scans"
    scans.mkdir()
    for stem in "ab":
        (scans / f"{stem}.nii.gz").write_bytes((files.folder / f"{stem}.nii.gz").read_bytes())
    (scans / "broken.nii.gz").write_bytes(files.a.scan.read_bytes()[:500])
    said = report(scans, "--mask", files.folder / "truth", "--ed", "0", "--json")
    assert said.code == output.FAILED
    assert sorted(Path(scan).name for scan in said.json["reports"]) == ["a.nii.gz", "b.nii.gz"]
    assert said.json["reports"][str(scans / "b.nii.gz")] == _paths(tmp_path / "out" / "b")
    assert list(said.json["failed"]) == [str(scans / "broken.nii.gz")]
    assert len(Path(said.json["summary"]).read_text().splitlines()) == 3
    problem = json.loads(said.err)
    assert problem["error"] == "1 of 3 scans could not be reported:"
    assert problem["problems"][0].startswith("broken.nii.gz: ")


def test_anonymised_files_name_nothing(report, files, quick_pages, tmp_path):
    said = report(files.b.scan, "--mask", files.b.truth, "--anonymise")
    assert said.code == 0
    for name in ("report.html", "indices.json", "indices.csv"):
        text = (tmp_path / "out" / name).read_text()
        assert "b_gt" not in text
        assert "scan-" in text


@pytest.mark.parametrize(
    ("charset", "name"), [("ISO_IR 192", "Müller^Jürgen"), ("ISO_IR 144", "Иванов^Иван"), ("GB18030", "王^小东")]
)
def test_anonymised_nothing_that_a_dicom_file_says_of_a_person_gets_out(report, tmp_path, caplog, charset, name):
    def named(made, t, z):
        texts = dict.fromkeys(("PatientName", "PatientComments", "SeriesDescription", "ProtocolName"), name)
        return changed(made, SpecificCharacterSet=charset, **texts)

    write_series(tmp_path / "series", change=named)
    cine = load_cine(tmp_path / "series")
    assert cine.title == name
    save_mask(tmp_path / "m.nii.gz", beating_mask(cine.shape), cine)
    said = report(tmp_path / "series", "--mask", tmp_path / "m.nii.gz", "--anonymise")
    assert said.code == 0, said.err
    written = "".join((tmp_path / "out" / file).read_text() for file in NAMES if not file.endswith("pdf"))
    written += read_pdf(tmp_path / "out" / "report.pdf") + said.out + said.err + caplog.text
    for secret in (*name.split("^"), "DOE", "4711", "19500102", "20250103", "HOSPITAL"):
        assert secret not in written.replace(str(tmp_path), "")
    described = json.loads((tmp_path / "out" / "indices.json").read_text())
    assert described["method"]["papillary_muscles"] == "cavity"
    assert described["mask"]["codes"] == "acdc"


def test_masks_of_other_codes_are_read_as_said(report, files, quick_pages, tmp_path):
    swapped = tmp_path / "b_seg.nii.gz"
    image = nib.load(files.b.truth)
    codes = image.get_fdata().astype("uint8")
    codes[codes > 0] = 4 - codes[codes > 0]
    nib.save(nib.Nifti1Image(codes, image.affine), swapped)
    rows = []
    for mask, name in ((files.b.truth, "acdc"), (swapped, "ukbb")):
        assert report(files.b.scan, "--mask", mask, "--mask-codes", name).code == 0
        rows.append((tmp_path / "out" / "indices.csv").read_text())
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["{b}", "--mask", "{folder}/nowhere.nii.gz"], "nowhere.nii.gz does not exist"),
        (["{b}", "--mask", "{a_truth}"], "choose the file that belongs to this scan"),
        (["{b}", "--mask", "{b_truth}", "--es", "7"], "phase"),
        (["{b}", "--ed", "-1"], "--ed"),
        (["{b}", "--height", "1.78"], "--height"),
        (["{b}", "--mask", "{b_truth}", "--info", "{folder}/Info.cfg"], "Info.cfg does not exist"),
        (["{a}", "{b}", "--height", "178"], "of one patient"),
        (["{a}", "{b}", "--mask", "{b_truth}"], "is one mask"),
        (["{folder}/nowhere"], "nowhere does not exist"),
        (["{b}", "--weights", "nothing"], "no weights nothing"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(report, files, quick_pages, tmp_path, argv, sentence):
    names = {"folder": files.folder, "a": files.a.scan, "b": files.b.scan}
    truths = {"a_truth": files.a.truth, "b_truth": files.b.truth}
    said = report(*(word.format(**names, **truths) for word in argv))
    assert said.code == output.BAD_INPUT
    assert sentence in said.err
    assert not list(tmp_path.glob("out/*"))
