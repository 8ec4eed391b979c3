"""What goes out lies where it came from, as a second reader sees it."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_scribbleseg.io import ScanError, load_cine, load_labels, load_mask, save_mask, save_scribbles
from napari_scribbleseg.types import Cine

sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is the second reader")

Write = Callable[..., np.ndarray]
UNCHANGED = ("pixdim", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "xyzt_units", "descrip")
UNCHANGED_TOO = ("qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z", "toffset", "slice_duration")

GEOMETRIES: dict[str, dict[str, Any]] = {
    "plain": {},
    "oblique": {"degrees": (23.0, -41.0, 12.0)},
    "flipped": {"flips": (-1, 1, -1)},
    "all flipped": {"flips": (-1, -1, -1)},
    "oblique and flipped": {"degrees": (-60.0, 17.0, 140.0), "flips": (1, -1, 1)},
    "anisotropic": {"zooms": (0.7, 1.9, 11.0)},
    "stack along the first axis": {"shape": (4, 12, 10), "zooms": (8.0, 1.5, 1.5), "degrees": (5.0, 10.0, 15.0)},
    "stack along the second axis": {"shape": (12, 4, 10), "zooms": (1.5, 8.0, 1.5), "flips": (1, -1, -1)},
}


def corners(image: Any) -> list[tuple[float, ...]]:
    points = itertools.product(*((0, n // 2, n - 1) for n in image.GetSize()))
    return [image.TransformIndexToPhysicalPoint(tuple(int(i) for i in point)) for point in points]


def bright(cine: Cine) -> np.ndarray:
    """A mask that a second reader can find again in the source: intensities above 50, 100 and 150."""
    return np.digitize(np.asarray(cine.data), (50, 100, 150)).astype(np.uint8)


def assert_same_place(source: Path, mask: Path) -> None:
    scan, found = sitk.ReadImage(str(source)), sitk.ReadImage(str(mask))
    assert found.GetSize() == scan.GetSize()
    np.testing.assert_array_equal(corners(found), corners(scan))
    assert found.GetSpacing() == scan.GetSpacing()
    assert found.GetPixelID() == sitk.sitkUInt8
    intensities = sitk.GetArrayFromImage(scan)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(found), np.digitize(intensities, (50, 100, 150)))


@pytest.mark.parametrize("geometry", list(GEOMETRIES))
@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint8])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("n_t", [0, 3])
def test_simpleitk_finds_every_voxel_of_the_mask_on_the_scan(
    tmp_path: Path, write: Write, geometry: str, dtype: Any, name: str, n_t: int
) -> None:
    options = {"shape": (12, 10, 4), **GEOMETRIES[geometry]}
    options["shape"] = (*options["shape"], n_t) if n_t else options["shape"]
    write(tmp_path / name, dtype=dtype, **options)
    cine = load_cine(tmp_path / name)
    save_mask(tmp_path / "mask.nii.gz", bright(cine), cine)
    assert_same_place(tmp_path / name, tmp_path / "mask.nii.gz")


@pytest.mark.parametrize("geometry", list(GEOMETRIES))
def test_the_header_changes_in_type_and_scaling_alone(tmp_path: Path, write: Write, geometry: str) -> None:
    fields = {"descrip": b"made by hand", "cal_max": 180.0, "cal_min": 3.0, "toffset": 4.0}
    write(tmp_path / "a.nii.gz", **{**GEOMETRIES[geometry], **fields})
    cine = load_cine(tmp_path / "a.nii.gz")
    save_mask(tmp_path / "m.nii.gz", bright(cine), cine)
    before, after = nib.load(tmp_path / "a.nii.gz"), nib.load(tmp_path / "m.nii.gz")
    for name in (*UNCHANGED, *UNCHANGED_TOO, "dim"):
        np.testing.assert_array_equal(before.header[name], after.header[name], err_msg=name)
    np.testing.assert_array_equal(before.affine, after.affine)
    assert after.get_data_dtype() == np.uint8
    assert (after.dataobj.slope, after.dataobj.inter) == (1, 0)
    assert float(after.header["cal_max"]) == float(after.header["cal_min"]) == 0


def test_a_scaled_scan_gives_an_unscaled_mask(tmp_path: Path, write: Write) -> None:
    values = np.random.default_rng(0).random((12, 10, 4)) * 200
    image = nib.Nifti1Image(values, np.eye(4))
    image.set_data_dtype(np.int16)  # nibabel now chooses a slope and an intercept
    nib.save(image, tmp_path / "a.nii.gz")
    cine = load_cine(tmp_path / "a.nii.gz")
    save_mask(tmp_path / "m.nii.gz", bright(cine), cine)
    assert_same_place(tmp_path / "a.nii.gz", tmp_path / "m.nii.gz")


def test_extensions_nifti_2_byte_order_and_a_fifth_axis_survive(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.nii.gz", (12, 10, 4, 3, 1), nifti=nib.Nifti2Image)
    image = nib.load(tmp_path / "a.nii.gz")
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"kept"))
    nib.save(image, tmp_path / "b.nii.gz")
    cine = load_cine(tmp_path / "b.nii.gz")
    save_mask(tmp_path / "m.nii.gz", bright(cine), cine)
    after = nib.load(tmp_path / "m.nii.gz")
    assert isinstance(after, nib.Nifti2Image)
    assert after.shape == (12, 10, 4, 3, 1)
    assert len(after.header.extensions) == 1
    np.testing.assert_array_equal(load_mask(tmp_path / "m.nii.gz", cine), bright(cine))


@pytest.mark.parametrize(
    ("frames", "shape"), [([1], (12, 10, 4)), ([2, 0], (12, 10, 4, 2)), ([0, 1, 2], (12, 10, 4, 3))]
)
def test_chosen_frames_make_a_3d_or_a_shorter_4d_file(
    tmp_path: Path, scan: Path, frames: list[int], shape: tuple[int, ...]
) -> None:
    cine = load_cine(scan)
    save_mask(tmp_path / "m.nii.gz", bright(cine), cine, frames)
    after = nib.load(tmp_path / "m.nii.gz")
    assert after.shape == shape
    np.testing.assert_array_equal(after.affine, nib.load(scan).affine)
    values = np.asarray(after.dataobj).reshape(12, 10, 4, len(frames))
    for i, t in enumerate(frames):
        np.testing.assert_array_equal(values[..., i].transpose(2, 1, 0), bright(cine)[t])


@pytest.mark.parametrize("frames", [[], [3], [-1], [0, 9]])
def test_frames_that_do_not_exist_are_refused(tmp_path: Path, scan: Path, frames: list[int]) -> None:
    cine = load_cine(scan)
    with pytest.raises(ScanError, match="choose some from 0 to 2"):
        save_mask(tmp_path / "m.nii.gz", bright(cine), cine, frames)
    assert not (tmp_path / "m.nii.gz").exists()


def test_saving_does_not_change_the_scan_and_repeats_to_the_byte(tmp_path: Path, scan: Path) -> None:
    cine = load_cine(scan)
    before = bytes(cine.header.binaryblock)
    save_mask(tmp_path / "m.nii.gz", bright(cine), cine)
    first = (tmp_path / "m.nii.gz").read_bytes()
    save_scribbles(tmp_path / "s.nii.gz", bright(cine), cine)
    save_mask(tmp_path / "m.nii.gz", bright(cine), cine)
    assert bytes(cine.header.binaryblock) == before
    assert (tmp_path / "m.nii.gz").read_bytes() == first


@pytest.mark.parametrize("preset", ["acdc", "layer"])
def test_scribbles_come_back_as_they_were_drawn(tmp_path: Path, scan: Path, preset: str) -> None:
    cine = load_cine(scan)
    labels = np.zeros(cine.shape, np.uint8)
    labels[1, 2, 3, :5] = range(5)
    save_scribbles(tmp_path / "s.nii.gz", labels, cine, preset)
    np.testing.assert_array_equal(load_labels(tmp_path / "s.nii.gz", cine, preset), labels)


def test_scribbles_carry_no_text_of_the_source(tmp_path: Path, write: Write) -> None:
    texts = dict.fromkeys(("descrip", "aux_file", "db_name", "intent_name", "data_type"), b"Jane Doe")
    write(tmp_path / "a.nii", (12, 10, 4, 2), **texts)
    image = nib.load(tmp_path / "a.nii")
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"Jane Doe"))
    nib.save(image, tmp_path / "b.nii")
    assert (tmp_path / "b.nii").read_bytes().count(b"Jane Doe") > 3
    cine = load_cine(tmp_path / "b.nii")
    save_scribbles(tmp_path / "s.nii", np.zeros(cine.shape, np.uint8), cine)
    assert b"Jane" not in (tmp_path / "s.nii").read_bytes()


@pytest.mark.parametrize(
    ("axes", "spacing", "frame_ms"),
    [((2, 1, 0), (8.0, 1.5, 1.25), 30.0), ((0, 2, 1), (9.0, 1.0, 2.0), None), ((2, 1, 0), (1.0, 1.0, 1.0), None)],
)
def test_a_cine_without_a_header_gets_its_spacing_and_frame_time(
    tmp_path: Path, axes: Any, spacing: Any, frame_ms: float | None
) -> None:
    data = np.random.default_rng(0).random((2, 3, 5, 6)).astype(np.float32)
    cine = Cine("made", data, spacing, frame_ms, axes=axes)
    save_mask(tmp_path / "m.nii.gz", (data > 0.5).astype(np.uint8), cine)
    back = load_cine(tmp_path / "m.nii.gz")
    image = sitk.ReadImage(str(tmp_path / "m.nii.gz"))
    assert dict(zip(axes, spacing, strict=True)) == pytest.approx(dict(enumerate(image.GetSpacing()[:3])))
    assert back.frame_ms == frame_ms
    found = dataclasses.replace(cine, header=back.header)
    np.testing.assert_array_equal(load_mask(tmp_path / "m.nii.gz", found), data > 0.5)


def test_a_cine_without_a_header_keeps_a_sheared_or_rotated_affine(tmp_path: Path) -> None:
    data = np.random.default_rng(0).random((1, 3, 5, 6)).astype(np.float32)
    affine = np.array([[1.2, 0.3, 0.0, 5.0], [0.0, 1.5, 0.1, 6.0], [0.2, 0.0, 8.0, 7.0], [0, 0, 0, 1]])
    spacing = np.linalg.norm(affine[:3, :3], axis=0)[::-1]
    cine = Cine("made", data, tuple(spacing), affine=affine, ndim=3)
    save_mask(tmp_path / "m.nii", (data > 0.5).astype(np.uint8), cine)
    np.testing.assert_allclose(nib.load(tmp_path / "m.nii").affine, affine, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.permutations([3, 7, 8]),
    thick=st.integers(0, 2),
    n_t=st.integers(0, 3),
    flips=st.tuples(*[st.sampled_from([-1, 1])] * 3),
    degrees=st.tuples(*[st.floats(-180, 180)] * 3),
    seed=st.integers(0, 2**16),
)
def test_any_mask_on_any_grid_comes_back_as_it_went(
    lengths: list[int], thick: int, n_t: int, flips: Any, degrees: Any, seed: int
) -> None:
    from nibabel.eulerangles import euler2mat

    zooms = np.full(3, 1.4)
    zooms[thick] = 8.0
    shape = (*lengths, n_t) if n_t else tuple(lengths)
    affine = np.eye(4)
    affine[:3, :3] = euler2mat(*np.radians(degrees)) @ np.diag(zooms * flips)
    rng = np.random.default_rng(seed)
    with TemporaryDirectory() as folder:
        nib.save(nib.Nifti1Image(rng.random(shape).astype(np.float32), affine), Path(folder) / "a.nii")
        cine = load_cine(Path(folder) / "a.nii")
        mask = rng.integers(0, 4, cine.shape).astype(np.uint8)
        save_mask(Path(folder) / "m.nii", mask, cine)
        np.testing.assert_array_equal(load_mask(Path(folder) / "m.nii", cine), mask)
        after = nib.load(Path(folder) / "m.nii")
        assert after.shape == shape
        np.testing.assert_array_equal(after.affine, cine.affine)


# --- bad targets -----------------------------------------------------------------------------------------------------


def test_a_mask_of_another_shape_or_code_is_refused(tmp_path: Path, scan: Path) -> None:
    cine = load_cine(scan)
    with pytest.raises(ScanError, match="another shape|cannot be written for a scan of"):
        save_mask(tmp_path / "m.nii", bright(cine)[:1], cine)
    with pytest.raises(ScanError, match="from 0 to 3"):
        save_mask(tmp_path / "m.nii", bright(cine) + 1, cine)
    with pytest.raises(ScanError, match="from 0 to 4"):
        save_scribbles(tmp_path / "m.nii", bright(cine) + 2, cine)
    with pytest.raises(ScanError, match="whole numbers"):
        save_mask(tmp_path / "m.nii", bright(cine).astype(np.float32), cine)
    assert sorted(os.listdir(tmp_path)) == ["scan.nii.gz"]


def test_a_target_that_is_no_nifti_name_is_refused(tmp_path: Path, scan: Path) -> None:
    cine = load_cine(scan)
    with pytest.raises(ScanError, match=r"end in .nii or .nii.gz"):
        save_mask(tmp_path / "m.png", bright(cine), cine)


def test_a_missing_target_folder_is_named(tmp_path: Path, scan: Path) -> None:
    cine = load_cine(scan)
    with pytest.raises(ScanError, match="folder does not exist"):
        save_mask(tmp_path / "no" / "m.nii.gz", bright(cine), cine)


def test_a_target_that_is_a_folder_is_refused(tmp_path: Path, scan: Path) -> None:
    cine = load_cine(scan)
    (tmp_path / "m.nii").mkdir()
    with pytest.raises(ScanError, match="was not written"):
        save_mask(tmp_path / "m.nii", bright(cine), cine)
    assert sorted(os.listdir(tmp_path)) == ["m.nii", "scan.nii.gz"]


@pytest.mark.parametrize(
    ("number", "match"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "may write"), (errno.EROFS, "may write")]
)
def test_a_full_or_forbidden_target_leaves_everything_as_it_was(
    tmp_path: Path, scan: Path, monkeypatch: pytest.MonkeyPatch, number: int, match: str
) -> None:
    cine = load_cine(scan)
    target = tmp_path / "m.nii.gz"
    save_mask(target, bright(cine), cine)
    before = target.read_bytes()

    def fail(_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ScanError, match=match):
        save_mask(target, np.zeros_like(bright(cine)), cine)
    assert target.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["m.nii.gz", "scan.nii.gz"]


@pytest.mark.parametrize("name", ["m.nii", "m.nii.gz"])
def test_a_disk_that_really_fills_up_leaves_everything_as_it_was(tmp_path: Path, scan: Path, name: str) -> None:
    resource = pytest.importorskip("resource", reason="file size limits are a POSIX matter")
    cine = load_cine(scan)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400, hard))
    try:
        with pytest.raises(ScanError, match="disk is full"):
            save_mask(tmp_path / name, bright(cine), cine)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == ["scan.nii.gz"]


# --- the real thing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["patient001/patient001_frame01.nii.gz", "patient090/patient090_4d.nii.gz", "patient045/patient045_frame01.nii.gz"],
)
def test_acdc_headers_survive_to_the_byte_that_matters(tmp_path: Path, acdc_dir: Path, name: str) -> None:
    cine = load_cine(acdc_dir / name)
    mask = (np.asarray(cine.data) > np.median(np.asarray(cine.data[0]))).astype(np.uint8)
    save_mask(tmp_path / "m.nii.gz", mask, cine)
    before, after = nib.load(acdc_dir / name), nib.load(tmp_path / "m.nii.gz")
    for field in (*UNCHANGED, *UNCHANGED_TOO, "dim"):
        np.testing.assert_array_equal(before.header[field], after.header[field], err_msg=field)
    scan, found = sitk.ReadImage(str(acdc_dir / name)), sitk.ReadImage(str(tmp_path / "m.nii.gz"))
    np.testing.assert_array_equal(corners(found), corners(scan))
    values = sitk.GetArrayFromImage(found)
    np.testing.assert_array_equal(values if cine.ndim == 4 else values[None], mask)
    assert cine.frame_ms is None
    assert cine.spacing_mm == pytest.approx(tuple(float(z) for z in before.header.get_zooms()[2::-1]))
    assert cine.spacing_mm[0] >= 5
