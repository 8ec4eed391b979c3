"""Files that are no scan get one clear sentence each."""

from __future__ import annotations

import gzip
import os
import struct
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.io import ScanError, nifti
from napari_scribbleseg.io.nifti import load_cine

Write = Callable[..., np.ndarray]


def refuses(path: Path, match: str) -> None:
    with pytest.raises(ScanError, match=match) as caught:
        load_cine(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert sentence.startswith(path.name)
    assert str(path.parent) not in sentence


def test_a_missing_file(tmp_path: Path) -> None:
    refuses(tmp_path / "no.nii.gz", "does not exist")


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder.nii").mkdir()
    refuses(tmp_path / "folder.nii", "is a folder")


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    refuses(tmp_path / "a.png", "is not a NIfTI file")


@pytest.mark.parametrize("content", [b"hello", b"\0" * 1000])
def test_a_file_that_only_claims_to_be_a_nifti(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.nii").write_bytes(content)
    refuses(tmp_path / "a.nii", "is not a NIfTI file")
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(content))
    refuses(tmp_path / "b.nii.gz", "is not a NIfTI file")


def test_a_file_of_zero_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").touch()
    refuses(tmp_path / "a.nii.gz", "is empty")


def test_a_file_whose_name_lies_about_compression(scan: Path, tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(scan.read_bytes())
    refuses(tmp_path / "a.nii", "compressed, unlike its name")
    (tmp_path / "b.nii.gz").write_bytes(gzip.decompress(scan.read_bytes()))
    refuses(tmp_path / "b.nii.gz", "not compressed, unlike its name")


@pytest.mark.parametrize("share", [0.01, 0.3, 0.99])
@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii"])
@pytest.mark.parametrize("lazy", [False, True])
def test_a_file_that_is_cut_short(
    tmp_path: Path, scan: Path, monkeypatch: pytest.MonkeyPatch, share: float, name: str, lazy: bool
) -> None:
    if lazy:
        monkeypatch.setattr(nifti, "LAZY_ABOVE_BYTES", 10)
    whole = scan.read_bytes() if name.endswith("gz") else gzip.decompress(scan.read_bytes())
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
    refuses(tmp_path / name, "cut short|is not a NIfTI file|damaged")


def test_a_damaged_byte_inside_the_compressed_stream(scan: Path) -> None:
    content = bytearray(scan.read_bytes())
    content[len(content) // 2] ^= 0xFF
    scan.write_bytes(bytes(content))
    refuses(scan, "cut short or damaged")


def test_a_large_gz_of_several_members_is_read(tmp_path: Path, scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nifti, "LAZY_ABOVE_BYTES", 10)
    plain = gzip.decompress(scan.read_bytes())
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(plain[:1000]) + gzip.compress(plain[1000:]))
    np.testing.assert_array_equal(load_cine(tmp_path / "b.nii.gz").volume(2), load_cine(scan).volume(2))


def test_a_lazy_file_that_vanishes_is_named(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nifti, "LAZY_ABOVE_BYTES", 10)
    write(tmp_path / "a.nii", (12, 10, 4, 3))
    cine = load_cine(tmp_path / "a.nii")
    (tmp_path / "a.nii").unlink()
    with pytest.raises(ScanError, match="a.nii does not exist"):
        cine.volume(2)


@pytest.mark.parametrize("shape", [(6, 5), (6,)])
def test_fewer_than_three_axes(tmp_path: Path, shape: tuple[int, ...]) -> None:
    nib.save(nib.Nifti1Image(np.arange(np.prod(shape), dtype=np.int16).reshape(shape), np.eye(4)), tmp_path / "a.nii")
    refuses(tmp_path / "a.nii", "3D stack or a 4D cine is needed")


def test_five_axes(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.nii", (6, 5, 3, 2, 2))
    refuses(tmp_path / "a.nii", r"is 5D with shape \(6, 5, 3, 2, 2\)")


def test_no_voxels(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(np.zeros((6, 5, 0), np.int16), np.eye(4)), tmp_path / "a.nii")
    refuses(tmp_path / "a.nii", "holds no voxels")


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(("value", "match"), [(np.nan, "only NaN"), (np.inf, "only NaN"), (7.0, "value 7 everywhere")])
def test_nothing_to_see(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, value: float, match: str, lazy: bool
) -> None:
    if lazy:
        monkeypatch.setattr(nifti, "LAZY_ABOVE_BYTES", 10)
    write(tmp_path / "a.nii", (6, 5, 3, 2), values=np.full((6, 5, 3, 2), value, np.float32))
    refuses(tmp_path / "a.nii", match)


def test_complex_and_colour_values(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(np.ones((6, 5, 3), np.complex64), np.eye(4)), tmp_path / "a.nii")
    refuses(tmp_path / "a.nii", "complex")
    rgb = np.zeros((6, 5, 3), np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))
    nib.save(nib.Nifti1Image(rgb, np.eye(4)), tmp_path / "b.nii")
    refuses(tmp_path / "b.nii", "colours")


def test_a_voxel_size_that_is_no_number(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    struct.pack_into("<f", content, 80, float("nan"))
    (tmp_path / "a.nii").write_bytes(bytes(content))
    refuses(tmp_path / "a.nii", "voxel size of nan")


def test_a_header_that_promises_more_than_any_memory_holds(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    struct.pack_into("<8h", content, 40, 4, 32000, 32000, 32000, 1000, 1, 1, 1)
    (tmp_path / "a.nii").write_bytes(bytes(content))
    refuses(tmp_path / "a.nii", "cut short")
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(bytes(content)))
    refuses(tmp_path / "b.nii.gz", "cut short")


def test_half_of_a_header_and_image_pair(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[344:348] = b"ni1\0"
    (tmp_path / "a.nii").write_bytes(bytes(content))
    refuses(tmp_path / "a.nii", "pair")


def test_an_unknown_data_type(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    struct.pack_into("<h", content, 70, 9999)
    (tmp_path / "a.nii").write_bytes(bytes(content))
    refuses(tmp_path / "a.nii", "damaged")


def test_a_file_that_may_not_be_read(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(scan))

    monkeypatch.setattr(Path, "open", forbidden)
    refuses(scan, "may not be read")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission(scan: Path) -> None:
    scan.chmod(0)
    refuses(scan, "may not be read")
