from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_scribbleseg.io import ScanError, load_cine, load_labels, load_mask
from napari_scribbleseg.io.acdc import AcdcInfo, is_whole_cine_of_acdc, list_frames, parse_patients, read_info

Write = Callable[..., np.ndarray]


@pytest.fixture
def acdc(tmp_path: Path) -> Path:
    """Two patients in ACDC's layout; the second has no masks and no Info.cfg."""
    for number, frames in ((1, (1, 12)), (81, (1, 9))):
        folder = tmp_path / "training" / f"patient{number:03d}"
        folder.mkdir(parents=True)
        for frame in frames:
            (folder / f"patient{number:03d}_frame{frame:02d}.nii.gz").touch()
            (folder / f"patient{number:03d}_frame{frame:02d}_scribble.nii.gz").touch()
        (folder / f"patient{number:03d}_4d.nii.gz").touch()
    (tmp_path / "training" / "patient001" / "patient001_frame01_gt.nii.gz").touch()
    info = "ED: 1\nES: 12\nGroup: DCM\nHeight: 184.0\nNbFrame: 30\nWeight: 95.0\n"
    (tmp_path / "training" / "patient001" / "Info.cfg").write_text(info)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3", (3,)),
        ("1-5,8,10-12", (1, 2, 3, 4, 5, 8, 10, 11, 12)),
        (" 2 , 1 - 3 ", (1, 2, 3)),
        ("001-002", (1, 2)),
    ],
)
def test_ranges_of_patients_are_read(text: str, numbers: tuple[int, ...]) -> None:
    assert parse_patients(text) == numbers


@pytest.mark.parametrize("text", ["", "a", "5-1", "1-", "0", "1,,2", "1-2-3", "1;2", "-3", "1-999999999"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ScanError, match="1-5,8,10-12"):
        parse_patients(text)


def test_frames_come_with_what_lies_beside_them(acdc: Path) -> None:
    frames = list_frames(acdc)
    assert [frame.case for frame in frames] == [
        "patient001_frame01",
        "patient001_frame12",
        "patient081_frame01",
        "patient081_frame09",
    ]
    assert [frame.truth is not None for frame in frames] == [True, False, False, False]
    assert all(frame.scribbles is not None for frame in frames)
    assert frames[0].info == AcdcInfo(ed=1, es=12, group="DCM", height_cm=184.0, weight_kg=95.0, n_frames=30)
    assert frames[2].info == AcdcInfo()
    assert (frames[3].patient, frames[3].frame) == (81, 9)


def test_only_the_wanted_patients_are_listed(acdc: Path) -> None:
    assert {frame.patient for frame in list_frames(acdc, [81])} == {81}
    assert {frame.patient for frame in list_frames(acdc / "training" / "patient001")} == {1}


def test_a_patient_who_is_not_there_is_named(acdc: Path) -> None:
    with pytest.raises(ScanError, match="holds no patient 2, 3;"):
        list_frames(acdc, [1, 2, 3])


def test_a_folder_without_patients_or_none_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="holds no ACDC patient"):
        list_frames(tmp_path)
    with pytest.raises(ScanError, match="is not a folder"):
        list_frames(tmp_path / "no")


def test_odd_lines_in_an_info_file_leave_none(tmp_path: Path) -> None:
    (tmp_path / "Info.cfg").write_text("ED: one\nES: 7\nhello\nHeight: \nWeight: 80,5\nNbFrame: 12.5\n")
    assert read_info(tmp_path / "Info.cfg") == AcdcInfo(es=7)


def test_only_a_cine_beside_labelled_phases_is_one_that_repeats_them(acdc: Path) -> None:
    folder = acdc / "training" / "patient001"
    assert is_whole_cine_of_acdc(folder / "patient001_4d.nii.gz")
    assert not is_whole_cine_of_acdc(folder / "patient001_frame01.nii.gz")
    for path in folder.glob("*frame*"):
        path.unlink()
    assert not is_whole_cine_of_acdc(folder / "patient001_4d.nii.gz")


def test_real_acdc_frames_have_scribbles_and_masks_that_agree(acdc_dir: Path) -> None:
    frames = list_frames(acdc_dir, parse_patients("1,90"))
    assert len(frames) == 4
    for frame in frames:
        cine = load_cine(frame.scan, frame.case)
        assert frame.scribbles is not None
        strokes = load_labels(frame.scribbles, cine, "acdc")
        assert 0 < np.mean(strokes > 0) < 0.05
        assert cine.spacing_mm[0] >= 5
        if frame.truth is not None:
            truth = load_mask(frame.truth, cine)
            drawn = (strokes > 0) & (strokes < 4)
            assert np.mean(truth[drawn] == strokes[drawn]) > 0.99
    assert frames[0].info.group == "DCM"
    assert [frame.truth is None for frame in frames] == [False, False, True, True]


def test_real_acdc_is_complete(acdc_dir: Path) -> None:
    frames = list_frames(acdc_dir)
    assert len(frames) == 200
    assert sum(frame.truth is not None for frame in frames) == 160
    assert all(frame.scribbles is not None and frame.frame in (frame.info.ed, frame.info.es) for frame in frames)
