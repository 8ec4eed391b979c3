from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.patients import FOLDS, Patient, read_patients
from napari_scribbleseg.bench.splits import add_test_scans, make_split, make_store
from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.labels import BG, FOREGROUND, IGNORE, LV, RV
from napari_scribbleseg.methods import Supervision
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FrameKey

EVERYONE = range(1, 101)
MASKED = range(1, 81)
ROI = TrainSettings(resolution="roi", held_out=0.0)
PROTOCOL = TrainSettings(resolution="protocol", held_out=0.0)


@pytest.mark.parametrize("fold", FOLDS)
def test_scribbles_train_on_all_other_blocks(fold: int) -> None:
    split = make_split(fold, Supervision.SCRIBBLES, EVERYONE, MASKED)
    assert split.test == tuple(range(20 * fold - 19, 20 * fold + 1))
    assert split.train == split.labelled
    assert sorted(split.train + split.test) == list(EVERYONE)


@pytest.mark.parametrize(("fold", "count"), [(1, 60), (4, 60), (5, 80)])
def test_masks_train_only_where_there_are_some(fold: int, count: int) -> None:
    split = make_split(fold, Supervision.MASKS, EVERYONE, MASKED)
    assert len(split.train) == count
    assert split.train == split.labelled
    assert max(split.train) <= 80


@pytest.mark.parametrize(
    ("fold", "labelled"),
    [
        (1, (25, 30, 40, 45, 50, 60, 70, 80)),
        (2, (5, 10, 20, 45, 50, 60, 70, 80)),
        (3, (5, 10, 20, 25, 30, 40, 70, 80)),
        (4, (5, 10, 20, 25, 30, 40, 50, 60)),
        (5, (10, 20, 30, 40, 50, 60, 70, 80)),
    ],
)
def test_few_masks_are_those_of_eight_fixed_patients(fold: int, labelled: tuple[int, ...]) -> None:
    few = make_split(fold, Supervision.FEW_MASKS, EVERYONE, MASKED)
    mixed = make_split(fold, Supervision.FEW_MASKS_AND_IMAGES, EVERYONE, MASKED)
    assert few.train == few.labelled == mixed.labelled == labelled
    assert len(mixed.train) == 80
    assert set(mixed.train).isdisjoint(mixed.test)


def test_with_few_patients_a_tenth_is_labelled_and_at_least_one() -> None:
    split = make_split(1, Supervision.FEW_MASKS_AND_IMAGES, [1, 2, 21, 22, 23, 30, 90], [1, 21, 22, 23, 30])
    assert split.train == (21, 22, 23, 30, 90)
    assert split.labelled == (30,)
    assert split.test == (1, 2)
    assert make_split(1, Supervision.FEW_MASKS, [1, 23, 22], [22, 23]).labelled == (22,)


def test_a_fold_may_have_nobody_to_test() -> None:
    assert make_split(5, Supervision.SCRIBBLES, range(1, 81), MASKED).test == ()


def test_there_must_be_someone_to_learn_from() -> None:
    with pytest.raises(BenchError, match="no patient to train on"):
        make_split(1, Supervision.SCRIBBLES, range(1, 21), MASKED)
    with pytest.raises(BenchError, match="no patient with a mask"):
        make_split(1, Supervision.MASKS, [1, 90], MASKED)
    with pytest.raises(BenchError, match="no fold 6"):
        make_split(6, Supervision.SCRIBBLES, EVERYONE, MASKED)


def store_for(patients: list[Patient], supervision: Supervision, settings: TrainSettings = ROI) -> SampleStore:
    masked = [p.number for p in patients if p.truth is not None]
    return make_store(patients, make_split(1, supervision, [p.number for p in patients], masked), settings, supervision)


def test_scribbles_enter_slice_by_slice(patients: list[Patient]) -> None:
    store = store_for(patients, Supervision.SCRIBBLES, PROTOCOL)
    assert store.cases == ["patient021", "patient030", "patient085"]
    assert len(store.scribbled()) == 3 * 2 * 3
    labels = store.canvas_labels(FrameKey("patient021", 1, 2))
    assert set(np.unique(labels)) == {BG, *FOREGROUND, IGNORE}


def test_masks_enter_without_a_gap(patients: list[Patient]) -> None:
    store = store_for(patients, Supervision.MASKS, PROTOCOL)
    assert store.cases == ["patient021", "patient030"]
    assert set(np.unique(store.canvas_labels(FrameKey("patient030", 0, 0)))) == {BG, *FOREGROUND}


