from __future__ import annotations

from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.io import ScanError, load_cine, save_mask
from napari_scribbleseg.io.h5 import load_h5_mask, load_h5_scribbles


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A volume as WSL4MIS writes it."""
    rng = np.random.default_rng(0)
    scribble = np.full((3, 6, 5), 4, np.uint16)
    scribble[1, 2, :4] = range(4)
    with h5py.File(tmp_path / "patient001_frame01.h5", "w") as file:
        file["image"] = rng.random((3, 6, 5)).astype(np.float32)
        file["label"] = rng.integers(0, 4, (3, 6, 5)).astype(np.uint8)
        file["scribble"] = scribble
    return tmp_path / "patient001_frame01.h5"


def test_a_volume_is_a_scan_of_one_phase_in_millimetres_of_one(volume: Path) -> None:
    cine = load_cine(volume)
    with h5py.File(volume) as file:
        np.testing.assert_array_equal(cine.data[0], file["image"][()])
    assert (cine.shape, cine.ndim, cine.spacing_mm, cine.header) == ((1, 3, 6, 5), 3, (1.0, 1.0, 1.0), None)
    assert cine.title == "patient001_frame01"
    assert cine.case.startswith("scan-")
    assert load_cine(volume, "p1").case == "p1"


def test_a_slice_is_a_scan_of_one_slice(tmp_path: Path) -> None:
    path = tmp_path / "patient001_frame01_slice_1.h5"
    with h5py.File(path, "w") as file:
        file["image"] = np.arange(30.0).reshape(6, 5)
        file["scribble"] = np.full((6, 5), 4)
    assert load_cine(path).shape == (1, 1, 6, 5)
    assert load_h5_scribbles(path).shape == (1, 1, 6, 5)


def test_scribbles_and_masks_are_translated(volume: Path) -> None:
    strokes, mask = load_h5_scribbles(volume), load_h5_mask(volume)
    assert strokes[0, 1, 2].tolist() == [4, 1, 2, 3, 0]
    with h5py.File(volume) as file:
        np.testing.assert_array_equal(mask[0], file["label"][()])


def test_a_mask_goes_out_as_nifti_with_an_identity_affine(volume: Path, tmp_path: Path) -> None:
    cine, mask = load_cine(volume), load_h5_mask(volume)
    save_mask(tmp_path / "m.nii.gz", mask, cine)
    image = nib.load(tmp_path / "m.nii.gz")
    np.testing.assert_array_equal(image.affine, np.eye(4))
    assert image.header.get_zooms() == (1, 1, 1)
    np.testing.assert_array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), mask[0])


def test_a_file_without_the_wanted_part_says_what_it_holds(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["image"] = np.arange(30.0).reshape(6, 5)
        file["sub/label"] = 1
    with pytest.raises(ScanError, match=r"holds no 'scribble', only \['image', 'sub'\]"):
        load_h5_scribbles(tmp_path / "a.h5")
    with pytest.raises(ScanError, match="holds no 'sub'|holds no 'label'"):
        load_h5_mask(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("image", "match"),
    [
        (np.zeros((2, 3, 4, 5)), "shape"),
        (np.zeros((0, 5)), "shape"),
        (np.zeros((5, 5)), "value 0 everywhere"),
        (np.full((5, 5), np.nan), "only NaN"),
        (np.array([[b"a", b"b"]]), "grey values"),
    ],
)
def test_images_that_are_no_scan_are_refused(tmp_path: Path, image: np.ndarray, match: str) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["image"] = image
    with pytest.raises(ScanError, match=match):
        load_cine(tmp_path / "a.h5")


def test_codes_out_of_range_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["scribble"] = np.full((6, 5), 9)
        file["label"] = np.full((6, 5), 4)
    with pytest.raises(ScanError, match=r"^a\.h5: Scribbles hold the value 9"):
        load_h5_scribbles(tmp_path / "a.h5")
    with pytest.raises(ScanError, match=r"^a\.h5: Masks hold the value 4"):
        load_h5_mask(tmp_path / "a.h5")


def test_files_that_are_missing_damaged_or_of_another_kind_are_refused(volume: Path, tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="no.h5 does not exist"):
        load_cine(tmp_path / "no.h5")
    (tmp_path / "a.h5").write_bytes(b"hello")
    with pytest.raises(ScanError, match="not an HDF5 file"):
        load_cine(tmp_path / "a.h5")
    volume.write_bytes(volume.read_bytes()[:-200])
    with pytest.raises(ScanError, match="patient001_frame01.h5"):
        load_cine(volume)


def test_a_missing_h5py_is_named_with_its_remedy(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(ScanError, match="pip install h5py"):
        load_cine(volume)
