"""DICOM scans as NIfTI, and NIfTI masks of others back on DICOM scans."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_scribbleseg.io import ScanError, find_scans, load_cine, load_mask, save_cine, save_mask
from napari_scribbleseg.io.alignment import load_aligned_mask
from napari_scribbleseg.io.names import file_stem
from tests.dicom_files import beating_mask, write_series


@pytest.fixture(scope="module")
def cine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dicom") / "series"
    write_series(folder)
    return load_cine(folder)


def test_a_series_as_nifti_is_the_same_scan_to_a_session(cine, tmp_path):
    save_cine(tmp_path / "c.nii.gz", cine)
    back = load_cine(tmp_path / "c.nii.gz")
    assert_array_equal(back.data, cine.data)
    assert back.case == cine.case
    assert back.frame_ms == pytest.approx(cine.frame_ms)
    assert_allclose(back.affine, cine.affine, atol=1e-4)


def test_nifti_and_itk_agree_where_the_series_lies(cine, tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    save_cine(tmp_path / "c.nii.gz", cine)
    ref = cine.header.frames[0][2]
    slice_, volume = sitk.ReadImage(str(ref.path)), sitk.ReadImage(str(tmp_path / "c.nii.gz"))[..., 0]
    for x, y in ((0, 0), (5, 9)):
        assert_allclose(
            volume.TransformIndexToPhysicalPoint((x, y, 2)),
            slice_.TransformIndexToPhysicalPoint((x, y, 0)),
            atol=1e-3,
        )


def test_no_text_of_the_patient_gets_into_a_nifti_file(cine, tmp_path):
    save_cine(tmp_path / "c.nii", cine)
    save_mask(tmp_path / "m.nii", beating_mask(cine.shape), cine)
    for name in ("c.nii", "m.nii"):
        assert b"DOE" not in (tmp_path / name).read_bytes()


def test_a_mask_goes_out_and_comes_back(cine, tmp_path):
    mask = beating_mask(cine.shape)
    save_mask(tmp_path / "m.nii.gz", mask, cine)
    assert_array_equal(load_mask(tmp_path / "m.nii.gz", cine), mask)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(), (1,), (0, 2)])
def test_masks_of_other_converters_are_placed_by_their_affine(cine, tmp_path, order, flips):
    mask = beating_mask(cine.shape)
    save_mask(tmp_path / "m.nii.gz", mask, cine)
    image = nib.load(tmp_path / "m.nii.gz")
    orientation = np.array([(order.index(axis), -1 if axis in flips else 1) for axis in range(3)], float)
    other = image.as_reoriented(orientation)
    nib.save(nib.Nifti1Image(np.asarray(other.dataobj), other.affine), tmp_path / "other.nii.gz")
    assert_array_equal(load_mask(tmp_path / "other.nii.gz", cine), mask)


@pytest.mark.parametrize("wrong", ["shifted", "turned", "no geometry", "cut"])
def test_a_mask_that_lies_elsewhere_is_refused(cine, tmp_path, wrong):
    save_mask(tmp_path / "m.nii.gz", beating_mask(cine.shape), cine)
    image = nib.load(tmp_path / "m.nii.gz")
    values, affine = np.asarray(image.dataobj), image.affine.copy()
    if wrong == "shifted":
        affine[:3, 3] += affine[:3, 0] * 0.5
    if wrong == "turned":
        affine[:3, :3] = affine[:3, :3] @ np.array([[0.9, -0.43, 0], [0.43, 0.9, 0], [0, 0, 1]])
    if wrong == "no geometry":
        affine = np.eye(4)
    if wrong == "cut":
        values = values[1:]
    nib.save(nib.Nifti1Image(values, affine), tmp_path / "wrong.nii.gz")
    with pytest.raises(ScanError, match="does not lie on the voxels"):
        load_mask(tmp_path / "wrong.nii.gz", cine)


def test_a_mask_of_one_phase_needs_to_know_which(cine, tmp_path):
    mask = beating_mask(cine.shape)
    save_mask(tmp_path / "m.nii.gz", mask, cine, frames=[2])
    with pytest.raises(ScanError, match="holds 1 phase, but the scan has 4"):
        load_mask(tmp_path / "m.nii.gz", cine)
    placed = load_aligned_mask(tmp_path / "m.nii.gz", cine, frames=[2])
    assert_array_equal(placed[2], mask[2])
    assert not placed[[0, 1, 3]].any()
    with pytest.raises(ScanError, match="not all in the scan"):
        load_aligned_mask(tmp_path / "m.nii.gz", cine, frames=[4])


def test_codes_of_another_convention_are_translated(cine, tmp_path):
    mask = beating_mask(cine.shape)
    save_mask(tmp_path / "m.nii.gz", np.array([0, 3, 2, 1], np.uint8)[mask], cine)
    assert_array_equal(load_mask(tmp_path / "m.nii.gz", cine, "ukbb"), mask)


def test_dicom_folders_are_found_among_scans(tmp_path):
    write_series(tmp_path / "a" / "series", n_t=1)
    write_series(tmp_path / "b", n_t=1)
    (tmp_path / "a" / "notes.txt").write_text("nothing")
    assert find_scans([tmp_path]) == [tmp_path / "a" / "series", tmp_path / "b"]
    assert find_scans([f"{tmp_path / 'b'}#5"]) == [tmp_path / "b#5"]


def test_masks_are_named_like_the_folder_or_series(tmp_path):
    folder = tmp_path / "2011.12.01"
    folder.mkdir()
    assert file_stem(folder) == "2011.12.01"
    assert file_stem(tmp_path / "2011.12.01#1.2.3:2") == "2011.12.01_1.2.3_2"
    assert file_stem(tmp_path / "I0146.DCM") == "I0146"
