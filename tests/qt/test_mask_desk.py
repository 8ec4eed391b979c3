"""Accept, undo, corrections by hand and the lock."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.labels import LV, MYO, RV
from napari_scribbleseg.types import FrameKey
from tests.qt.stand_ins import go_to, paint_two_classes


@pytest.fixture
def predicted(bench, runners, qtbot):
    """Every slice of phases 0 and 1 is predicted."""
    paint_two_classes(bench)
    bench.train()
    for t in range(2):
        for z in range(4):
            runners[-1].predict(FrameKey(bench.shown_case, t, z), LV)
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 8)
    bench.stop()
    qtbot.waitUntil(lambda: not bench._runs.training.active)
    return bench


def test_accept_copies_the_slice_the_frame_or_the_cine(predicted):
    mask = predicted.layer("mask").data
    assert predicted.accept("slice") == 1
    assert [int(mask[t, z].any()) for t in range(3) for z in range(4)] == [0, 0, 1, 0] + [0] * 8
    assert predicted.accept("frame") == 4
    assert mask[0].any(axis=(1, 2)).all()
    assert predicted.accept("cine") == 8
    assert "4 slices had no prediction yet" in predicted.said.text
    assert np.array_equal(mask, predicted.layer("prediction").data)
    assert predicted.scans()[0].n_accepted == 8
    assert predicted.mask_state() == "accepted"


def test_undo_accept_brings_back_what_was_there(predicted):
    predicted.accept("slice")
    before = predicted.layer("mask").data.copy()
    predicted.accept("cine")

    assert predicted.undo_accept()
    assert np.array_equal(predicted.layer("mask").data, before)
    assert predicted.mask_state() == "accepted"
    assert predicted.undo_accept()
    assert not predicted.layer("mask").data.any()
    assert predicted.mask_state() == "predicted"
    assert not predicted.can_undo_accept
    assert not predicted.undo_accept()


def test_the_layers_own_undo_takes_an_accept_back_and_redo_repeats_it(predicted):
    predicted.accept("frame")
    layer = predicted.layer("mask")
    layer.undo()
    predicted.flush()
    assert not layer.data.any()
    assert predicted.mask_state() == "predicted"
    layer.redo()
    predicted.flush()
    assert predicted.mask_state() == "accepted"


def test_a_correction_by_hand_is_kept_by_later_accepts(predicted):
    predicted.accept("slice")
    predicted.correct_mask_by_hand()
    layer = predicted.layer("mask")
    assert predicted.viewer.layers.selection.active is layer
    layer.paint((0, 2, 30, 30), MYO)
    predicted.flush()
    corrected = layer.data[0, 2].copy()
    assert predicted.mask_state() == "edited"

    assert predicted.accept("frame") == 3
    assert np.array_equal(layer.data[0, 2], corrected)
    assert "1 slice corrected by hand stayed" in predicted.said.text
    predicted.undo_accept()
    assert np.array_equal(layer.data[0, 2], corrected)


def test_undoing_an_accept_keeps_a_slice_corrected_since(predicted):
    predicted.accept("frame")
    predicted.layer("mask").paint((0, 2, 30, 30), RV)
    predicted.undo_accept()

    assert predicted.layer("mask").data[0, 2].any()
    assert not predicted.layer("mask").data[0, 1].any()


@pytest.mark.filterwarnings("ignore:Contours are not displayed during 3D rendering")
def test_a_locked_mask_refuses_accepts_and_hand_edits_in_3d_too(predicted):
    predicted.accept("slice")
    predicted.set_mask_locked(True)
    before = predicted.layer("mask").data.copy()

    assert predicted.accept("cine") == 0
    predicted.correct_mask_by_hand()
    predicted.viewer.dims.ndisplay = 3
    assert predicted.layer("mask").contour == 0
    predicted.viewer.dims.ndisplay = 2
    predicted.layer("mask").undo()

    assert predicted.layer("mask").contour > 0
    assert not predicted.layer("mask").editable
    assert not predicted.can_undo_accept
    assert predicted.said.text.count("locked") == 2
    assert np.array_equal(predicted.layer("mask").data, before)
    predicted.set_mask_locked(False)
    assert predicted.layer("mask").editable
    assert predicted.accept("cine") == 8


def test_a_prediction_after_an_accept_leaves_the_mask_alone(predicted, runners, qtbot):
    predicted.accept("cine")
    before = predicted.layer("mask").data.copy()
    predicted.train()
    runners[-1].predict(predicted.current_key(), RV)
    qtbot.waitUntil(lambda: (predicted.layer("prediction").data == RV).any())

    assert np.array_equal(predicted.layer("mask").data, before)


def test_a_deleted_mask_layer_comes_back_as_it_was(predicted, qtbot):
    predicted.accept("frame")
    before = predicted.layer("mask").data.copy()
    predicted.viewer.layers.remove(predicted.layer("mask"))
    qtbot.waitUntil(lambda: predicted.layer("mask") in predicted.viewer.layers)

    assert np.array_equal(predicted.layer("mask").data, before)
    go_to(predicted, 1, 0)
    assert predicted.accept("slice") == 1
