"""Masks as DICOM SEG: on the right images, valid to others, and the same when they come back."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_scribbleseg.io import ScanError, load_cine, load_mask
from napari_scribbleseg.io.dicom_seg import load_dicom_seg, save_dicom_seg
from tests.dicom_files import PATIENT, STUDY, beating_mask, changed, write_enhanced, write_series


@pytest.fixture(scope="module")
def cine(tmp_path_factory):
    """A small series with patient data; read only."""
    folder = tmp_path_factory.mktemp("dicom") / "series"
    write_series(folder, n_t=5)
    return load_cine(folder)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "seg.dcm"


def read(path):
    from pydicom import dcmread

    return dcmread(path)


def complaints(path):
    """What the checker of dicom3tools calls an error."""
    checker = shutil.which("dciodvfy")
    if checker is None:
        pytest.skip("dciodvfy is not installed (Debian: dicom3tools), so nobody else checks the SEG")
    done = subprocess.run([checker, str(path)], capture_output=True, text=True, timeout=60, check=False)
    said = done.stdout + done.stderr
    assert "Segmentation" in said
    return [line for line in said.splitlines() if line.startswith(("Error", "Abort"))]


@pytest.mark.parametrize("frames", [None, [0, 3]])
def test_a_mask_comes_back_as_it_was(cine, path, frames):
    mask = beating_mask(cine.shape)
    assert save_dicom_seg(path, mask, cine, frames=frames) == ()
    kept = np.isin(np.arange(5), frames if frames is not None else range(5))
    assert_array_equal(load_dicom_seg(path, cine), mask * kept[:, None, None, None])
    assert_array_equal(load_mask(path, cine), load_dicom_seg(path, cine))


@pytest.mark.parametrize("anonymise", [False, True])
def test_an_independent_checker_finds_no_errors(cine, path, anonymise):
    save_dicom_seg(path, beating_mask(cine.shape), cine, anonymise=anonymise)
    assert complaints(path) == []


def test_highdicom_finds_each_mask_by_its_image(cine, path):
    from highdicom.seg import segread

    mask = beating_mask(cine.shape)
    save_dicom_seg(path, mask, cine)
    seg = segread(path)
    for t, phase in enumerate(cine.header.frames):
        found = seg.get_pixels_by_source_instance(
            [ref.sop_uid for ref in phase],
            combine_segments=True,
            ignore_spatial_locations=True,
            assert_missing_frames_are_empty=True,
        )
        assert_array_equal(found, mask[t])


def test_each_frame_says_segment_phase_place_and_image(cine, path):
    save_dicom_seg(path, beating_mask(cine.shape), cine)
    dataset = read(path)
    assert [item.DimensionDescriptionLabel for item in dataset.DimensionIndexSequence] == ["Segment", "Phase", "Slice"]
    seen = set()
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        label, t, z = frame.FrameContentSequence[0].DimensionIndexValues
        ref = cine.header.frames[t - 1][z - 1]
        assert frame.FrameContentSequence[0].TemporalPositionIndex == t
        assert frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber == label
        image = frame.DerivationImageSequence[0].SourceImageSequence[0]
        assert image.ReferencedSOPInstanceUID == ref.sop_uid
        assert frame.PlanePositionSequence[0].ImagePositionPatient == list(ref.position_mm)
        seen.add((label, t, z))
    assert len(seen) == dataset.NumberOfFrames == 3 * 5 * 2
    listed = dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert len(listed) == 10


def test_segments_are_coded_structures(cine, path):
    save_dicom_seg(path, beating_mask(cine.shape), cine, algorithm="AUTOMATIC")
    segments = read(path).SegmentSequence
    codes = {s.SegmentLabel: s.SegmentedPropertyTypeCodeSequence[0].CodeValue for s in segments}
    assert codes == {"RV": "53085002", "Myo": "74281007", "LV": "87878005"}
    assert {s.SegmentAlgorithmType for s in segments} == {"AUTOMATIC"}


def test_a_mask_by_hand_names_no_algorithm(cine, path):
    save_dicom_seg(path, beating_mask(cine.shape), cine, algorithm="MANUAL")
    assert "SegmentationAlgorithmIdentificationSequence" not in read(path).SegmentSequence[0]
    assert complaints(path) == []


def test_patient_and_study_are_those_of_the_images(cine, path):
    save_dicom_seg(path, beating_mask(cine.shape), cine)
    dataset = read(path)
    assert (str(dataset.PatientName), dataset.PatientID) == (PATIENT, "DOE-4711")
    assert (dataset.StudyInstanceUID, dataset.StudyDate) == (STUDY, "20250103")
    assert dataset.SeriesInstanceUID != cine.header.series_uid


def test_anonymised_it_names_nobody_and_still_belongs_to_its_images(cine, path):
    mask = beating_mask(cine.shape)
    save_dicom_seg(path, mask, cine, anonymise=True)
    content = path.read_bytes()
    for secret in (b"DOE", b"4711", b"19500102", b"20250103", b"HOSPITAL", b"101112"):
        assert secret not in content
    assert read(path).PatientIdentityRemoved == "YES"
    assert_array_equal(load_dicom_seg(path, cine), mask)


def ed_and_es(cine):
    mask = np.zeros(cine.shape, np.uint8)
    mask[[0, 7]] = beating_mask(cine.shape)[[0, 7]]
    return mask


def without(mask, t, label):
    mask[t][mask[t] == label] = 0
    return mask


@pytest.mark.parametrize(
    "reduce",
    [
        lambda mask: mask,
        lambda mask: without(mask, slice(None), 1),
        lambda mask: without(mask, 7, 2),
        lambda mask: np.where(mask == 3, 3, 0).astype(np.uint8),
    ],
    ids=["all classes", "no RV", "no Myo at ES", "LV alone"],
)
def test_other_readers_find_each_frame_of_ed_and_es_where_its_image_lies(dicom_dir, path, reduce):
    sitk = pytest.importorskip("SimpleITK")
    cine = load_cine(dicom_dir / "cine_sax")
    mask = reduce(ed_and_es(cine))
    assert save_dicom_seg(path, mask, cine) == ()
    dataset, planes = read(path), sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    places = {ref.sop_uid: (t, z) for t, phase in enumerate(cine.header.frames) for z, ref in enumerate(phase)}
    shared = dataset.SharedFunctionalGroupsSequence[0]
    found = np.zeros_like(mask)
    for plane, frame in zip(planes, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        uid = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        t, z = places[uid]
        image = read(cine.header.frames[t][z].path)
        assert frame.PlanePositionSequence[0].ImagePositionPatient == image.ImagePositionPatient
        assert shared.PlaneOrientationSequence[0].ImageOrientationPatient == image.ImageOrientationPatient
        assert shared.PixelMeasuresSequence[0].PixelSpacing == image.PixelSpacing
        assert dataset.FrameOfReferenceUID == image.FrameOfReferenceUID
        found[t, z][plane > 0] = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
    assert_array_equal(found, mask)
    assert complaints(path) == []


def test_images_that_share_an_identifier_have_no_seg(tmp_path, path):
    write_series(tmp_path / "s", change=lambda made, t, z: changed(made, SOPInstanceUID="1.2.3"))
    cine = load_cine(tmp_path / "s")
    with pytest.raises(ScanError, match="share identifiers"):
        save_dicom_seg(path, beating_mask(cine.shape), cine)
    assert not path.exists()


def test_an_enhanced_source_is_referred_to_by_frame_number(tmp_path, path):
    write_enhanced(tmp_path / "mf.dcm")
    cine = load_cine(tmp_path / "mf.dcm")
    mask = beating_mask(cine.shape)
    save_dicom_seg(path, mask, cine)
    image = read(path).PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
    assert image.ReferencedFrameNumber == cine.header.frames[0][0].number
    assert_array_equal(load_dicom_seg(path, cine), mask)
    assert complaints(path) == []


def test_what_has_no_image_is_left_out_and_told(tmp_path, path):
    write_series(tmp_path / "s", n_t=6, change=lambda made, t, z: None if (t, z) == (2, 1) else made)
    cine = load_cine(tmp_path / "s")
    mask = beating_mask(cine.shape)
    assert save_dicom_seg(path, mask, cine) == ((2, 1),)
    mask[2, 1] = 0
    assert_array_equal(load_dicom_seg(path, cine), mask)


def test_one_class_alone_is_enough(cine, path):
    mask = np.where(beating_mask(cine.shape) == 3, 3, 0).astype(np.uint8)
    save_dicom_seg(path, mask, cine)
    assert_array_equal(load_dicom_seg(path, cine), mask)
    assert complaints(path) == []


def test_segments_of_others_are_known_by_their_codes(cine, path):
    mask = beating_mask(cine.shape)
    save_dicom_seg(path, mask, cine)
    dataset = read(path)
    for item in dataset.SegmentSequence:
        item.SegmentNumber = 4 - item.SegmentNumber
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        number = frame.SegmentIdentificationSequence[0]
        number.ReferencedSegmentNumber = 4 - number.ReferencedSegmentNumber
    dataset.save_as(path)
    assert_array_equal(load_dicom_seg(path, cine), mask)


def test_a_segment_that_is_not_of_the_heart_is_refused(cine, path):
    save_dicom_seg(path, beating_mask(cine.shape), cine)
    dataset = read(path)
    dataset.SegmentSequence[1].SegmentedPropertyTypeCodeSequence[0].CodeValue = "10200004"
    dataset.save_as(path)
    with pytest.raises(ScanError, match="'Myo' that is neither RV, myocardium nor LV"):
        load_dicom_seg(path, cine)


def test_the_mask_of_another_series_is_refused(cine, path, tmp_path):
    save_dicom_seg(path, beating_mask(cine.shape), cine)
    write_series(tmp_path / "other", n_t=5, series="1.2.3.4")
    with pytest.raises(ScanError, match="belongs to other images"):
        load_dicom_seg(path, load_cine(tmp_path / "other"))


def test_an_image_is_no_segmentation(cine):
    with pytest.raises(ScanError, match="not a binary DICOM segmentation"):
        load_dicom_seg(cine.header.paths[0], cine)


def test_what_cannot_be_written_is_refused_and_nothing_is_left(cine, path, tmp_path):
    from dataclasses import replace

    mask = beating_mask(cine.shape)
    image = cine.header.paths[0]
    before = image.read_bytes()
    for wrong, sentence in (
        (lambda: save_dicom_seg(path, np.zeros_like(mask), cine), "mask is empty"),
        (lambda: save_dicom_seg(path, mask[:2], cine), "does not fit"),
        (lambda: save_dicom_seg(path, mask + 2, cine), "0 to 3 only"),
        (lambda: save_dicom_seg(path, mask, cine, frames=[9]), "not all in the scan"),
        (lambda: save_dicom_seg(path, mask, replace(cine, header=None)), "opened from DICOM"),
        (lambda: save_dicom_seg(image, mask, cine), "image of the series itself"),
        (lambda: save_dicom_seg(tmp_path / "no" / "seg.dcm", mask, cine), "folder does not exist"),
    ):
        with pytest.raises(ScanError, match=sentence):
            wrong()
    assert image.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_a_seg_beside_its_images_does_not_disturb_the_series(tmp_path):
    data = write_series(tmp_path / "s")
    cine = load_cine(tmp_path / "s")
    save_dicom_seg(tmp_path / "s" / "seg.dcm", beating_mask(cine.shape), cine)
    assert_array_equal(load_cine(tmp_path / "s").data, data)


def test_the_real_series_round_trip_is_exact_and_valid(dicom_dir, path):
    cine = load_cine(dicom_dir / "cine_sax")
    mask = beating_mask(cine.shape)
    save_dicom_seg(path, mask, cine)
    assert_array_equal(load_dicom_seg(path, cine), mask)
    assert complaints(path) == []
