"""A report is four files that are all there or a sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_scribbleseg.api.report import write_report
from napari_scribbleseg.cardiac.measurement import VolumeCurves
from napari_scribbleseg.io import ScanError
from tests.api.report.made import ORIGIN, make_measurement, read_pdf


def test_a_report_is_four_files_in_a_folder_that_it_makes(written):
    assert {path.name for path in written.html.parent.iterdir()} == {
        "report.html",
        "report.pdf",
        "indices.json",
        "indices.csv",
    }
    assert written.pdf.read_bytes().startswith(b"%PDF")


def test_a_report_names_its_scan(written):
    assert "MUSTERMANN_cine" in written.html.read_text()
    assert json.loads(written.json.read_text())["scan"]["title"] == "MUSTERMANN_cine"
    assert written.csv.read_text().splitlines()[1].startswith("MUSTERMANN_cine,")


def test_an_anonymised_report_names_no_file(anonymous):
    for path in (anonymous.html, anonymous.pdf, anonymous.json, anonymous.csv):
        assert b"MUSTERMANN" not in path.read_bytes()
        assert "MUSTERMANN".encode("utf-16-be") not in path.read_bytes()
    assert "scan-0a1b2c" in anonymous.html.read_text()
    assert "MUSTERMANN" not in read_pdf(anonymous.pdf)


def test_no_path_gets_into_a_report(written):
    folder = str(written.html.parent.parent).encode()
    assert not any(folder in path.read_bytes() for path in written.html.parent.iterdir())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda mask: mask[:, :-1], "choose the mask that belongs"),
        (lambda mask: mask + 1, "whole numbers from 0 to 3"),
        (lambda mask: mask.astype(np.float32), "whole numbers from 0 to 3"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused_before_anything_is_written(scan, tmp_path, change, sentence):
    with pytest.raises(ScanError, match=sentence):
        write_report(scan.cine, change(scan.mask), scan.measurement, tmp_path / "out", origin=ORIGIN)
    assert list(tmp_path.iterdir()) == []


def test_a_measurement_of_another_scan_is_refused(scan, tmp_path):
    short = make_measurement(curves=VolumeCurves(*(np.ones(3) for _ in range(3))))
    with pytest.raises(ScanError, match="another scan"):
        write_report(scan.cine, scan.mask, short, tmp_path, origin=ORIGIN)


def test_a_folder_that_cannot_be_made_is_one_sentence(scan, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ScanError, match="was not written"):
        write_report(scan.cine, scan.mask, scan.measurement, tmp_path / "taken" / "out", origin=ORIGIN)
