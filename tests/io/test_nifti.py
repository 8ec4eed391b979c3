from __future__ import annotations

import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.io import ScanError, fingerprint, load_labels, load_mask, nifti
from napari_scribbleseg.io.lazy import LazyPhases
from napari_scribbleseg.io.nifti import load_cine

Write = Callable[..., np.ndarray]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("shape", [(12, 10, 4), (12, 10, 4, 3)])
def test_values_come_as_t_z_y_x_in_their_own_type(
    tmp_path: Path, write: Write, dtype: Any, name: str, shape: tuple[int, ...]
) -> None:
    values = write(tmp_path / name, shape, dtype=dtype)
    cine = load_cine(tmp_path / name)
    assert cine.data.dtype == dtype
    assert cine.shape == ((3 if len(shape) == 4 else 1), 4, 10, 12)
    assert cine.ndim == len(shape)
    assert cine.volume(0)[2, 7, 5] == (values[5, 7, 2, 0] if len(shape) == 4 else values[5, 7, 2])
    assert cine.spacing_mm == (8.0, 1.5, 1.5)


def test_spacing_comes_from_the_zooms_where_the_affine_leaves_it_out(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), None)
    image.header.set_sform(np.diag([-1.0, -1.0, 1.0, 1.0]), code=2)
    image.header.set_zooms((1.25, 1.5, 9.0))
    nib.save(image, tmp_path / "acdc.nii")
    cine = load_cine(tmp_path / "acdc.nii")
    assert cine.spacing_mm == (9.0, 1.5, 1.25)
    np.testing.assert_array_equal(cine.affine, np.diag([-1.0, -1.0, 1.0, 1.0]))


@pytest.mark.parametrize(
    ("shape", "zooms", "axes"),
    [
        ((12, 10, 4), (1.5, 1.5, 8.0), (2, 1, 0)),
        ((4, 12, 10), (8.0, 1.5, 1.5), (0, 2, 1)),
        ((12, 4, 10), (1.5, 8.0, 1.5), (1, 2, 0)),
        ((12, 10, 4), (8.0, 1.5, 1.5), (2, 1, 0)),  # thick, but not the shortest
        ((4, 12, 10), (8.0, 1.5, 2.5), (2, 1, 0)),  # in-plane zooms differ
        ((4, 12, 10), (2.0, 1.5, 1.5), (2, 1, 0)),  # not clearly thicker
        ((4, 4, 4), (8.0, 1.5, 1.5), (2, 1, 0)),
    ],
)
def test_the_stack_runs_along_the_third_axis_unless_another_is_clearly_it(
    tmp_path: Path, write: Write, shape: tuple[int, ...], zooms: Any, axes: tuple[int, ...]
) -> None:
    values = write(tmp_path / "a.nii", (*shape, 2), zooms)
    cine = load_cine(tmp_path / "a.nii")
    assert cine.axes == axes
    assert cine.spacing_mm == tuple(zooms[axis] for axis in axes)
    np.testing.assert_array_equal(cine.data[1], values[..., 1].transpose(axes))


@pytest.mark.parametrize("wide", [False, True])
def test_scaling_is_honoured(tmp_path: Path, wide: bool) -> None:
    raw = np.arange(60, dtype=np.int32 if wide else np.int16).reshape(5, 4, 3)
    image = nib.Nifti1Image(raw, np.eye(4))
    image.header.set_slope_inter(0.5, 10)
    path = tmp_path / "a.nii"
    nib.save(image, path)
    # nibabel divides on writing; put the raw integers back so that the header's scaling is what counts
    header = bytearray(path.read_bytes())
    header[352:] = raw.tobytes(order="F")
    struct.pack_into("<ff", header, 112, 0.5, 10.0)
    path.write_bytes(bytes(header))
    cine = load_cine(path)
    assert cine.data.dtype == np.float32
    np.testing.assert_array_equal(cine.data[0], (raw * 0.5 + 10).transpose(2, 1, 0))


def test_big_endian_files_come_in_the_machines_own_order(tmp_path: Path) -> None:
    values = np.arange(60, dtype=">i2").reshape(5, 4, 3)
    nib.save(nib.Nifti1Image(values, np.eye(4), header=nib.Nifti1Header(endianness=">")), tmp_path / "a.nii")
    assert (tmp_path / "a.nii").read_bytes()[:4] == struct.pack(">i", 348)
    cine = load_cine(tmp_path / "a.nii")
    assert cine.data.dtype.isnative
    np.testing.assert_array_equal(cine.data[0], values.transpose(2, 1, 0))


