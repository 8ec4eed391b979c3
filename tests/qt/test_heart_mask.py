"""Which slices are measured, where they come from, and that only changed ones are copied."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.labels import LV, MYO
from napari_scribbleseg.qt.heart_mask import Coverage, SliceTracker, cover
from napari_scribbleseg.qt.preview_systems import DEFAULT_SYSTEM
from napari_scribbleseg.qt.record import ScanRecord
from napari_scribbleseg.qt.values import Preview
from napari_scribbleseg.session.slices import SliceState
from napari_scribbleseg.types import Cine, FrameKey, Prediction

SHAPE = (3, 2, 8, 8)


@pytest.fixture
def record() -> ScanRecord:
    return ScanRecord(Cine("scan", np.zeros(SHAPE, np.int16), (8.0, 1.5, 1.5)))


def predict(record: ScanRecord, *indices, label=LV, now=1.0, kind=Prediction, more=()) -> None:
    labels = np.full(SHAPE[2:], label, np.uint8)
    for t, z in indices:
        assert record.set_prediction(kind(FrameKey("scan", t, z), labels, labels, 1, 1, *more), now)


def accept(record: ScanRecord, index, label=MYO) -> None:
    record.mask[index] = label
    record.mask_states[index] = SliceState.ACCEPTED


def test_a_phase_counts_once_all_its_slices_are_there(record):
    predict(record, (0, 0), (0, 1), (1, 0))
    assert cover(record).phases == (0,)
    predict(record, (1, 1))
    assert cover(record).phases == (0, 1)
    assert not cover(record).whole


def test_a_phase_drawn_by_hand_alone_counts_though_slices_without_a_heart_were_never_touched(record):
    accept(record, (2, 1))
    assert cover(record).phases == (2,)
    predict(record, (2, 0))
    assert cover(record).phases == (2,)


def test_where_slices_come_from_is_counted_each_once(record):
    predict(record, (0, 0), (0, 1), (1, 0))
    predict(record, (2, 0), (2, 1), kind=Preview, more=(DEFAULT_SYSTEM,))
    accept(record, (0, 0))
    accept(record, (2, 0))
    found = cover(record)
    assert (found.mask, found.prediction, found.preview, found.never) == (2, 2, 1, 1)
    assert sum(found.slices.values()) == 6
    assert found.sentence == "From 2 mask + 2 prediction + 1 instant preview, not trained of 6 slices"


@pytest.mark.parametrize(
    ("coverage", "sentence"),
    [
        (Coverage(n_phases=3), "No slice is predicted or accepted yet"),
        (Coverage(prediction=6), "From the prediction"),
        (Coverage(mask=6), "From the mask"),
        (Coverage(mask=2, prediction=4), "From 2 mask + 4 prediction slices"),
        (Coverage(prediction=2, never=4), "From 2 prediction of 6 slices"),
    ],
)
def test_the_sentence_says_which_map_is_measured(coverage, sentence):
    assert coverage.sentence == sentence


def test_the_mask_goes_before_the_prediction_and_changes_come_once(record):
    predict(record, (0, 0), (0, 1))
    accept(record, (0, 1))
    tracker = SliceTracker(record)
    first = tracker.take([0])
    assert set(first) == {(0, 0), (0, 1)}
    assert (first[0, 0] == LV).all()
    assert (first[0, 1] == MYO).all()
    assert tracker.take([0]) == {}
    predict(record, (0, 0), label=MYO, now=2.0)
    assert set(tracker.take([0])) == {(0, 0)}
    record.mask[0, 1] = LV
    tracker.touch((0, 1))
    assert set(tracker.take([0])) == {(0, 1)}


def test_a_phase_that_becomes_whole_is_given_with_slices_that_came_before(record):
    tracker = SliceTracker(record)
    predict(record, (1, 0))
    assert tracker.take([]) == {}
    predict(record, (1, 1), now=2.0)
    assert set(tracker.take([1])) == {(1, 0), (1, 1)}


def test_what_is_given_is_a_copy(record):
    predict(record, (0, 0), (0, 1))
    given = SliceTracker(record).take([0])
    record.prediction[0, 0] = 0
    assert (given[0, 0] == LV).all()


def test_a_phase_that_was_forgotten_is_noticed(record):
    predict(record, (0, 0), (0, 1))
    tracker = SliceTracker(record)
    tracker.take([0])
    assert tracker.suits([0, 1])
    record.forget_predictions()
    assert not tracker.suits(cover(record).phases)
