"""Predictions stream into their own layer and touch nothing else."""

from __future__ import annotations

import time

import numpy as np
import pytest

from napari_scribbleseg.labels import LV, MYO
from napari_scribbleseg.types import FrameKey
from tests.qt.stand_ins import go_to, paint_two_classes


@pytest.fixture
def runner(bench, runners):
    paint_two_classes(bench)
    assert bench.train()
    return runners[-1]


def test_predictions_are_written_in_place_and_strokes_and_mask_stay(bench, runner, qtbot):
    strokes = bench.layer("scribbles").data.copy()
    array = bench.layer("prediction").data
    for z in range(4):
        runner.predict(FrameKey(bench.shown_case, 1, z), MYO)

    qtbot.waitUntil(lambda: bench.predicted_counts() == (4, 12))

    assert bench.layer("prediction").data is array
    assert (array[1, :, 10:20, 10:20] == MYO).all()
    assert not array[0].any()
    assert np.array_equal(bench.layer("scribbles").data, strokes)
    assert not bench.layer("mask").data.any()


def test_only_a_change_of_the_shown_slice_refreshes_the_layer(bench, runner, qtbot):
    refreshed = []
    bench.layer("prediction").events.set_data.connect(lambda: refreshed.append(1))
    runner.predict(FrameKey(bench.shown_case, 1, 1))
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 1)
    assert not refreshed

    runner.predict(bench.current_key())
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 2)
    assert len(refreshed) == 1

    runner.predict(bench.current_key(), step=2)
    qtbot.waitUntil(lambda: bench._scans.record.steps[0, 2] == 2)
    assert len(refreshed) == 1


def test_the_age_of_what_is_shown_counts_steps_and_seconds(bench, runner, qtbot):
    assert bench.prediction_age() is None
    runner.predict(bench.current_key(), step=3)
    runner.report(step=10)
    qtbot.waitUntil(lambda: bench.prediction_age() is not None and bench.prediction_age()[0] == 7)

    assert 0 <= bench.prediction_age()[1] < 5
    assert bench.confidence() == pytest.approx(0.8)
    go_to(bench, 2, 2)
    assert bench.prediction_age() is None
    assert bench.confidence() is None


def test_a_flood_of_predictions_never_holds_the_window_up(bench, runner, qtbot):
    longest = []
    tick = bench._runs.predictions._drain

    def timed(budget_s):
        start = time.perf_counter()
        tick(budget_s)
        longest.append(time.perf_counter() - start)

    bench._runs.predictions._drain = timed
    for step in range(1, 200):
        for t in range(3):
            runner.predict(FrameKey(bench.shown_case, t, step % 4), step=step)
    qtbot.waitUntil(lambda: bench._scans.record.steps.max() == 199)

    assert np.median(longest) < 0.05  # most of it the budget of 8 ms


def test_a_deleted_prediction_layer_comes_back(bench, runner, qtbot):
    bench.viewer.layers.remove(bench.layer("prediction"))
    qtbot.waitUntil(lambda: bench.layer("prediction") in bench.viewer.layers)
    runner.predict(bench.current_key(), LV)
    qtbot.waitUntil(lambda: (bench.layer("prediction").data == LV).any())


def test_opacity_outline_and_visibility_outlive_a_change_of_scan(bench, runner):
    bench.set_overlay_opacity(0.7)
    bench.set_overlay_outline(True)
    bench.set_visible("mask", False)
    bench._scans.stage.show(bench._scans.record)

    assert bench.layer("prediction").opacity == pytest.approx(0.7)
    assert bench.layer("prediction").contour > 0
    assert not bench.visible("mask")
    assert bench.visible("prediction")


def test_predictions_for_an_unknown_scan_or_of_another_shape_are_dropped(bench, runner, qtbot):
    runner.predict(FrameKey("elsewhere", 0, 0))
    runner.predict(FrameKey(bench.shown_case, 9, 0))
    runner.predict(FrameKey(bench.shown_case, 0, 0))
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 1)
