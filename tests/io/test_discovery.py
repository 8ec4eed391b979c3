from __future__ import annotations

from pathlib import Path

import pytest

from napari_scribbleseg.io import ScanError, find_scans


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folder_gives_its_scans_and_no_labels_or_hidden_files(tmp_path: Path) -> None:
    touch(tmp_path, "a.nii.gz", "sub/b.nii", "sub/C.NII.GZ", "sub/deep/d.h5", "notes.txt", "e.nii.gz.part")
    touch(tmp_path, "a_seg.nii.gz", "a_gt.nii.gz", "b_mask.nii", "b_scribble.nii.gz", "b_scribbles.nii", ".f.nii.gz")
    touch(tmp_path, ".cache/g.nii")
    names = [path.relative_to(tmp_path).as_posix() for path in find_scans([tmp_path])]
    assert sorted(names) == ["a.nii.gz", "sub/C.NII.GZ", "sub/b.nii", "sub/deep/d.h5"]


def test_the_acdc_layout_gives_labelled_phases_without_the_cine_that_repeats_them(tmp_path: Path) -> None:
    touch(tmp_path, *(f"patient001/patient001_{x}.nii.gz" for x in ("frame01", "frame12", "frame01_gt", "4d")))
    touch(tmp_path, "patient002/patient002_4d.nii.gz", "patient001/Info.cfg")
    names = [path.name for path in find_scans([tmp_path])]
    assert names == ["patient001_frame01.nii.gz", "patient001_frame12.nii.gz", "patient002_4d.nii.gz"]


def test_a_hidden_folder_above_the_searched_one_does_not_matter(tmp_path: Path) -> None:
    touch(tmp_path, ".data/a.nii")
    assert [path.name for path in find_scans([tmp_path / ".data"])] == ["a.nii"]


def test_a_named_file_is_taken_whatever_its_role_and_only_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.nii.gz", "b_mask.nii.gz")
    found = find_scans([tmp_path / "b_mask.nii.gz", tmp_path, str(tmp_path / "a.nii.gz")])
    assert [path.name for path in found] == ["b_mask.nii.gz", "a.nii.gz"]


@pytest.mark.parametrize(
    ("name", "match"), [("no.nii", "does not exist"), ("a.txt", "choose a .nii"), ("empty", "no scan")]
)
def test_what_is_no_scan_is_refused(tmp_path: Path, name: str, match: str) -> None:
    touch(tmp_path, "a.txt", "empty/notes.txt")
    with pytest.raises(ScanError, match=f"^{name}.*{match}"):
        find_scans([tmp_path / name])


def test_two_scans_whose_masks_would_share_a_name_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "x/a.nii.gz", "y/a.nii")
    with pytest.raises(ScanError, match=r"a\.nii\.gz and .*a\.nii would get masks of the same name"):
        find_scans([tmp_path])