def test_unlabelled_patients_give_images_alone(patients: list[Patient]) -> None:
    store = store_for(patients, Supervision.FEW_MASKS_AND_IMAGES)
    assert store.cases == ["patient021", "patient030", "patient085"]
    assert {key.case for key in store.scribbled()} == {"patient030"}
    assert {key.case for key in store.unlabelled()} == {"patient021", "patient085"}


def far_away(patient: Patient) -> Patient:
    """Return a patient whose heart lies at the edge of a large slice, beyond what one window can hold."""

    def pad(array: np.ndarray, value: int) -> np.ndarray:
        return np.pad(array, ((0, 0), (0, 0), (10, 150), (150, 10)), constant_values=value)

    assert patient.truth is not None
    truth = pad(patient.truth, BG)
    truth[:, :, -3:, :3] = RV  # what no window on the heart can reach
    cine = replace(patient.cine, data=pad(np.asarray(patient.cine.data), 200), spacing_mm=(8.0, 1.4, 1.4))
    return replace(patient, cine=cine, scribbles=pad(patient.scribbles, 0), truth=truth)


def test_every_supervision_and_the_test_look_through_the_same_window(patients: list[Patient]) -> None:
    moved = [far_away(p) for p in patients[:4]]
    windows = []
    for supervision in (Supervision.SCRIBBLES, Supervision.MASKS, Supervision.FEW_MASKS_AND_IMAGES):
        store = store_for(moved, supervision)
        windows.append([store.window(case)["offset"] for case in ("patient021", "patient030")])
    tested = SampleStore("roi")
    add_test_scans(tested, moved[2:])
    windows.append([tested.window(case)["offset"] for case in ("patient021", "patient030")])
    assert all(window == windows[0] for window in windows)
    assert LV in store.sample(FrameKey("patient030", 0, 1)).labels, "the window holds the heart"


def test_a_restored_store_keeps_the_window_where_masks_reach_beyond_it(patients: list[Patient]) -> None:
    moved = [far_away(p) for p in patients[:4]]
    store, again = store_for(moved, Supervision.MASKS), store_for(moved, Supervision.MASKS)
    again.restore(*store.state())
    assert again.window("patient021") == store.window("patient021")
    assert store.canvas_labels(FrameKey("patient021", 0, 0))[-1, 0] == IGNORE, "a label outside is left out"


def test_test_scans_bring_no_label(patients: list[Patient]) -> None:
    store = SampleStore("protocol")
    add_test_scans(store, patients)
    assert len(store.cases) == 5
    assert store.scribbled() == []


def test_a_pack_for_roi_serves_nothing_else(patients: list[Patient]) -> None:
    cut = [replace(p, roi_only=True) for p in patients]
    assert store_for(cut, Supervision.SCRIBBLES).cases
    with pytest.raises(BenchError, match="The protocol needs whole slices"):
        store_for(cut, Supervision.SCRIBBLES, PROTOCOL)
    with pytest.raises(BenchError, match="windows from everywhere needs whole slices"):
        store_for(cut, Supervision.SCRIBBLES, replace(ROI, locate=True))


def test_a_patient_who_was_not_read_is_named(patients: list[Patient]) -> None:
    split = make_split(1, Supervision.SCRIBBLES, EVERYONE, MASKED)
    with pytest.raises(BenchError, match="Patient 22 is to be trained on"):
        make_store(patients, split, ROI, Supervision.SCRIBBLES)


def test_a_mask_that_is_kept_back_cannot_be_learned_from(patients: list[Patient]) -> None:
    with pytest.raises(BenchError, match="Patient 85 has no mask"):
        make_store(patients, make_split(1, Supervision.MASKS, [85], [85]), ROI, Supervision.MASKS)


def test_the_window_holds_real_hearts(acdc_dir: Path) -> None:
    for patient in read_patients(acdc_dir, (7, 33, 61)):
        store = SampleStore("roi")
        add_test_scans(store, [patient])
        grid = store.grid(patient.case)
        assert patient.truth is not None
        _, _, y, x = np.nonzero(patient.truth)
        rows, columns = grid.to_canvas(y) - grid.offset[0], grid.to_canvas(x, 1) - grid.offset[1]
        inside = (rows >= 0) & (rows < grid.size) & (columns >= 0) & (columns < grid.size)
        assert inside.mean() > 0.995
