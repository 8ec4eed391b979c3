"""Scans come in, are shown one at a time, and leave nothing behind."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.labels import LV, MYO
from tests.qt.stand_ins import SHAPE, go_to, paint, write_scan

WINDOW = False


def test_a_scan_is_shown_as_four_layers_that_share_scale_units_and_axes(bench):
    assert [layer.name for layer in bench.viewer.layers] == ["image", "prediction", "mask", "scribbles"]
    for layer in bench.viewer.layers:
        assert tuple(layer.scale) == (1, 8, 1.5, 1.5)
        assert [str(unit) for unit in layer.units] == ["pixel", "millimeter", "millimeter", "millimeter"]
        assert layer.axis_labels == ("t", "z", "y", "x")
        assert np.allclose(layer.affine.affine_matrix, np.eye(5))
        assert layer.metadata["cine"].case == bench.shown_case
    assert bench.layer("image").contrast_limits == pytest.approx([10, 990], abs=5)
    assert bench.current_key() == (bench.shown_case, 0, 2)


def test_the_canvas_says_where_right_and_left_are_and_how_long_a_centimetre_is(bench):
    overlays = bench.viewer.canvas.overlays
    letters = [overlays[f"scribbleseg_{edge}"].text for edge in ("left", "right", "top", "bottom")]
    assert letters == ["L", "R", "P", "A"]
    assert overlays.scale_bar.visible


def test_a_3d_scan_has_3d_layers_and_one_phase(make_bench, tmp_path):
    bench = make_bench()
    path = write_scan(tmp_path / "stack.nii.gz", (1, 4, 48, 40))
    import nibabel as nib

    image = nib.load(path)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj)[..., 0], image.affine, dtype=np.int16), path)
    bench.open_scan(path)

    assert bench.layer("scribbles").data.shape == (4, 48, 40)
    assert bench.current_key() == (bench.shown_case, 0, 2)
    bench.layer("scribbles").paint((2, 10, 10), LV)
    bench.flush()
    assert bench.scans()[0].n_strokes == 1
    bench.play(True)
    assert not bench.playing
    assert "several phases" in bench.said.text


def test_each_scan_keeps_strokes_predictions_and_position(bench, tmp_path):
    first = bench.shown_case
    go_to(bench, 1, 3)
    paint(bench, LV)
    second = bench.open_scan(write_scan(tmp_path / "second.nii.gz", (2, 5, 30, 30), seed=1))
    assert not bench.layer("scribbles").data.any()
    paint(bench, MYO)
    bench.show_scan(first)

    assert bench.current_key() == (first, 1, 3)
    assert set(np.unique(bench.layer("scribbles").data)) == {0, LV}
    assert len(bench.viewer.layers) == 4
    assert [(scan.case, scan.n_strokes, scan.state) for scan in bench.scans()] == [
        (first, 1, "strokes"),
        (second, 1, "strokes"),
    ]
    bench.show_scan(second)
    assert set(np.unique(bench.layer("scribbles").data)) == {0, MYO}


def test_opening_the_same_file_again_adds_nothing(bench, scan_path):
    paint(bench, LV)
    case = bench.shown_case
    assert bench.open_scan(scan_path) == case
    assert len(bench.scans()) == 1
    assert bench.layer("scribbles").data.any()


@pytest.mark.parametrize("content", [b"", b"not a scan"])
def test_a_bad_file_gets_a_sentence_and_changes_nothing(bench, tmp_path, content):
    before = list(bench.viewer.layers)
    bad = tmp_path / "bad.nii"
    bad.write_bytes(content)

    assert bench.open_scan(bad) is None
    assert "bad.nii" in bench.said.text
    assert list(bench.viewer.layers) == before
    assert len(bench.scans()) == 1


def test_an_image_layer_of_another_plugin_can_be_used_and_is_never_removed(make_bench, scan_path):
    bench = make_bench()
    values = np.random.default_rng(0).random((4, 40, 30)).astype(np.float32)
    layer = bench.viewer.add_image(values, name="Doe^Jane", scale=(8, 1.5, 1.5), translate=(5, 6, 7))
    case = bench.use_layer(layer)

    assert case
    assert "Doe" not in case
    assert bench.layer("image") is layer
    assert tuple(bench.layer("scribbles").translate) == (5, 6, 7)
    assert bench.layer("scribbles").data.shape == values.shape
    bench.open_scan(scan_path)
    assert layer in bench.viewer.layers
    assert not layer.visible
    bench.show_scan(case)
    assert layer.visible
    assert len(bench.viewer.layers) == 4


@pytest.mark.parametrize(
    ("shape", "kwargs", "why"),
    [
        ((40, 30), {}, "2 dimensions"),
        ((2, 2, 2, 40, 30), {}, "5 dimensions"),
        ((4, 40, 30, 3), {"rgb": True}, "colour image"),
    ],
)
def test_an_image_layer_that_is_no_scan_is_refused_in_a_sentence(make_bench, shape, kwargs, why):
    bench = make_bench()
    layer = bench.viewer.add_image(np.random.default_rng(0).random(shape), **kwargs)

    assert bench.use_layer(layer) is None
    assert why in bench.said.text
    assert len(bench.viewer.layers) == 1


def test_a_constant_image_layer_is_refused(make_bench):
    bench = make_bench()
    layer = bench.viewer.add_image(np.zeros((4, 40, 30)), contrast_limits=(0, 1))
    assert bench.use_layer(layer) is None
    assert "same value everywhere" in bench.said.text


def test_the_cine_plays_at_the_heart_rate_of_the_file(bench, qtbot):
    assert bench.bpm == 60  # 40 ms × 3 phases would be 500 beats a minute
    moved, playing = [], []
    bench._scans.moved.connect(lambda: moved.append(bench.current_key().t))
    bench.playing_changed.connect(playing.append)
    bench.bpm = 180
    bench.play(True)
    qtbot.waitUntil(lambda: {0, 1, 2} <= set(moved), timeout=5000)
    assert bench.current_key().z == 2
    bench.play(False)
    count = len(moved)
    qtbot.wait(150)
    assert len(moved) == count
    assert playing == [True, False]


@pytest.mark.parametrize("shape", [SHAPE, (1, 4, 48, 40)])
def test_a_scan_too_large_for_memory_is_shown_phase_by_phase(make_bench, tmp_path, monkeypatch, shape):
    monkeypatch.setattr("napari_scribbleseg.io.nifti.LAZY_ABOVE_BYTES", 0)
    bench = make_bench()
    assert bench.open_scan(write_scan(tmp_path / "large.nii.gz", shape))

    assert not isinstance(bench._scans.record.cine.data, np.ndarray)
    go_to(bench, shape[0] - 1, 3)
    assert bench.current_key() == (bench.shown_case, shape[0] - 1, 3)


def test_a_prediction_cannot_be_painted_over(bench):
    assert not bench.layer("prediction").editable
    assert bench.layer("scribbles").editable
