"""Suggestions are shown, taken or dropped; until then they are nothing, and afterwards everybody knows where from."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

from napari_scribbleseg.baselines import propagation
from napari_scribbleseg.labels import LV, MYO
from napari_scribbleseg.qt.suggestion_thread import find_targets
from napari_scribbleseg.qt.values import Propagation
from napari_scribbleseg.types import FrameKey
from tests.qt.stand_ins import SHAPE, go_to, paint_two_classes, write_scan

WINDOW = False


@pytest.fixture
def accepted(bench, runners, qtbot):
    """Slices 1 and 2 of phase 0 accepted; phase 0, slice 2 on screen."""
    paint_two_classes(bench)
    bench.train()
    for z in (1, 2):
        runners[-1].predict(FrameKey(bench.shown_case, 0, z), LV)
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 2)
    bench.accept("frame")
    return bench


@pytest.fixture
def suggestions(accepted):
    return accepted.next.suggestions


def suggest(qtbot, desk, *reach) -> None:
    assert desk.start(*reach)
    qtbot.waitUntil(lambda: not desk.running)


def layers(bench) -> list[str]:
    return [layer.name for layer in bench.viewer.layers]


def test_the_neighbouring_phases_get_a_suggestion_and_nothing_else_changes(accepted, suggestions, qtbot):
    before = {kind: np.asarray(accepted.layer(kind).data).copy() for kind in ("mask", "prediction", "scribbles")}
    suggest(qtbot, suggestions, 1)
    assert set(suggestions.pending) == {(1, 1), (1, 2)}
    found = suggestions.pending[1, 2]
    assert found.maker == Propagation(0, 2)
    assert set(np.unique(found.labels)) == {0, LV}
    for kind, data in before.items():
        np.testing.assert_array_equal(accepted.layer(kind).data, data)
    assert "only when you take them" in accepted.said[-1].text
    assert accepted.scans()[0].n_accepted == 2


def test_a_suggestion_is_dashed_on_its_slice_above_the_mask_and_below_the_strokes(accepted, suggestions, qtbot):
    suggest(qtbot, suggestions, 1)
    assert "suggestion" not in layers(accepted)
    go_to(accepted, 1, 2)
    shown = accepted.viewer.layers["suggestion"]
    assert shown.visible
    assert (shown.data == LV).any()
    assert layers(accepted) == ["image", "prediction", "mask", "suggestion", "scribbles"]
    assert accepted.viewer.layers.selection.active is accepted.layer("scribbles")
    assert not shown.editable
    go_to(accepted, 1, 3)
    assert not shown.visible


def test_the_picture_covers_the_same_pixels_as_the_scan(accepted, suggestions, qtbot):
    suggest(qtbot, suggestions, 1)
    go_to(accepted, 1, 2)
    shown, image = accepted.viewer.layers["suggestion"], accepted.layer("image")
    y, x = np.array(shown.data.shape)
    for corner, fine in (((-0.5, -0.5), (-0.5, -0.5)), ((47.5, 39.5), (y - 0.5, x - 0.5))):
        np.testing.assert_allclose(image.data_to_world((0, 0, *corner))[2:], shown.data_to_world(fine), atol=1e-9)


def test_taken_it_is_an_accepted_slice_with_its_origin_and_comes_back_by_undo(accepted, suggestions, qtbot):
    suggest(qtbot, suggestions, 1)
    go_to(accepted, 1, 2)
    labels = suggestions.here.labels
    assert suggestions.take() == 1
    np.testing.assert_array_equal(accepted.layer("mask").data[1, 2], labels)
    record = accepted._scans.record
    assert accepted.mask_state() == "accepted"
    assert record.mask_makers[1, 2] == Propagation(0, 2)
    assert set(suggestions.pending) == {(1, 1)}
    accepted.undo_accept()
    assert (1, 2) not in record.mask_makers
    assert not accepted.layer("mask").data[1, 2].any()
    assert set(suggestions.pending) == {(1, 1), (1, 2)}


def test_all_are_taken_at_once(accepted, suggestions, qtbot):
    suggest(qtbot, suggestions, 2)
    assert suggestions.take("all") == len({(1, 1), (1, 2), (2, 1), (2, 2)})
    assert not suggestions.pending
    assert "suggestion" not in layers(accepted)
    accepted.undo_accept()
    assert len(suggestions.pending) == 4


def test_a_slice_corrected_meanwhile_is_not_overwritten(accepted, suggestions, qtbot):
    suggest(qtbot, suggestions, 1)
    accepted.layer("mask").paint((1, 2, 30, 30), MYO)
    accepted.flush()
    assert (1, 2) not in suggestions.pending
    assert suggestions.take("all") == 1
    assert (accepted.layer("mask").data[1, 2] == MYO).any()
    assert not (accepted.layer("mask").data[1, 2] == LV).any()


def test_dropped_they_are_gone(accepted, suggestions, qtbot):
    suggest(qtbot, suggestions, 1)
    go_to(accepted, 1, 2)
    suggestions.drop()
    assert not suggestions.pending
    assert "suggestion" not in layers(accepted)
    assert suggestions.take() == 0
    assert accepted.said[-1].text == "There is no suggestion for this slice."


def test_deleting_the_layer_drops_them(accepted, suggestions, qtbot):
    suggest(qtbot, suggestions, 1)
    go_to(accepted, 1, 2)
    accepted.viewer.layers.remove("suggestion")
    assert not suggestions.pending


def test_suggestions_never_reach_a_trainer(accepted, suggestions, runners, qtbot):
    edits = len(runners[-1].edits)
    suggest(qtbot, suggestions, 1)
    suggestions.take("all")
    accepted.flush()
    assert len(runners[-1].edits) == edits


def test_a_locked_mask_takes_none(accepted, suggestions, qtbot):
    suggest(qtbot, suggestions, 1)
    accepted.set_mask_locked(True)
    assert suggestions.problem == "The mask is locked"
    assert suggestions.take("all") == 0
    assert "locked" in accepted.said[-1].text
    assert len(suggestions.pending) == 2


def test_why_there_can_be_none_is_always_at_hand(make_bench, scan_path):
    bench = make_bench()
    desk = bench.next.suggestions
    assert desk.problem == "Open a scan first"
    bench.open_scan(scan_path)
    assert desk.problem == "Accept a slice of this phase first"
    assert not desk.start()
    assert bench.said[-1].text == "No suggestions: accept a slice of this phase first."


def test_with_all_neighbours_in_the_mask_it_says_so(accepted, suggestions, qtbot):
    suggest(qtbot, suggestions, 2)
    suggestions.take("all")
    assert not suggestions.start(2)
    assert accepted.said[-1].text == "No suggestions: all neighbours are in the mask already."


def test_another_scan_on_screen_drops_what_is_under_way(accepted, suggestions, qtbot, tmp_path, monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr(propagation, "find_flow", lambda *_: go_on.wait(5) and np.zeros((*SHAPE[2:], 2), np.float32))
    first = accepted.shown_case
    assert suggestions.start(1)
    assert suggestions.problem == "At work…"
    assert not suggestions.start(1)
    accepted.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    go_on.set()
    qtbot.waitUntil(lambda: not suggestions.running)
    accepted.show_scan(first)
    assert not suggestions.pending


def test_an_error_is_one_sentence(accepted, suggestions, qtbot, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(propagation, "find_flow", fail)
    suggest(qtbot, suggestions, 1)
    assert "stopped because of an error: ZeroDivisionError" in accepted.said[-1].text
    assert suggestions.problem == ""


def test_the_origin_is_in_the_export_and_comes_back_with_the_session(
    accepted, suggestions, qtbot, tmp_path, make_bench, scan_path
):
    suggest(qtbot, suggestions, 1)
    suggestions.take("all")
    accepted.layer("mask").paint((1, 1, 30, 30), MYO)
    summary = accepted.export(tmp_path / "out.nii.gz")
    assert "4 from the mask (2 of them propagated from other slices)" in summary.sentence
    note = json.loads((tmp_path / "out.json").read_text())
    assert note["propagated"] == {
        "propagated:0,1": {
            "from_phase": 0,
            "from_slice": 1,
            "method": "optical flow",
            "slices": {"shown": 0, "accepted": 0, "edited": 1},
        },
        "propagated:0,2": {
            "from_phase": 0,
            "from_slice": 2,
            "method": "optical flow",
            "slices": {"shown": 0, "accepted": 1, "edited": 0},
        },
    }
    path = accepted.session_path
    accepted.close()
    again = make_bench()
    again.open_session(path)
    again.open_scan(scan_path)
    assert again._scans.record.mask_makers == {(1, 1): Propagation(0, 1), (1, 2): Propagation(0, 2)}


def test_a_mask_of_nothing_but_propagated_slices_names_no_trained_method(accepted, suggestions, qtbot, tmp_path):
    suggest(qtbot, suggestions, 1)
    suggestions.take("all")
    accepted.export(tmp_path / "out.nii.gz", [1])
    assert json.loads((tmp_path / "out.json").read_text())["method"] is None


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((20, 5), {(19, 2): (0, 2), (1, 2): (0, 2)}),
        ((3, 5), {(1, 2): (0, 2)}),
        ((1, 5), {(0, 1): (0, 2), (0, 3): (0, 2)}),
    ],
)
def test_neighbours_are_phases_in_a_cine_and_slices_in_a_volume(shape, expected):
    assert find_targets(shape, [(0, 2)], {(0, 2)}, 1) == expected


def test_nearer_phases_come_first_and_what_is_in_the_mask_needs_none():
    found = find_targets((20, 1), [(0, 0)], {(0, 0), (1, 0)}, 2)
    assert list(found) == [(19, 0), (18, 0), (2, 0)]
