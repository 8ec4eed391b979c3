"""DICOM series become cines: every image in its place, and what is odd is said."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_scribbleseg.io import ScanError, load_cine
from napari_scribbleseg.io.dicom import files, list_series, load_series
from tests.dicom_files import (
    ORIGIN,
    PATIENT,
    SPACING,
    changed,
    directions,
    image,
    position,
    save,
    values,
    write_enhanced,
    write_series,
)


def world_lps(cine, z, y, x):
    return np.diag([-1, -1, 1, 1]) @ cine.affine @ [x, y, z, 1]


def test_images_in_no_order_become_a_cine_in_time_and_space(tmp_path):
    data = write_series(tmp_path / "s")
    cine = load_cine(tmp_path / "s")

    assert_array_equal(cine.data, data)
    assert cine.data.dtype == np.int16
    assert_allclose(cine.spacing_mm, SPACING, atol=1e-4)
    row, column, normal = directions()
    expected = ORIGIN + 2 * SPACING[0] * normal + 7 * SPACING[1] * column + 11 * SPACING[2] * row
    assert_allclose(world_lps(cine, 2, 7, 11)[:3], expected, atol=1e-4)
    assert cine.ndim == 4
    assert cine.header.warnings == ()


def test_time_and_heart_rate_come_from_the_scanner(tmp_path):
    write_series(tmp_path / "s", n_t=6)
    cine = load_cine(tmp_path / "s")
    assert cine.frame_ms == pytest.approx(31.6, abs=0.2)
    assert cine.header.heart_rate_bpm == pytest.approx(75)


def test_height_and_weight_are_there_for_the_body_surface(tmp_path):
    write_series(tmp_path / "s")
    source = load_cine(tmp_path / "s").header
    assert (source.height_cm, source.weight_kg) == (pytest.approx(170), 70)
    write_series(tmp_path / "t", change=lambda made, t, z: changed(made, PatientSize=0, PatientWeight=0))
    source = load_cine(tmp_path / "t").header
    assert (source.height_cm, source.weight_kg) == (None, None)


def test_slice_location_is_never_believed(tmp_path):
    data = write_series(tmp_path / "s", change=lambda made, t, z: changed(made, SliceLocation=(7 * z) % 3))
    assert_array_equal(load_cine(tmp_path / "s").data, data)


@pytest.mark.parametrize("clock", ["TriggerTime", "TemporalPositionIdentifier", "InstanceNumber"])
def test_phases_go_by_the_best_clock_there_is(tmp_path, clock):
    clocks = ["TriggerTime", "TemporalPositionIdentifier", "InstanceNumber"]

    def change(made, t, z):
        for name in clocks[: clocks.index(clock)]:
            setattr(made, name, 0)  # says nothing
        for name in clocks[clocks.index(clock) + 1 :]:
            setattr(made, name, 50 - t)  # says the contrary
        return changed(made, **{clock: 10 * t + 3})

    data = write_series(tmp_path / "s", change=change)
    assert_array_equal(load_cine(tmp_path / "s").data, data)


def test_without_any_clock_nothing_is_guessed(tmp_path):
    write_series(tmp_path / "s", change=lambda made, t, z: changed(made, TriggerTime=0, InstanceNumber=1))
    with pytest.raises(ScanError, match="in which order their phases come"):
        load_cine(tmp_path / "s")


def test_rescaled_values_are_intensities(tmp_path):
    scale = {0: (2.0, -5.0), 1: (0.5, 0.0), 2: (1.0, 0.0)}
    data = write_series(
        tmp_path / "s",
        change=lambda made, t, z: changed(made, RescaleSlope=scale[z][0], RescaleIntercept=scale[z][1]),
    )
    cine = load_cine(tmp_path / "s")
    assert cine.data.dtype == np.float32
    for z, (slope, intercept) in scale.items():
        assert_allclose(cine.data[:, z], data[:, z] * slope + intercept)


def test_where_small_values_are_bright_the_scan_is_turned_round(tmp_path):
    def change(made, t, z):
        pixels = (255 - np.frombuffer(made.PixelData, "<i2")).astype("<u2")
        made.PixelData = pixels.tobytes()
        return changed(made, PhotometricInterpretation="MONOCHROME1", PixelRepresentation=0, BitsStored=8, HighBit=7)

    folder = tmp_path / "s"
    folder.mkdir()
    data = values(2, 2) % 256
    for t in range(2):
        for z in range(2):
            save(change(image(t, z, data[t, z]), t, z), folder / f"{t}{z}.dcm")
    assert_array_equal(load_cine(folder).data, data)


def test_one_phase_becomes_a_volume(tmp_path):
    data = write_series(tmp_path / "s", n_t=1)
    cine = load_cine(tmp_path / "s")
    assert (cine.ndim, cine.frame_ms) == (3, None)
    assert_array_equal(cine.data, data)


def test_one_slice_becomes_a_cine_as_thick_as_it_says(tmp_path):
    write_series(tmp_path / "s", n_z=1)
    cine = load_cine(tmp_path / "s")
    assert cine.shape[:2] == (4, 1)
    assert cine.spacing_mm[0] == SPACING[0]


@pytest.mark.parametrize("name", ["series", "of_a_file", "of_an_address"])
def test_a_series_opens_by_its_folder_any_of_its_files_or_its_address(tmp_path, name):
    data = write_series(tmp_path / "s")
    (found,) = list_series(tmp_path)
    path = {"series": tmp_path, "of_a_file": tmp_path / "s" / "I5_0003.dcm", "of_an_address": found.path}[name]
    assert_array_equal(load_cine(path).data, data)


def test_files_need_no_ending(tmp_path):
    data = write_series(tmp_path / "s")
    for path in list((tmp_path / "s").iterdir()):
        path.rename(path.with_suffix(""))
    assert_array_equal(load_cine(tmp_path / "s").data, data)
    assert_array_equal(load_cine(tmp_path / "s" / "I5_0003").data, data)


# --- Enhanced multi-frame ---------------------------------------------------------------------------------------------
def test_an_enhanced_multi_frame_file_is_the_same_scan(tmp_path):
    data = write_enhanced(tmp_path / "mf.dcm")
    write_series(tmp_path / "classic")
    cine, classic = load_cine(tmp_path / "mf.dcm"), load_cine(tmp_path / "classic")
    assert_array_equal(cine.data, data)
    assert_allclose(cine.affine, classic.affine, atol=1e-6)
    assert (cine.spacing_mm[0], cine.frame_ms) == (pytest.approx(SPACING[0]), classic.frame_ms)
    assert cine.header.heart_rate_bpm == pytest.approx(75)
    assert cine.header.frames[3][2].number != 1


def test_each_frame_of_an_enhanced_file_is_scaled_as_it_says(tmp_path):
    data = write_enhanced(tmp_path / "mf.dcm", slopes=True)
    found = load_cine(tmp_path / "mf.dcm").data
    for z in range(3):
        assert_allclose(found[:, z], data[:, z] * (z + 1.0) - 10)


def test_what_highdicom_converts_to_multi_frame_is_the_same_scan(tmp_path):
    from highdicom import UID
    from highdicom.legacy import LegacyConvertedEnhancedMRImage
    from pydicom import dcmread

    from napari_scribbleseg.io.dicom.files import quietly

    data = write_series(tmp_path / "classic")
    originals = [dcmread(path) for path in sorted((tmp_path / "classic").iterdir())]
    for made in originals:
        made.PositionReferenceIndicator = ""
    with quietly():
        made = LegacyConvertedEnhancedMRImage(originals, UID(), 9, UID(), 1)
        (tmp_path / "mf").mkdir()
        made.save_as(tmp_path / "mf" / "mf.dcm")
    cine = load_cine(tmp_path / "mf")
    assert_array_equal(cine.data, data)
    assert_allclose(cine.affine, load_cine(tmp_path / "classic").affine, atol=1e-5)


# --- what is missing or doubled ---------------------------------------------------------------------------------------
def test_a_missing_image_stays_black_and_is_said(tmp_path):
    data = write_series(tmp_path / "s", n_t=6, change=lambda made, t, z: None if (t, z) == (2, 1) else made)
    cine = load_cine(tmp_path / "s")
    expected = data.copy()
    expected[2, 1] = 0
    assert_array_equal(cine.data, expected)
    assert cine.header.frames[2][1] is None
    (warning,) = cine.header.warnings
    assert "1 image is missing" in warning
    assert "phase 2 of slice 1" in warning


def test_a_missing_slice_leaves_its_place_empty(tmp_path):
    data = write_series(tmp_path / "s", n_z=5, change=lambda made, t, z: None if z == 3 else made)
    cine = load_cine(tmp_path / "s")
    assert not np.asarray(cine.data)[:, 3].any()
    assert_array_equal(cine.data[:, 4], data[:, 4])
    assert cine.spacing_mm[0] == pytest.approx(SPACING[0])
    assert "Slice 3 (counted from 0) is missing" in cine.header.warnings[0]


def test_unevenly_spaced_slices_are_said(tmp_path):
    places = (0, 1, 2.4, 3.1)

    write_series(
        tmp_path / "s", n_z=4, change=lambda made, t, z: changed(made, ImagePositionPatient=position(places[z]))
    )
    cine = load_cine(tmp_path)
    assert cine.shape[1] == 4
    assert any("unevenly spaced (5.6 to 11.2 mm)" in sentence for sentence in cine.header.warnings)


def test_slices_that_lie_aside_are_said(tmp_path):
    def aside(made, t, z):
        if z == 1:
            made.ImagePositionPatient = [
                float(v) + 4 * c for v, c in zip(made.ImagePositionPatient, directions()[0], strict=True)
            ]
        return made

    write_series(tmp_path / "s", change=aside)
    assert "up to 4.0 mm aside" in load_cine(tmp_path / "s").header.warnings[0]


def test_copies_of_files_count_once(tmp_path):
    data = write_series(tmp_path / "s")
    shutil.copy(tmp_path / "s" / "I5_0001.dcm", tmp_path / "s" / "copy.dcm")
    cine = load_cine(tmp_path / "s")
    assert_array_equal(cine.data, data)
    assert "1 image was there twice" in cine.header.warnings[0]


@pytest.mark.parametrize("told_by", ["trigger", "acquisition", "instance"])
def test_of_a_slice_acquired_twice_the_later_counts(tmp_path, told_by):
    data = write_series(tmp_path / "s")
    again = values(4, 3, seed=7)
    for t in range(4):
        made = image(t, 1, again[t, 1])
        made.SOPInstanceUID += ".9"
        made.InstanceNumber += 500
        if told_by != "trigger":
            made.TriggerTime += 1.5
        if told_by == "acquisition":
            made.AcquisitionNumber, made.InstanceNumber = 2, made.InstanceNumber - 500
        save(made, tmp_path / "s" / f"again{t}.dcm")
    cine = load_cine(tmp_path / "s")
    assert_array_equal(cine.data[:, 1], again[:, 1])
    assert_array_equal(cine.data[:, 0], data[:, 0])
    assert "1 slice was acquired more than once" in cine.header.warnings[0]


def test_a_localiser_among_the_slices_is_left_out(tmp_path):
    write_series(tmp_path / "s", change=lambda made, t, z: None if z == 2 and t > 0 else made)
    cine = load_cine(tmp_path / "s")
    assert cine.shape[:2] == (4, 2)
    assert "1 slice holds under half of the 4 phases" in cine.header.warnings[0]


def test_damaged_files_are_left_out_and_said(tmp_path):
    write_series(tmp_path / "s", n_t=6)
    victim = tmp_path / "s" / "I5_0004.dcm"
    victim.write_bytes(victim.read_bytes()[:180])
    cine = load_cine(tmp_path / "s")
    assert cine.shape[:2] == (6, 3)
    assert "1 file could not be read" in cine.header.warnings[0]
    assert "1 image is missing" in cine.header.warnings[1]


def test_cut_pixels_are_an_error_not_a_black_corner(tmp_path):
    write_series(tmp_path / "s")
    victim = tmp_path / "s" / "I5_0004.dcm"
    victim.write_bytes(victim.read_bytes()[:-200])
    with pytest.raises(ScanError, match=r"I5_0004\.dcm"):
        load_cine(tmp_path / "s")


# --- what is no series ------------------------------------------------------------------------------------------------
def test_a_folder_without_images_says_so(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(ScanError, match="holds no DICOM images"):
        load_cine(tmp_path)


def test_a_file_that_is_dicom_by_name_only_says_so(tmp_path):
    path = tmp_path / "scan.dcm"
    path.write_bytes(b"x" * 400)
    with pytest.raises(ScanError, match=r"scan\.dcm|no DICOM images"):
        load_cine(path)


def test_an_address_of_a_missing_folder_is_an_ordinary_missing_file(tmp_path):
    with pytest.raises(ScanError, match="does not exist"):
        load_cine(tmp_path / "gone#5")


def test_no_name_of_a_patient_is_parsed_or_told(tmp_path, caplog, recwarn):
    write_series(tmp_path / "s")
    cine = load_cine(tmp_path / "s")
    told = repr(cine) + repr(list_series(tmp_path / "s")) + cine.title + caplog.text + "".join(map(str, recwarn))
    assert PATIENT not in told
    assert "DOE" not in told.replace(str(tmp_path), "")
    with pytest.raises(ScanError) as raised:
        load_series(tmp_path / "s", "77")
    assert "DOE" not in str(raised.value)


def test_far_too_many_files_are_refused_at_once(tmp_path, monkeypatch):
    write_series(tmp_path / "s")
    monkeypatch.setattr(files, "MOST_FILES", 11)
    with pytest.raises(ScanError, match="over 11 files; choose the folder of one examination"):
        load_cine(tmp_path / "s")


def test_a_file_that_cannot_be_parsed_is_said(tmp_path):
    write_series(tmp_path / "s")
    (tmp_path / "s" / "broken").write_bytes(bytes(128) + b"DICM" + b"\x02\x00\x00\x00UL\x04")
    assert "1 file could not be read and was left out" in load_cine(tmp_path / "s").header.warnings[0]


# --- a real series ----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def real(dicom_dir):
    return load_cine(dicom_dir / "cine_sax")


def test_the_real_series_opens_quickly(dicom_dir):
    load_cine(dicom_dir / "cine_sax")  # libraries are loaded, the files are in the cache
    began = time.process_time()  # of this process, so that a busy machine does not count
    load_cine(dicom_dir / "cine_sax")
    assert time.process_time() - began < 3


def test_the_real_series_is_8_slices_of_5_mm_and_20_phases(real):
    assert real.shape == (20, 8, 256, 256)
    assert_allclose(real.spacing_mm, (5, 0.8203, 0.8203), atol=1e-3)
    assert real.frame_ms == pytest.approx(600 / 19, abs=0.01)
    assert real.header.heart_rate_bpm == pytest.approx(95, abs=0.2)
    assert real.header.warnings == ()


def test_another_reader_sees_each_real_pixel_in_the_same_place(real):
    sitk = pytest.importorskip("SimpleITK")
    for t, z in ((0, 0), (7, 3), (19, 7)):
        ref = real.header.frames[t][z]
        other = sitk.ReadImage(str(ref.path))
        assert_array_equal(sitk.GetArrayFromImage(other)[0], real.data[t, z])
        for y, x in ((0, 0), (255, 0), (100, 200)):
            there = np.array(other.TransformIndexToPhysicalPoint((x, y, 0)))
            assert_allclose(world_lps(real, z, y, x)[:3], there, atol=1e-2)


def test_phases_of_the_real_series_follow_the_heart(real):
    from pydicom import dcmread

    for z in range(8):
        times = [
            float(dcmread(phase[z].path, stop_before_pixels=True).TriggerTime) for phase in real.header.frames[::5]
        ]
        assert times == sorted(times)
