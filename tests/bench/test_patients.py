from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.patients import Patient, fold_of, read_patients
from tests.bench.conftest import N_SLICES, SIDE, write_nifti, write_patient
from tests.synthetic import make_strokes, make_truth


def test_folds_are_blocks_of_twenty() -> None:
    assert [fold_of(n) for n in (1, 20, 21, 60, 61, 80, 81, 100)] == [1, 1, 2, 3, 4, 4, 5, 5]


@pytest.mark.parametrize("number", [0, 101])
def test_other_numbers_belong_to_no_fold(number: int) -> None:
    with pytest.raises(BenchError, match="belongs to no fold"):
        fold_of(number)


def test_both_phases_become_one_scan_with_its_true_spacing(patients: list[Patient]) -> None:
    first = patients[0]
    assert (first.number, first.fold, first.group, first.case) == (1, 1, "DCM", "patient001")
    assert first.phases == ("ED", "ES")
    assert first.cine.shape == first.scribbles.shape == (2, N_SLICES, SIDE, SIDE)
    assert first.cine.spacing_mm == (8.0, 1.5, 1.5)
    assert np.array_equal(first.scribbles[1, 2], make_strokes(SIDE))
    assert first.truth is not None
    assert np.array_equal(first.truth, make_truth(2, N_SLICES, SIDE))


def test_patients_come_by_number_and_without_masks_where_none_are(patients: list[Patient]) -> None:
    assert [p.number for p in patients] == [1, 10, 21, 30, 85]
    assert [p.truth is None for p in patients] == [False, False, False, False, True]


def test_only_the_wanted_patients_are_read(acdc: Path) -> None:
    assert [p.number for p in read_patients(acdc, (30, 1, 1))] == [1, 30]


def test_the_phase_is_taken_from_info_and_not_from_the_order_of_files(tmp_path: Path) -> None:
    own = write_patient(tmp_path, 3)
    first, second = read_patients(tmp_path)[0].cine.data[:]
    (own / "Info.cfg").write_text("ED: 8\nES: 1\nGroup: DCM\n")
    swapped = read_patients(tmp_path)[0].cine.data
    assert np.array_equal(swapped[0], second)
    assert np.array_equal(swapped[1], first)
    assert not np.array_equal(first, second)


def test_patients_beyond_the_hundred_are_left_out(tmp_path: Path) -> None:
    for number in (100, 101):
        write_patient(tmp_path, number)
    assert [p.number for p in read_patients(tmp_path)] == [100]


def test_a_patient_who_is_not_there_is_named(acdc: Path) -> None:
    with pytest.raises(BenchError, match="no patient 2;"):
        read_patients(acdc, (1, 2))


def test_an_info_file_without_phases_is_refused(tmp_path: Path) -> None:
    (write_patient(tmp_path, 3) / "Info.cfg").write_text("Group: DCM\n")
    with pytest.raises(BenchError, match="patient003/Info.cfg does not say"):
        read_patients(tmp_path)


def test_a_missing_phase_is_named(tmp_path: Path) -> None:
    (write_patient(tmp_path, 3) / "patient003_frame08.nii.gz").unlink()
    with pytest.raises(BenchError, match="no frame 8, which its Info.cfg calls ES"):
        read_patients(tmp_path)


def test_missing_scribbles_are_named(tmp_path: Path) -> None:
    (write_patient(tmp_path, 3) / "patient003_frame01_scribble.nii.gz").unlink()
    with pytest.raises(BenchError, match="patient003 has no scribbles at ED"):
        read_patients(tmp_path)


def test_phases_on_two_grids_are_refused(tmp_path: Path) -> None:
    own = write_patient(tmp_path, 3)
    volume = np.random.default_rng(0).integers(0, 100, (N_SLICES, SIDE, SIDE)).astype(np.int16)
    write_nifti(own / "patient003_frame08.nii.gz", volume, (1.4, 1.4, 8.0))
    with pytest.raises(BenchError, match="another grid at ED"):
        read_patients(tmp_path)


def test_a_folder_without_patients_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="holds no ACDC patient"):
        read_patients(tmp_path)


def test_a_machine_without_nibabel_is_told_what_to_bring(acdc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("napari_scribbleseg.io")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nibabel", None)
    for name in [n for n in sys.modules if n.startswith("nibabel.")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(BenchError, match="need nibabel"):
        read_patients(acdc)


def test_real_patients_have_truth_that_agrees_with_their_scribbles(acdc_dir: Path) -> None:
    one, ninety = read_patients(acdc_dir, (1, 90))
    assert (one.group, ninety.group, ninety.fold) == ("DCM", "RV", 5)
    assert one.truth is not None
    assert ninety.truth is None
    drawn = (one.scribbles > 0) & (one.scribbles < 4)
    assert np.mean(one.truth[drawn] == one.scribbles[drawn]) > 0.99
    cavities = [(one.truth[t] == 3).sum() for t in range(2)]
    assert cavities[0] > cavities[1], "the left ventricle is larger at end-diastole"
    assert one.cine.spacing_mm[0] >= 5
