"""Painting, undo, redo and erasing reach the trainer as edits, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, MYO
from napari_scribbleseg.qt.slice_watch import DEBOUNCE_MS
from tests.qt.stand_ins import go_to, paint, paint_two_classes


@pytest.fixture
def edits(bench):
    found = []
    bench._scans.edited.connect(found.append)
    return found


def test_a_stroke_becomes_an_edit_of_its_slice_by_itself(bench, edits, qtbot):
    paint(bench, LV)

    qtbot.waitUntil(lambda: len(edits) == 1)

    assert DEBOUNCE_MS <= 100
    (edit,) = edits
    assert edit.key == bench.current_key()
    assert (edit.revision, edit.strokes) == (1, 1)
    assert np.array_equal(edit.labels, bench.layer("scribbles").data[0, 2])
    assert set(np.unique(edit.labels)) == {0, LV}


def test_strokes_that_wait_together_are_counted_in_one_edit(bench, edits):
    paint(bench, LV)
    paint(bench, MYO, x=25)
    bench.flush()

    assert [edit.strokes for edit in edits] == [2]


def test_undo_and_redo_are_edits_too(bench, edits):
    paint(bench, LV)
    bench.flush()
    layer = bench.layer("scribbles")
    layer.undo()
    bench.flush()
    layer.redo()
    bench.flush()

    assert [int(edit.labels.any()) for edit in edits] == [1, 0, 1]
    assert [edit.revision for edit in edits] == [1, 2, 3]


def test_an_undo_on_a_slice_that_is_not_shown_is_found(bench, edits, qtbot):
    paint(bench, LV)
    bench.flush()
    go_to(bench, 2, 0)
    bench.layer("scribbles").undo()

    qtbot.waitUntil(lambda: len(edits) == 2, timeout=1000)

    assert edits[1].key == (bench.shown_case, 0, 2)
    assert not edits[1].labels.any()


def test_erasing_is_an_edit_and_an_empty_slice_counts_no_strokes(bench, edits):
    paint(bench, LV)
    bench.flush()
    assert bench.scans()[0].n_strokes == 1
    paint(bench, 0)
    bench.flush()

    assert not edits[-1].labels.any()
    assert bench.scans()[0].n_strokes == 0


def test_a_fill_through_all_slices_gives_an_edit_of_each(bench, edits):
    layer = bench.layer("scribbles")
    layer.n_edit_dimensions = 4
    layer.fill((0, 2, 5, 5), BACKGROUND_SCRIBBLE)
    bench.flush()

    assert {edit.key[1:] for edit in edits} == {(t, z) for t in range(3) for z in range(4)}


def test_scrolling_is_no_edit(bench, edits, qtbot):
    for t in range(3):
        go_to(bench, t, t)
    qtbot.wait(80)

    assert not edits


def test_an_unknown_label_is_left_out_and_said_once(bench, edits):
    paint(bench, 7)
    paint(bench, LV, x=30)
    bench.flush()
    paint(bench, 9, y=30)
    bench.flush()

    assert set(np.unique(edits[-1].labels)) == {0, LV}
    assert bench.said.text.count("labels 1 to 4") == 1
    assert (bench.layer("scribbles").data == 7).any()


def test_a_renamed_layer_is_still_followed(bench, edits):
    bench.layer("scribbles").name = "something else"
    paint(bench, LV)
    bench.flush()

    assert len(edits) == 1


def test_a_deleted_scribble_layer_comes_back_with_its_strokes(bench, edits, qtbot):
    paint(bench, LV)
    old = bench.layer("scribbles")
    bench.viewer.layers.remove(old)

    qtbot.waitUntil(lambda: bench.layer("scribbles") in bench.viewer.layers)

    assert (bench.layer("scribbles").data[0, 2] == LV).any()
    assert "here it is again" in bench.said.text
    assert bench.layer("scribbles") is bench.viewer.layers[-1]
    paint(bench, MYO, x=30)
    bench.flush()
    assert MYO in edits[-1].labels


def test_select_label_makes_the_scribble_layer_draw_with_it(bench):
    labels = []
    bench.label_changed.connect(labels.append)
    bench.viewer.layers.selection.active = bench.layer("image")

    bench.select_label(MYO)
    layer = bench.layer("scribbles")
    assert bench.viewer.layers.selection.active is layer
    assert (layer.mode, layer.selected_label) == ("paint", MYO)

    bench.select_label(0)
    assert layer.mode == "erase"
    layer.mode = "paint"
    layer.selected_label = LV
    assert labels == [MYO, 0, MYO, LV]


def test_the_brush_size_follows_panel_and_layer(bench):
    sizes = []
    bench.brush_changed.connect(sizes.append)
    bench.brush_size = 9
    assert bench.layer("scribbles").brush_size == 9
    bench.layer("scribbles").brush_size = 12
    assert (bench.brush_size, sizes) == (12, [9, 12])


def test_imported_scribbles_are_strokes_that_can_be_undone(bench, edits, tmp_path):
    paint_two_classes(bench)
    drawn = bench.layer("scribbles").data.copy()
    path = bench.export_scribbles(tmp_path / "strokes.nii.gz")
    bench.layer("scribbles").undo()
    bench.layer("scribbles").undo()
    bench.flush()
    assert not bench.layer("scribbles").data.any()

    assert bench.import_scribbles(path, "layer")
    assert np.array_equal(bench.layer("scribbles").data, drawn)
    assert edits[-1].labels.any()
    bench.layer("scribbles").undo()
    assert not bench.layer("scribbles").data.any()


def test_scribbles_of_another_convention_are_refused_in_a_sentence(bench, edits, tmp_path):
    paint_two_classes(bench)
    path = bench.export_scribbles(tmp_path / "strokes.nii.gz")
    n = len(edits)

    assert not bench.import_scribbles(path, "acdc")
    assert len(edits) == n
    assert "layer" in bench.said.text
