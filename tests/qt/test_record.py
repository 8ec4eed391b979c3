"""Strokes are counted as a person would."""

from __future__ import annotations

import numpy as np

from napari_scribbleseg.labels import LV, MYO
from napari_scribbleseg.qt.record import ScanRecord, describe_strokes
from tests.synthetic import make_cine


def test_strokes_of_one_label_that_touch_are_one_and_labels_are_told_apart():
    labels = np.zeros((20, 20), np.uint8)
    labels[2, 2:6] = LV
    labels[3, 6] = LV
    labels[10, 2:6] = LV
    labels[10, 6:9] = MYO

    described = describe_strokes(labels)
    assert described.count == 3
    assert described.labels == {LV, MYO}
    assert describe_strokes(np.zeros((4, 4), np.uint8)).count == 0


def test_edits_come_oldest_first_and_erased_slices_are_none():
    record = ScanRecord(make_cine(n_t=2, n_z=2))
    labels = np.full((64, 64), LV, np.uint8)
    for revision, index in ((5, (0, 0)), (2, (1, 1)), (3, (1, 0))):
        record.set_strokes(index, labels)
        record.revisions[index] = revision
    record.set_strokes((1, 0), np.zeros_like(labels))

    assert [(edit.revision, edit.key) for edit in record.edits()] == [(2, ("scan", 1, 1)), (5, ("scan", 0, 0))]
