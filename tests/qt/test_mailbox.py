"""The latest prediction of each slice wins, and the slice on screen comes first."""

from __future__ import annotations

import numpy as np

from napari_scribbleseg.qt.mailbox import Mailbox
from napari_scribbleseg.types import FrameKey, Prediction, StepReport


def prediction(z: int, step: int) -> Prediction:
    empty = np.zeros((2, 2), np.uint8)
    return Prediction(FrameKey("scan", 0, z), empty, empty, step, 1)


def test_an_older_prediction_of_the_same_slice_is_dropped():
    box = Mailbox()
    box.put(prediction(0, 1))
    box.put(prediction(0, 2))

    assert box.take().step == 2
    assert box.take() is None


def test_the_slice_on_screen_comes_before_those_that_waited_longer():
    box = Mailbox()
    for z in range(3):
        box.put(prediction(z, 1))

    assert [box.take(FrameKey("scan", 0, 2)).key.z for _ in range(3)] == [2, 0, 1]


def test_only_the_last_report_is_kept_and_clearing_empties_everything():
    box = Mailbox()
    for step in (1, 2):
        box.put(StepReport(step, {}, 0.01, 0.1, 0, 0, 10, "cpu"))
    assert box.take_report().step == 2
    assert box.take_report() is None
    box.put(prediction(0, 1))
    box.clear()
    assert len(box) == 0
