"""Which scans a report is about, and which masks are theirs."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.api.report.studies import find_masks, find_studies
from napari_scribbleseg.io import ScanError
from tests.api.report.folders import images, write, write_patient
from tests.synthetic import make_truth


@pytest.fixture
def acdc(tmp_path):
    """A folder with two patients; the second has the whole cine too."""
    folder = tmp_path / "acdc"
    write_patient(folder, 1)
    write_patient(folder, 2, whole=True)
    return folder


def test_a_file_is_one_heart(tmp_path):
    path = write(tmp_path / "heart.nii.gz", images(3))
    (study,), alone = find_studies([path])
    assert (study.name, study.scans, alone) == ("heart", (path,), True)
    assert study.load().shape == (3, 7, 64, 64)


def test_the_phases_of_an_acdc_patient_are_joined(acdc):
    (study,), alone = find_studies([acdc / "patient001"])
    cine = study.load()
    assert (study.name, alone) == ("patient001", True)
    assert [path.name for path in study.scans] == ["patient001_frame01.nii.gz", "patient001_frame05.nii.gz"]
    assert (cine.shape, cine.title, cine.ndim) == ((2, 7, 64, 64), "patient001", 4)
    np.testing.assert_array_equal(cine.data[1], np.asarray(nib.load(study.scans[1]).dataobj).transpose(2, 1, 0))


def test_the_whole_cine_comes_before_labelled_phases_unless_masks_are_given(acdc):
    (whole,), _ = find_studies([acdc / "patient002"])
    (phases,), _ = find_studies([acdc / "patient002"], whole_cines=False)
    assert [path.name for path in whole.scans] == ["patient002_4d.nii.gz"]
    assert len(phases.scans) == 2


def test_a_folder_is_searched_for_patients_and_scans_and_masks_are_none(acdc):
    write(acdc / "more" / "other.nii.gz", images(2))
    write(acdc / "more" / "other_seg.nii.gz", make_truth(2, 7))
    studies, alone = find_studies([acdc])
    assert [study.name for study in studies] == ["patient001", "patient002", "other"]
    assert not alone


def test_a_folder_with_one_scan_is_still_a_folder(tmp_path):
    write(tmp_path / "scans" / "heart.nii.gz", images(2))
    assert find_studies([tmp_path / "scans"])[1] is False


def test_a_dicom_folder_with_one_cine_is_one_heart(dicom_dir):
    (study,), alone = find_studies([dicom_dir / "cine_sax"])
    assert (study.name, alone) == ("cine_sax", True)
    assert study.load().shape[:2] == (20, 8)


def test_a_dicom_folder_among_others_is_found_too(dicom_dir, tmp_path):
    (tmp_path / "cine_sax").symlink_to(dicom_dir / "cine_sax")
    write(tmp_path / "heart.nii.gz", images(2))
    studies, alone = find_studies([tmp_path / "heart.nii.gz", tmp_path / "cine_sax"])
    assert ([study.name for study in studies], alone) == (["heart", "cine_sax"], False)


@pytest.mark.parametrize(
    ("name", "sentence"), [("nowhere.nii.gz", "does not exist"), ("note.txt", "no scan"), (".", "holds no scan")]
)
def test_what_is_no_scan_is_told(tmp_path, name, sentence):
    (tmp_path / "note.txt").write_text("not a scan")
    with pytest.raises(ScanError, match=sentence):
        find_studies([tmp_path / name])


def test_two_hearts_of_one_name_are_told_before_any_work(tmp_path):
    for folder in ("a", "b"):
        write(tmp_path / folder / "heart.nii.gz", images(1))
    with pytest.raises(ScanError, match="reports of the same name"):
        find_studies([tmp_path / "a" / "heart.nii.gz", tmp_path / "b" / "heart.nii.gz"])


def test_phases_that_do_not_fit_together_are_told(acdc):
    write(acdc / "patient001" / "patient001_frame05.nii.gz", images(1, n_z=5))
    (study,), _ = find_studies([acdc / "patient001"])
    with pytest.raises(ScanError, match="differ in shape or spacing"):
        study.load()


def test_the_masks_of_labelled_phases_are_found_and_joined(acdc):
    (study,), _ = find_studies([acdc / "patient001"], whole_cines=False)
    masks = find_masks(study, acdc)
    assert [path.name for path in masks] == ["patient001_frame01_gt.nii.gz", "patient001_frame05_gt.nii.gz"]
    mask = study.load_mask(masks, study.load(), "acdc")
    np.testing.assert_array_equal(mask, make_truth(10, 7)[[0, 4]])


def test_one_mask_with_both_phases_does_too(acdc, tmp_path):
    mask = write(tmp_path / "masks" / "patient001_seg.nii.gz", make_truth(2, 7))
    (study,), _ = find_studies([acdc / "patient001"])
    assert find_masks(study, mask.parent) == (mask,)
    assert find_masks(study, mask) == (mask,)
    np.testing.assert_array_equal(study.load_mask((mask,), study.load(), "acdc"), make_truth(2, 7))


def test_other_codes_are_translated(acdc, tmp_path):
    swapped = np.array([0, 3, 2, 1], np.uint8)[make_truth(2, 7)]
    mask = write(tmp_path / "masks" / "patient001_seg.nii.gz", swapped)
    (study,), _ = find_studies([acdc / "patient001"])
    np.testing.assert_array_equal(study.load_mask((mask,), study.load(), "ukbb"), make_truth(2, 7))


@pytest.mark.parametrize(("names", "told"), [([], "no mask"), (["heart_seg", "heart_gt"], "2 masks")])
def test_a_missing_and_an_ambiguous_mask_are_told(tmp_path, names, told):
    scan = write(tmp_path / "heart.nii.gz", images(1))
    (tmp_path / "masks").mkdir()
    for name in names:
        write(tmp_path / "masks" / f"{name}.nii.gz", make_truth(1, 7))
    (study,), _ = find_studies([scan])
    with pytest.raises(ScanError, match=f"{told} for heart.nii.gz"):
        find_masks(study, tmp_path / "masks")
    with pytest.raises(ScanError, match="does not exist"):
        find_masks(study, tmp_path / "heart_seg.nii.gz")
