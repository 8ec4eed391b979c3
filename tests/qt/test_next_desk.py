"""Doubt comes in from the trainer, and a person is led to where it is greatest."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.labels import LV
from napari_scribbleseg.qt.local_runner import make_local_runner
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import DoubtReport, FrameKey, RunState, SliceDoubt
from tests.qt.stand_ins import SHAPE, go_to, paint, paint_two_classes, write_scan

WINDOW = False
SCORES = {(0, 0): 0.2, (0, 2): 0.1, (1, 1): 0.9, (2, 3): 0.5}


def report(case: str, scores=None) -> DoubtReport:
    heat = np.zeros(SHAPE[2:], np.uint8)
    heat[5:9, 5:9] = 200
    return DoubtReport(case, {i: SliceDoubt(s, 0.25, LV, heat) for i, s in (scores or SCORES).items()}, 1)


@pytest.fixture
def rated(bench, runners, qtbot):
    """All slices predicted, four of them rated; phase 0, slice 2 on screen."""
    paint(bench, LV, at=(0, 2))
    paint_two_classes(bench)
    bench.train()
    for key in bench._scans.record.cine.keys():
        runners[-1].predict(key, LV)
    runners[-1].do(lambda runner: runner.emit(report(bench.shown_case)))
    qtbot.waitUntil(lambda: np.isfinite(bench.next.scores()).sum() == len(SCORES))
    return bench


def test_scores_of_the_trainer_reach_the_window(rated):
    scores = rated.next.scores()
    assert scores.shape == SHAPE[:2]
    assert {index: scores[index] for index in SCORES} == SCORES
    assert np.isnan(scores[2, 0])
    assert rated.next.describe((1, 1)) == "90% doubt, mostly LV"
    assert rated.next.describe((2, 0)) == "not rated yet"


def test_the_key_leads_from_the_most_doubtful_slice_to_the_next(rated):
    seen = []
    for _ in range(3):
        assert rated.next.go_next()
        seen.append(rated.next.here)
    assert seen == [(1, 1), (2, 3), (0, 0)]


def test_slices_drawn_on_or_accepted_are_skipped(rated):
    paint(rated, LV, at=(1, 1))
    go_to(rated, 2, 3)
    rated.accept("slice")
    rated.next.go_next()
    assert rated.next.here == (0, 0)
    assert rated.next.marks().drawn == {(0, 2), (1, 1)}
    assert rated.next.marks().done == {(2, 3)}


def test_with_nothing_left_it_says_so_and_stays(rated):
    rated.accept("cine")
    here = rated.next.here
    assert not rated.next.go_next()
    assert "nothing is left to look at" in rated.said[-1].text
    assert rated.next.here == here


def test_before_anything_is_rated_it_says_why_there_is_no_next(make_bench, scan_path):
    bench = make_bench()
    assert bench.next.scores().shape == (0, 0)
    assert not bench.next.go_next()
    assert bench.said[-1].text == "Open a scan first."
    bench.open_scan(scan_path)
    assert not bench.next.go_next()
    assert "No slice is rated yet" in bench.said[-1].text


def test_what_shows_no_prediction_of_the_network_has_no_score(rated, runners, qtbot):
    rated.stop()
    qtbot.waitUntil(lambda: rated._runs.training.state.value == "finished")
    rated.train(fresh=True)
    assert np.isnan(rated.next.scores()).all()


def test_the_glow_follows_the_slice_and_leaves_the_brush_where_it_is(rated):
    rated.select_label(LV)
    rated.next.set_overlay(True)
    layer = rated.viewer.layers["doubt"]
    assert layer.visible
    assert layer.data[6, 6] == 200
    active = rated.viewer.layers.selection.active
    assert active is rated.layer("scribbles")
    assert str(active.mode) == "paint"
    names = [each.name for each in rated.viewer.layers]
    assert names == ["image", "prediction", "doubt", "mask", "scribbles"]
    go_to(rated, 2, 0)  # not rated
    assert not layer.visible
    go_to(rated, 1, 1)
    assert layer.visible
    rated.next.set_overlay(False)
    assert "doubt" not in rated.viewer.layers


def test_the_glow_is_renewed_when_the_network_is_asked_again(rated, runners, qtbot):
    rated.next.set_overlay(True)
    fresh = SliceDoubt(0.3, 0.1, LV, np.full(SHAPE[2:], 77, np.uint8))
    runners[-1].do(lambda r: r.emit(DoubtReport(rated.shown_case, {(0, 2): fresh}, 2)))
    qtbot.waitUntil(lambda: rated.viewer.layers["doubt"].data[0, 0] == 77)


def test_a_deleted_glow_is_off(rated):
    heard = []
    rated.next.overlay_changed.connect(heard.append)
    rated.next.set_overlay(True)
    rated.viewer.layers.remove("doubt")
    assert heard == [True, False]
    assert not rated.next.overlay


def test_overlays_hide_for_a_moment(rated):
    rated.next.set_overlay(True)
    rated.next.set_hidden(True)
    assert not rated.viewer.layers["doubt"].visible
    rated.next.set_hidden(False)
    assert rated.viewer.layers["doubt"].visible


def test_in_3d_nothing_flat_is_in_the_way(rated):
    rated.next.set_overlay(True)
    rated._scans.stage.set_look("mask", contour=0)  # napari has no outlines in 3D, and warns
    rated.viewer.dims.ndisplay = 3
    assert not rated.viewer.layers["doubt"].visible
    rated.viewer.dims.ndisplay = 2
    assert rated.viewer.layers["doubt"].visible


def test_another_scan_has_scores_of_its_own_and_the_first_keeps_its(rated, tmp_path):
    first = rated.shown_case
    rated.next.set_overlay(True)
    rated.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    assert np.isnan(rated.next.scores()).all()
    rated.next._on_doubt(report(first, {(2, 2): 0.7}))
    assert np.isnan(rated.next.scores()).all()
    rated.show_scan(first)
    assert rated.next.scores()[2, 2] == 0.7
    assert rated.viewer.layers["doubt"].visible


def test_reports_about_a_scan_that_is_gone_are_nothing(rated):
    rated.next._on_doubt(report("nowhere"))


def test_the_overlay_is_no_scan_to_work_on(rated):
    from napari_scribbleseg.qt.slice_overlay import is_overlay

    rated.next.set_overlay(True)
    assert is_overlay(rated.viewer.layers["doubt"])
    assert not is_overlay(rated.layer("image"))


def test_closing_takes_overlays_away_and_reports_that_come_late_do_no_harm(rated):
    rated.next.set_overlay(True)
    case = rated.shown_case
    rated.close()
    assert "doubt" not in rated.viewer.layers
    rated.next._on_doubt(report(case))


def test_a_prediction_that_comes_with_its_rating_is_told_once_to_panels(rated, runners, qtbot):
    heard = []
    rated.next.changed.connect(lambda: heard.append(1))
    runners[-1].predict(FrameKey(rated.shown_case, 2, 0), LV)
    runners[-1].do(lambda r: r.emit(report(rated.shown_case, {(2, 0): 0.33})))
    qtbot.waitUntil(lambda: rated.next.scores()[2, 0] == 0.33)
    assert heard


def test_a_real_run_rates_the_scan_and_leads_to_a_slice(make_bench, scan_path, qtbot):
    bench = make_bench(make_runner=make_local_runner)
    bench.open_scan(scan_path)
    paint_two_classes(bench)
    assert bench.train(TrainSettings(steps=3, batch_size=2, threads=1))
    qtbot.waitUntil(lambda: bench.state is RunState.FINISHED, timeout=60_000)
    scores = bench.next.scores()
    assert np.isfinite(scores).all()
    assert ((scores >= 0) & (scores <= 1)).all()
    assert bench.next.go_next()
    assert bench.next.here != (0, 2)