@pytest.mark.parametrize(
    ("time", "unit", "expected"),
    [
        (30.0, "msec", 30.0),
        (0.03, "sec", 30.0),
        (30_000.0, "usec", 30.0),
        (1.0, "sec", None),
        (1.0, "msec", None),
        (0.0, "msec", None),
        (30.0, "unknown", None),
        (30.0, "hz", None),
        (500.0, "msec", None),
    ],
)
def test_frame_time_follows_the_unit_and_dummies_are_none(
    tmp_path: Path, write: Write, time: float, unit: str, expected: float | None
) -> None:
    write(tmp_path / "a.nii", (6, 5, 3, 2), frame_time=(time, unit))
    assert load_cine(tmp_path / "a.nii").frame_ms == (None if expected is None else pytest.approx(expected, abs=1e-3))


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1e-3), ("micron", 1e3), ("unknown", 1.0), ("meter", 1.0)])
def test_spacing_is_in_mm_whatever_the_unit(tmp_path: Path, unit: str, factor: float) -> None:
    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), None)
    image.header.set_zooms((1.5 * factor, 1.5 * factor, 8.0 * factor))
    image.header.set_xyzt_units(unit)
    nib.save(image, tmp_path / "a.nii")
    assert load_cine(tmp_path / "a.nii").spacing_mm == pytest.approx((8.0, 1.5, 1.5))


@pytest.mark.parametrize("shape", [(6, 5, 3, 2, 1), (6, 5, 3, 1, 1), (6, 5, 3, 2, 1, 1)])
def test_a_trailing_fifth_axis_of_one_is_dropped(tmp_path: Path, write: Write, shape: tuple[int, ...]) -> None:
    values = write(tmp_path / "a.nii", shape)
    cine = load_cine(tmp_path / "a.nii")
    assert cine.shape == (shape[3], 3, 5, 6)
    np.testing.assert_array_equal(cine.data[-1], values.reshape(shape[:4])[..., -1].transpose(2, 1, 0))


def test_nifti_2_is_read(tmp_path: Path, write: Write) -> None:
    values = write(tmp_path / "a.nii.gz", nifti=nib.Nifti2Image)
    np.testing.assert_array_equal(load_cine(tmp_path / "a.nii.gz").data[0], values.transpose(2, 1, 0))


def test_the_case_comes_from_the_content_and_the_title_from_the_name(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "Jane_Doe.nii.gz", (12, 10, 4, 3))
    write(tmp_path / "other.nii", (12, 10, 4, 3))
    jane, other = load_cine(tmp_path / "Jane_Doe.nii.gz"), load_cine(tmp_path / "other.nii")
    assert jane.case == other.case
    assert jane.case.startswith("scan-")
    assert len(jane.case) == 11
    assert jane.title == "Jane_Doe"
    assert load_cine(tmp_path / "other.nii", case="p1").case == "p1"


