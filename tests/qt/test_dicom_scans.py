"""A DICOM scan in the window: chosen, drawn on, kept in a session without a name, and exported as SEG."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from napari_scribbleseg.io import load_cine, load_mask
from napari_scribbleseg.labels import LV
from tests.dicom_files import PATIENT, SERIES, write_series
from tests.qt.stand_ins import go_to, paint

WINDOW = False


@pytest.fixture
def study(tmp_path):
    """Two cines in a folder that is named after the patient."""
    folder = tmp_path / "DOE" / "study"
    write_series(folder)
    write_series(folder, n_z=2, series=SERIES + ".9", number=9, seed=3)
    return folder


@pytest.fixture
def opened(make_bench, study):
    bench = make_bench()
    bench.open_scan(bench.list_series(study)[0].path)
    return bench


def accept_something(bench):
    go_to(bench, 1, 1)
    bench.layer("mask").paint((1, 1, 8, 9), LV)
    bench.flush()


def test_series_are_listed_and_one_opens(opened, study):
    assert [series.number for series in opened.list_series(study)] == [5, 9]
    assert opened.from_dicom
    (scan,) = opened.scans()
    assert (scan.title, scan.shape) == ("SSFP SAX", (4, 3, 20, 24))


def test_a_folder_without_dicom_is_said_and_nothing_opens(make_bench, tmp_path):
    bench = make_bench()
    (tmp_path / "empty").mkdir()
    assert bench.list_series(tmp_path / "empty") == []
    assert "holds no DICOM images" in bench.said[-1].text


def test_what_is_odd_in_a_series_is_said(make_bench, tmp_path):
    write_series(tmp_path / "s", n_t=6, change=lambda made, t, z: None if (t, z) == (2, 1) else made)
    bench = make_bench()
    bench.open_scan(tmp_path / "s")
    assert "phase 2 of slice 1" in bench.said[-1].text


def test_a_nifti_scan_is_not_from_dicom(bench, tmp_path):
    assert not bench.from_dicom
    assert bench.export(tmp_path / "seg.dcm") is None
    assert "opened from DICOM" in bench.said[-1].text


@pytest.mark.parametrize("frames", [None, "current"])
def test_the_mask_goes_out_as_seg_with_its_note(opened, study, tmp_path, frames):
    accept_something(opened)
    mask = opened.layer("mask").data.copy()
    summary = opened.export(tmp_path / "seg.dcm", frames)
    assert summary.from_mask == 1
    cine = load_cine(opened.list_series(study)[0].path)
    assert np.array_equal(load_mask(tmp_path / "seg.dcm", cine), mask)
    note = json.loads((tmp_path / "seg.json").read_text())
    assert note["slices"]["edited"] == 1
    assert "DOE" not in json.dumps(note)


def test_patient_data_leave_only_when_they_may(opened, tmp_path):
    accept_something(opened)
    opened.export(tmp_path / "with.dcm")
    opened.export(tmp_path / "without.dcm", anonymise=True)
    assert PATIENT.encode() in (tmp_path / "with.dcm").read_bytes()
    assert b"DOE" not in (tmp_path / "without.dcm").read_bytes()


def test_an_empty_mask_is_not_written(opened, tmp_path):
    assert opened.export(tmp_path / "seg.dcm") is None
    assert "mask is empty" in opened.said[-1].text
    assert not (tmp_path / "seg.dcm").exists()


def everything(folder):
    parts = []
    for path in folder.rglob("*"):
        parts.append(str(path.relative_to(folder)).encode())
        if path.is_file():
            content = path.read_bytes()
            parts += [content, gzip.decompress(content) if path.suffix == ".gz" else b""]
    return b"\n".join(parts)


def test_a_session_names_nobody_and_no_uid(opened, tmp_path):
    accept_something(opened)
    paint(opened, LV)
    opened.flush()
    opened.export(tmp_path / "seg.dcm")
    content = everything(opened.session_path)
    assert b"scan-" in content
    for secret in (b"DOE", SERIES.encode(), b"SSFP", b"19500102", str(tmp_path).encode()):
        assert secret not in content


@pytest.mark.parametrize("remember", [True, False])
def test_a_session_brings_the_series_back(opened, make_bench, study, remember):
    opened.set_remember_paths(remember)
    accept_something(opened)
    paint(opened, LV)
    opened.flush()
    strokes, mask = (opened.layer(kind).data.copy() for kind in ("scribbles", "mask"))
    address = opened.list_series(study)[0].path
    opened.close()

    again = make_bench()
    assert again.reopen_last()
    if not remember:
        assert "Open the file of scan-" in again.said[-1].text
        again.open_scan(address)
    assert np.array_equal(again.layer("scribbles").data, strokes)
    assert np.array_equal(again.layer("mask").data, mask)
    assert again.from_dicom


def test_strokes_on_the_series_come_back_on_its_nifti(opened, make_bench, study, tmp_path):
    from napari_scribbleseg.io import save_cine

    paint(opened, LV)
    opened.flush()
    strokes = opened.layer("scribbles").data.copy()
    save_cine(tmp_path / "c.nii.gz", load_cine(opened.list_series(study)[0].path))
    opened.close()
    again = make_bench()
    again.reopen_last()
    again.open_scan(tmp_path / "c.nii.gz")
    assert np.array_equal(again.layer("scribbles").data, strokes)
