"""Odd and hostile DICOM folders: read where that is sound, said where it is not, and quiet about whom they show."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from pydicom import dcmread

from napari_scribbleseg.io import ScanError, load_cine
from tests.dicom_files import SERIES, changed, image, save, values, write_series


# --- files among files ------------------------------------------------------------------------------------------------
def test_a_dicomdir_is_passed_over_and_stands_for_its_folder(tmp_path):
    data = write_series(tmp_path / "cd" / "IMAGES")
    first = next((tmp_path / "cd" / "IMAGES").iterdir())
    (tmp_path / "cd" / "DICOMDIR").write_bytes(first.read_bytes())
    for path in (tmp_path / "cd", tmp_path / "cd" / "DICOMDIR"):
        cine = load_cine(path)
        assert_array_equal(cine.data, data)
        assert cine.header.warnings == ()


def test_junk_and_empty_files_do_not_disturb(tmp_path):
    data = write_series(tmp_path)
    (tmp_path / "README.TXT").write_text("DOE^JANE")
    (tmp_path / "autorun.inf").write_bytes(b"")
    (tmp_path / "Thumbs.db").write_bytes(bytes(500))
    (tmp_path / "zero.dcm").write_bytes(b"")
    (tmp_path / "noise.dcm").write_bytes(np.random.default_rng(0).bytes(3000))
    cine = load_cine(tmp_path)
    assert_array_equal(cine.data, data)
    assert cine.header.warnings == ("2 files could not be read and were left out; copy them again.",)


def test_raw_data_sets_without_a_file_head_are_read(tmp_path):
    data = write_series(tmp_path)
    for path in list(tmp_path.iterdir()):
        raw = dcmread(path)
        raw.file_meta.clear()
        raw.preamble = None
        raw.save_as(path, implicit_vr=True, little_endian=True)
    assert_array_equal(load_cine(tmp_path).data, data)


def test_a_deep_path_is_read(tmp_path):
    folder = tmp_path.joinpath(*(f"{n:060}" for n in range(12)))
    assert_array_equal(
        load_cine(tmp_path).data if write_series(folder) is None else load_cine(folder).data, values(4, 3)
    )


def _refuse(monkeypatch, refused: Path) -> None:
    """Refuse a folder or a file as the system does; root would be let in whatever its mode says."""
    scandir, opened = os.scandir, Path.open

    def scan(path="."):
        if Path(path) == refused:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    def open_file(self, *args, **kwargs):
        if self == refused:
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(os, "scandir", scan)
    monkeypatch.setattr(Path, "open", open_file)


def test_a_folder_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    write_series(tmp_path / "s")
    _refuse(monkeypatch, tmp_path / "s")
    with pytest.raises(ScanError, match=r"^s may not be read; ask for permission"):
        load_cine(tmp_path / "s")


def test_a_closed_folder_inside_is_said(tmp_path, monkeypatch):
    data = write_series(tmp_path / "a")
    (tmp_path / "b").mkdir()
    _refuse(monkeypatch, tmp_path / "b")
    cine = load_cine(tmp_path)
    assert_array_equal(cine.data, data)
    assert cine.header.warnings == ("1 folder in it may not be opened and was left out; ask for permission.",)


def test_a_file_that_may_not_be_read_is_said(tmp_path, monkeypatch):
    write_series(tmp_path, n_t=6)
    _refuse(monkeypatch, tmp_path / "I5_0004.dcm")
    told = load_cine(tmp_path).header.warnings
    assert told[0] == "1 file could not be read and was left out; copy it again."
    assert "1 image is missing" in told[1]


def test_pictures_without_a_place_in_the_body_are_named_for_what_they_are(tmp_path):
    write_series(tmp_path / "s", change=lambda made, t, z: changed(made, ImagePositionPatient=None))
    with pytest.raises(ScanError, match="12 pictures in it do not say where in the body they lie"):
        load_cine(tmp_path / "s")


@pytest.mark.parametrize("uid", ["1.2.3", ""])
def test_images_whose_identifiers_were_made_alike_are_all_read(tmp_path, uid):
    data = write_series(tmp_path, change=lambda made, t, z: changed(made, SOPInstanceUID="1.2.3"))
    if not uid:
        for path in tmp_path.iterdir():
            path.write_bytes(path.read_bytes().replace(b"\x08\x00\x18\x00UI\x06\x001.2.3\0", b""))
    assert_array_equal(load_cine(tmp_path).data, data)


# --- clocks -----------------------------------------------------------------------------------------------------------
_OVER_AN_HOUR = ("095958.5", "095959.75", "100000")


@pytest.mark.parametrize(
    ("elements", "name"),
    [
        (lambda t, z: {"TemporalPositionIdentifier": t + 1, "InstanceNumber": 50 - t}, "temporal position"),
        (lambda t, z: {"InstanceNumber": 100 * z + t}, "instance number"),
        (
            lambda t, z: {"InstanceNumber": None, "AcquisitionTime": ("095958.5", "095959.75", "100000")[t]},
            "acquisition time",
        ),
    ],
)
def test_without_trigger_times_another_clock_is_used_and_said(tmp_path, elements, name):
    data = write_series(tmp_path, n_t=3, change=lambda made, t, z: changed(made, TriggerTime=None, **elements(t, z)))
    cine = load_cine(tmp_path)
    assert_array_equal(cine.data, data)
    (told,) = cine.header.warnings
    assert told.startswith("The trigger times do not tell the phases apart")
    assert f"go by {name};" in told


def test_one_image_without_a_trigger_time_is_said_too(tmp_path):
    data = write_series(
        tmp_path, change=lambda made, t, z: changed(made, TriggerTime=None) if (t, z) == (1, 1) else made
    )
    cine = load_cine(tmp_path)
    assert_array_equal(cine.data, data)
    assert "go by instance number" in cine.header.warnings[0]


def test_a_single_phase_needs_no_clock(tmp_path):
    write_series(tmp_path, n_t=1, change=lambda made, t, z: changed(made, TriggerTime=None))
    assert load_cine(tmp_path).header.warnings == ()


def _write_uneven(folder: Path, counts: tuple[int, ...]) -> np.ndarray:
    """Write slices with so many phases of one beat of 800 ms each; return all values."""
    data = values(max(counts), len(counts))
    for z, n in enumerate(counts):
        for t in range(n):
            save(changed(image(t, z, data[t, z]), TriggerTime=round(t * 800 / n, 1)), folder / f"{t}{z}.dcm")
    return data


def test_of_a_slice_with_more_phases_the_nearest_in_time_are_used(tmp_path):
    data = _write_uneven(tmp_path, (6, 6, 6, 8))
    cine = load_cine(tmp_path)
    assert_array_equal(cine.data[:, :3], data[:6, :3])
    assert_array_equal(cine.data[:, 3], data[[0, 1, 3, 4, 5, 7], 3])
    assert "1 slice has more images than the 6 phases of the others" in cine.header.warnings[0]


def test_of_a_slice_with_fewer_phases_the_rest_stays_black_and_is_said(tmp_path):
    data = _write_uneven(tmp_path, (8, 8, 6))
    cine = load_cine(tmp_path)
    assert_array_equal(cine.data[:, :2], data[:, :2])
    black = [t for t in range(8) if not cine.data[t, 2].any()]
    assert len(black) == 2
    assert_array_equal(np.delete(cine.data[:, 2], black, axis=0), data[:6, 2])
    assert "2 images are missing" in cine.header.warnings[0]


def test_surplus_images_without_trigger_times_are_not_guessed(tmp_path):
    _write_uneven(tmp_path, (6, 6, 8))
    for path in tmp_path.iterdir():
        save(changed(dcmread(path), TriggerTime=None), path)
    with pytest.raises(ScanError, match="more images than the 6 phases of the others"):
        load_cine(tmp_path)


# --- places and values ------------------------------------------------------------------------------------------------
def test_slices_numbered_from_the_other_end_lie_where_they_lie(tmp_path):
    data = write_series(tmp_path / "a")
    (tmp_path / "b").mkdir()
    for t, z in np.ndindex(4, 3):  # the same slices, the last of them acquired first
        made = changed(image(t, z, data[t, z]), InstanceNumber=100 * (2 - z) + t + 1, AcquisitionNumber=3 - z)
        save(made, tmp_path / "b" / f"{t}{z}.dcm")
    one, other = load_cine(tmp_path / "a"), load_cine(tmp_path / "b")
    assert_array_equal(one.data, other.data)
    assert_array_equal(one.affine, other.affine)


def test_pixels_that_are_not_square_keep_their_sides(tmp_path):
    write_series(tmp_path, n_z=2, change=lambda made, t, z: changed(made, PixelSpacing=[2.0, 0.7]))
    cine = load_cine(tmp_path)
    assert cine.spacing_mm == pytest.approx((8.0, 2.0, 0.7), abs=1e-4)
    assert np.linalg.norm(cine.affine[:3, 0]) == pytest.approx(0.7)
    assert np.linalg.norm(cine.affine[:3, 1]) == pytest.approx(2.0)


def test_signed_and_unsigned_images_of_one_series_keep_their_values(tmp_path):
    data = values(2, 2).astype(np.int32)
    data[1, 1] -= 400
    data[0, 1] += 40_000
    for t, z in np.ndindex(2, 2):
        unsigned = (t, z) != (1, 1)
        made = changed(image(t, z, data[t, z]), PixelRepresentation=int(not unsigned))
        made.PixelData = data[t, z].astype("<u2" if unsigned else "<i2").tobytes()
        save(made, tmp_path / f"{t}{z}.dcm")
    assert_array_equal(load_cine(tmp_path).data, data)


def test_signed_pixels_of_12_bits_without_a_sign_in_the_rest_are_negative(tmp_path):
    data = values(2, 2) - 450
    for t, z in np.ndindex(2, 2):
        made = changed(image(t, z, data[t, z]), BitsStored=12, HighBit=11)
        made.PixelData = (data[t, z].view(np.uint16) & 0x0FFF).astype("<u2").tobytes()
        save(made, tmp_path / f"{t}{z}.dcm")
    assert_array_equal(load_cine(tmp_path).data, data)


def test_the_rescale_slope_counts_and_the_private_one_of_philips_does_not(tmp_path):
    def philips(made, t, z):
        made.add_new(0x20050010, "LO", "Philips MR Imaging DD 001")
        made.add_new(0x2005100E, "FL", 0.004)
        return changed(made, RescaleSlope=2.5, RescaleIntercept=0)

    data = write_series(tmp_path, change=philips)
    assert_array_equal(load_cine(tmp_path).data, data * np.float32(2.5))


# --- whom it shows ----------------------------------------------------------------------------------------------------
_WRONG = {
    "a name among identifiers": (SERIES.encode()[:20], b"DOE^JANE^1234567890."),
    "a name as the number": (b"\x20\x00\x11\x00IS\x02\x005 ", b"\x20\x00\x11\x00IS\x02\x00DO"),
    "a name as the interval": (b"IS\x04\x00800 ", b"IS\x04\x00DOE!"),
    "a name as the height": (b"DS\x04\x001.7 ", b"DS\x04\x00DOE!"),
    "a name in no known letters": (b"SSFP SAX", b"DOE \xc4\xd6\xdc\xff"),
}


@pytest.mark.parametrize("wrong", _WRONG)
def test_values_in_the_wrong_place_are_quoted_nowhere(tmp_path, caplog, capfd, wrong):
    write_series(tmp_path)
    before, after = _WRONG[wrong]
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        assert before in content
        path.write_bytes(content.replace(before, after))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        cine = load_cine(tmp_path)
    assert cine.shape[:2] == (4, 3)
    told = "".join([caplog.text, *capfd.readouterr(), *map(str, warned), *cine.header.warnings])
    assert "DO" not in told


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 192", "Müller^Jürgen"),
        ("ISO_IR 100", "Müller^Jürgen"),
        ("ISO_IR 144", "Люкceмбypг"),
        ("GB18030", "王^小东"),
    ],
)
def test_other_letters_are_read_and_nothing_of_them_gets_out(tmp_path, caplog, charset, name):
    def named(made, t, z):
        return changed(made, SpecificCharacterSet=charset, PatientName=name, PatientComments=name)

    data = write_series(tmp_path, change=named)
    cine = load_cine(tmp_path)
    assert_array_equal(cine.data, data)
    assert cine.title == "SSFP SAX"
    assert name.split("^")[0] not in caplog.text + repr(cine)