def test_the_fingerprint_changes_with_intensities_spacing_and_affine(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "a.nii"
    values = write(path)
    prints = {fingerprint(load_cine(path))}
    write(path, values=values + 1)
    prints.add(fingerprint(load_cine(path)))
    write(path, zooms=(1.5, 1.5, 8.5))
    prints.add(fingerprint(load_cine(path)))
    write(path, flips=(-1, 1, 1))
    prints.add(fingerprint(load_cine(path)))
    assert len(prints) == 4


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize(
    ("shape", "zooms"), [((12, 10, 4, 5), (1.5, 1.5, 8.0)), ((4, 12, 10, 5), (8.0, 1.5, 1.5)), ((9, 8, 4), (1, 1, 5))]
)
def test_a_large_scan_stays_on_the_disk_and_slices_like_an_array(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, name: str, shape: tuple[int, ...], zooms: Any
) -> None:
    write(tmp_path / name, shape, zooms)
    eager = load_cine(tmp_path / name)
    monkeypatch.setattr(nifti, "LAZY_ABOVE_BYTES", 10)
    lazy = load_cine(tmp_path / name)
    whole = np.asarray(eager.data)
    assert isinstance(lazy.data, LazyPhases)
    assert (lazy.shape, lazy.data.dtype, lazy.data.nbytes) == (eager.shape, whole.dtype, whole.nbytes)
    assert lazy.case == eager.case
    for item in (0, -1, np.s_[:], np.s_[::2], np.s_[0, 1], np.s_[0, 1, 2:5, ::-1], np.s_[..., 3], np.s_[1:, ..., 0, 2]):
        np.testing.assert_array_equal(lazy.data[item], whole[item])
    np.testing.assert_array_equal(lazy.data[5:2, 1], whole[5:2, 1])
    np.testing.assert_array_equal(np.asarray(lazy.data), whole)
    with pytest.raises(IndexError):
        lazy.data[7]


def test_a_lazy_scan_reads_each_phase_once_while_it_is_looked_at(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.nii", (6, 5, 3, 4))
    monkeypatch.setattr(nifti, "LAZY_ABOVE_BYTES", 10)
    data = load_cine(tmp_path / "a.nii", case="a").data
    assert isinstance(data, LazyPhases)
    reads: list[int] = []
    read = data._read
    monkeypatch.setattr(data, "_read", lambda t: (reads.append(t), read(t))[1])
    for z in range(3):
        data[2, z]
    data[1, 0]
    assert reads == [2, 1]


def test_several_threads_read_a_lazy_compressed_scan_without_mixing_it_up(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = write(tmp_path / "a.nii.gz", (16, 15, 3, 8))
    monkeypatch.setattr(nifti, "LAZY_ABOVE_BYTES", 10)
    data = load_cine(tmp_path / "a.nii.gz").data
    with ThreadPoolExecutor(4) as pool:
        for t, phase in pool.map(lambda i: (i % 8, data[i % 8]), range(80)):
            np.testing.assert_array_equal(phase, values[..., t].transpose(2, 1, 0))


def test_what_a_caller_does_to_a_slice_does_not_reach_the_cache(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.nii", (6, 5, 3, 4))
    monkeypatch.setattr(nifti, "LAZY_ABOVE_BYTES", 10)
    data = load_cine(tmp_path / "a.nii", case="a").data
    before = data[0, 0].copy()
    data[0, 0][:] = 0
    np.testing.assert_array_equal(data[0, 0], before)


def test_a_small_scan_does_not_depend_on_its_file_any_more(scan: Path) -> None:
    cine = load_cine(scan)
    scan.unlink()
    assert np.asarray(cine.data).max() > 0


def test_nan_beside_numbers_is_taken_and_read_as_zero(tmp_path: Path, write: Write) -> None:
    values = np.random.default_rng(0).random((6, 5, 3)).astype(np.float32)
    values[0, 0, 0] = np.nan
    write(tmp_path / "a.nii", (6, 5, 3), values=values)
    assert load_cine(tmp_path / "a.nii").volume(0)[0, 0, 0] == 0


# --- scribbles and masks ---------------------------------------------------------------------------------------------


def sparse(shape: tuple[int, ...], nothing: int) -> np.ndarray:
    values = np.full(shape, nothing, np.uint8)
    for code in range(5):
        values[code, 1, 1] = code
    return values


@pytest.mark.parametrize("shape", [(12, 10, 4), (12, 10, 4, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_scribbles_come_as_layer_codes(tmp_path: Path, write: Write, shape: tuple[int, ...], dtype: Any) -> None:
    write(tmp_path / "a.nii", shape)
    write(tmp_path / "s.nii", shape, values=sparse(shape, 4).astype(dtype))
    labels = load_labels(tmp_path / "s.nii", load_cine(tmp_path / "a.nii"), "acdc")
    assert labels.dtype == np.uint8
    assert labels.shape == ((3 if len(shape) == 4 else 1), 4, 10, 12)
    assert labels[0, 1, 1, :6].tolist() == [4, 1, 2, 3, 0, 0]


def test_scribbles_of_another_shape_name_both_shapes_in_file_order(tmp_path: Path, write: Write, scan: Path) -> None:
    write(tmp_path / "s.nii", values=sparse((12, 10, 4), 0))
    with pytest.raises(ScanError, match=r"s.nii has the shape \(12, 10, 4\), but the scan has \(12, 10, 4, 3\)"):
        load_labels(tmp_path / "s.nii", load_cine(scan), "layer")


@pytest.mark.parametrize(("code", "preset"), [(5, "acdc"), (77, "layer"), (2.5, "layer"), (-1, "acdc")])
def test_scribbles_out_of_range_are_refused(tmp_path: Path, write: Write, code: float, preset: str) -> None:
    write(tmp_path / "a.nii")
    values = sparse((12, 10, 4), 4 if preset == "acdc" else 0).astype(np.float32)
    values[0, 0, 0] = code
    write(tmp_path / "s.nii", values=values)
    with pytest.raises(ScanError, match=rf"^s\.nii: Scribbles hold the value {code:g}"):
        load_labels(tmp_path / "s.nii", load_cine(tmp_path / "a.nii"), preset)


def test_scribbles_of_the_other_convention_are_refused(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.nii")
    write(tmp_path / "s.nii", values=sparse((12, 10, 4), 0))
    with pytest.raises(ScanError, match="choose 'layer'"):
        load_labels(tmp_path / "s.nii", load_cine(tmp_path / "a.nii"), "acdc")


def test_codes_that_scaling_left_a_hair_off_are_rounded(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.nii")
    write(tmp_path / "m.nii", values=(np.arange(480).reshape(12, 10, 4) % 4 + 1e-5).astype(np.float32))
    mask = load_mask(tmp_path / "m.nii", load_cine(tmp_path / "a.nii"))
    assert np.unique(mask).tolist() == [0, 1, 2, 3]


def test_a_mask_is_translated_by_its_preset(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.nii")
    write(tmp_path / "m.nii", values=(np.arange(480).reshape(12, 10, 4) % 4).astype(np.uint8))
    cine = load_cine(tmp_path / "a.nii")
    acdc, ukbb = load_mask(tmp_path / "m.nii", cine), load_mask(tmp_path / "m.nii", cine, "ukbb")
    np.testing.assert_array_equal(acdc == 1, ukbb == 3)
    np.testing.assert_array_equal(acdc == 2, ukbb == 2)
