"""Who trains and who is tested in a fold, and the store that a training learns from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.patients import FOLDS, Patient, fold_of, require_whole_slices
from napari_scribbleseg.bench.window import locate, to_canvas
from napari_scribbleseg.data import Grid, SampleStore
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, NOTHING, LabelMap, training_to_layer
from napari_scribbleseg.methods import Supervision
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FrameKey, ScribbleEdit

FEW_SHARE = 10
"""One of so many training patients has masks in the semi-supervised setting."""
_FEW = (*range(10, 90, 10), 5, 25, 45, 65)
"""Who has masks there, first to last."""


@dataclass(frozen=True)
class Split:
    """Patient numbers of one fold, sorted.

    Attributes
    ----------
    train : whose images are learned from
    labelled : those among them whose labels are
    test : who is predicted
    """

    train: tuple[int, ...]
    labelled: tuple[int, ...]
    test: tuple[int, ...]


def make_split(fold: int, supervision: Supervision, numbers: Iterable[int], with_masks: Collection[int]) -> Split:
    """Divide patients into those that train and those that are tested.

    Parameters
    ----------
    fold : 1 to 5, the block of 20 patients to test
    supervision : what the method learns from
    numbers : the patients that are present
    with_masks : those of them with dense masks

    Raises
    ------
    BenchError
        For another fold, or where nobody is left to learn from.
    """
    if fold not in FOLDS:
        raise BenchError(f"There is no fold {fold}; choose from 1 to {FOLDS[-1]}.")
    present = sorted(set(numbers))
    outside = [n for n in present if fold_of(n) != fold]
    labelled = _labelled(supervision, outside, with_masks)
    if not labelled:
        what = "with a mask " if supervision.is_dense else ""
        raise BenchError(f"Fold {fold} has no patient {what}to train on; bring patients of other folds.")
    train = outside if supervision.mixes_unlabelled else labelled
    return Split(tuple(train), tuple(labelled), tuple(n for n in present if fold_of(n) == fold))


def _labelled(supervision: Supervision, outside: list[int], with_masks: Collection[int]) -> list[int]:
    if not supervision.is_dense:
        return outside
    masked = [n for n in outside if n in with_masks]
    if supervision is Supervision.MASKS:
        return masked
    count = max(1, round(len(outside) / FEW_SHARE))
    preferred = [n for n in _FEW if n in masked]
    return sorted([*preferred, *(n for n in masked if n not in preferred)][:count])


def make_store(
    patients: Iterable[Patient], split: Split, settings: TrainSettings, supervision: Supervision
) -> SampleStore:
    """Build the training set of a fold: its scans, and the scribbles or masks of those that are labelled.

    In `roi` every scan is seen through the window of 179 mm that :func:`data.locate.find_by_difference` places
    without any label, in training as in testing, so that it is the same for every method and supervision. Labels of
    the heart outside of it are left out, since the store would move the window to hold them (dense masks of ACDC:
    under .4 % of one heart's voxels; scribbles: none).

    Test scans belong into a store of their own (:func:`add_test_scans`): methods that learn from unlabelled images
    take them from all scans of their store.

    Parameters
    ----------
    patients : at least those of `split.train`
    split : Split
    settings : TrainSettings
        Resolution, seed, and share to hold out.
    supervision : what the method learns from

    Raises
    ------
    BenchError
        When a patient is missing, has no mask where one is needed, or comes from a pack that kept too little.
    """
    store = SampleStore(settings.resolution, settings.held_out, settings.seed)
    by_number = {patient.number: patient for patient in patients}
    missing = [number for number in split.train if number not in by_number]
    if missing:
        raise BenchError(f"Patient {missing[0]} is to be trained on but was not read.")
    for number in split.train:
        patient = by_number[number]
        _add(store, patient, settings.locate)
        if number in split.labelled:
            _label(store, patient, dense=supervision.is_dense)
    return store


def add_test_scans(store: SampleStore, patients: Iterable[Patient]) -> None:
    """Add scans to predict, without a label, through the window that :func:`make_store` describes.

    Raises
    ------
    BenchError
        For a patient from a pack that kept too little.
    """
    for patient in patients:
        _add(store, patient)


def _add(store: SampleStore, patient: Patient, roams: bool = False) -> None:
    shows_all = store.resolution != "roi"
    if shows_all or roams:
        require_whole_slices([patient], "The protocol" if shows_all else "Training with windows from everywhere")
    store.add(patient.cine)
    if not shows_all:
        centre = patient.centre or locate(patient.cine)
        store.centre_on(patient.case, to_canvas(store.grid(patient.case), centre))


def _label(store: SampleStore, patient: Patient, *, dense: bool) -> None:
    labels = _dense(patient) if dense else patient.scribbles
    seen, window = _in_window(store.grid(patient.case)), store.window(patient.case)
    for t, volume in enumerate(labels):
        for z, plane in enumerate(volume):
            kept = np.where(seen | (plane == BACKGROUND_SCRIBBLE), plane, NOTHING).astype(np.uint8)
            store.apply(ScribbleEdit(FrameKey(patient.case, t, z), kept, revision=1))
    store.put_window(patient.case, window)


def _dense(patient: Patient) -> LabelMap:
    if patient.truth is None:
        raise BenchError(f"Patient {patient.number} has no mask to learn from.")
    return training_to_layer(patient.truth)


def _in_window(grid: Grid) -> npt.NDArray[np.bool_]:
    """Return which native pixels (y, x) the window shows."""
    rows, columns = (
        grid.to_canvas(np.arange(n), axis) - first
        for axis, (n, first) in enumerate(zip(grid.native, grid.offset, strict=True))
    )
    inside: npt.NDArray[np.bool_] = ((rows >= 0) & (rows < grid.size))[:, None] & (
        (columns >= 0) & (columns < grid.size)
    )
    return inside
