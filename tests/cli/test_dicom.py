"""DICOM in and out of the command line."""

from __future__ import annotations

import shutil
import subprocess

import nibabel as nib
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_scribbleseg.io import load_cine, load_mask, save_mask
from tests.dicom_files import SERIES, beating_mask, write_series


@pytest.fixture
def folder(tmp_path):
    write_series(tmp_path / "study")
    return tmp_path / "study"


def test_convert_writes_one_cine(run, folder, tmp_path):
    done = run("convert", folder, tmp_path / "c.nii.gz", "--json")
    assert done.code == 0
    assert done.json["shape_tzyx"] == [4, 3, 20, 24]
    assert done.json["warnings"] == []
    assert nib.load(tmp_path / "c.nii.gz").shape == (24, 20, 3, 4)
    assert_array_equal(load_cine(tmp_path / "c.nii.gz").data, load_cine(folder).data)


def test_convert_says_what_is_odd(run, tmp_path):
    write_series(tmp_path / "s", n_t=6, change=lambda made, t, z: None if (t, z) == (2, 1) else made)
    done = run("convert", tmp_path / "s", tmp_path / "c.nii.gz", "--json")
    assert "phase 2 of slice 1" in done.err
    assert "phase 2 of slice 1" in done.json["warnings"][0]


def test_convert_asks_which_of_several_cines_and_takes_the_number(run, folder, tmp_path):
    write_series(folder, series=SERIES + ".9", number=9, n_z=2)
    done = run("convert", folder, tmp_path / "c.nii.gz")
    assert done.code == 2
    assert "series 5 (3 slices × 4 phases)" in done.err
    assert "series 9 (2 slices × 4 phases)" in done.err
    assert run("convert", folder, tmp_path / "c.nii.gz", "--series", "9").code == 0
    assert nib.load(tmp_path / "c.nii.gz").shape[2] == 2
    assert run("convert", f"{folder}#5", tmp_path / "d.nii.gz").code == 0
    assert nib.load(tmp_path / "d.nii.gz").shape[2] == 3


def test_convert_refuses_another_format(run, folder, tmp_path):
    done = run("convert", folder, tmp_path / "c.mha")
    assert done.code == 2
    assert ".nii.gz" in done.err


def test_info_lists_the_series_of_a_folder(run, folder):
    write_series(folder, series=SERIES + ".9", number=9, n_t=1)
    done = run("info", folder, "--json")
    assert [(s["number"], s["slices"], s["phases"]) for s in done.json["files"][0]["series"]] == [(5, 3, 4), (9, 3, 1)]
    assert "DOE" not in done.out + done.err


def test_info_of_one_series_tells_its_heart_rate(run, folder):
    done = run("info", f"{folder}#5", "--json")
    assert done.json["files"][0]["heart_rate_bpm"] == 75


@pytest.mark.parametrize("more", [(), ("--anonymise",)])
def test_export_writes_a_seg_of_a_mask(run, folder, tmp_path, more):
    cine = load_cine(folder)
    mask = beating_mask(cine.shape)
    save_mask(tmp_path / "m.nii.gz", mask, cine)
    out = tmp_path / "seg.dcm"
    done = run("export", "--dicom-seg", tmp_path / "m.nii.gz", "--source", folder, "--out", out, "--json", *more)
    assert done.code == 0
    assert done.json["phases"] == [0, 1, 2, 3]
    assert_array_equal(load_mask(out, cine), mask)
    assert (b"DOE" in out.read_bytes()) is not bool(more)


def test_export_of_one_phase(run, folder, tmp_path):
    cine = load_cine(folder)
    mask = beating_mask(cine.shape)
    save_mask(tmp_path / "ed.nii.gz", mask, cine, frames=[1])
    wanted = ("--dicom-seg", tmp_path / "ed.nii.gz", "--source", folder, "--out", tmp_path / "seg.dcm")
    assert "say which" in run("export", *wanted).err
    assert run("export", *wanted, "--frames", "1").code == 0
    found = load_mask(tmp_path / "seg.dcm", cine)
    assert_array_equal(found[1], mask[1])
    assert not found[[0, 2, 3]].any()
    assert run("export", *wanted, "--frames", "one").code == 2


def test_export_refuses_a_mask_of_another_place(run, folder, tmp_path):
    values = np.zeros((24, 20, 3, 4), np.uint8)
    nib.save(nib.Nifti1Image(values, np.eye(4)), tmp_path / "m.nii.gz")
    done = run("export", "--dicom-seg", tmp_path / "m.nii.gz", "--source", folder, "--out", tmp_path / "seg.dcm")
    assert done.code == 2
    assert "does not lie on the voxels" in done.err
    assert not (tmp_path / "seg.dcm").exists()


def test_predict_takes_a_folder_and_its_mask_becomes_a_seg(run, dicom_dir, shipped_weights, tmp_path):
    source = tmp_path / "sax"
    source.mkdir()
    for ref in (r for phase in load_cine(dicom_dir / "cine_sax").header.frames[:2] for r in phase[3:5]):
        shutil.copy(ref.path, source)
    done = run("predict", "--out", tmp_path / "masks", "--threads", "1", source, "--json")
    assert done.code == 0, done.err
    (mask,) = done.json["masks"].values()
    assert mask.endswith("sax_seg.nii.gz")
    cine = load_cine(source)
    image = nib.load(mask)
    np.testing.assert_allclose(image.affine, cine.affine, atol=1e-4)
    values = load_mask(mask, cine)
    values[0, 0, 100:110, 100:110] = 3  # tiny weights may have found nothing
    save_mask(mask, values, cine)
    out = tmp_path / "seg.dcm"
    assert run("export", "--dicom-seg", mask, "--source", source, "--out", out).code == 0
    assert_array_equal(load_mask(out, cine), values)
    if checker := shutil.which("dciodvfy"):
        said = subprocess.run([checker, str(out)], capture_output=True, text=True, check=False)
        assert "Error" not in said.stdout + said.stderr
