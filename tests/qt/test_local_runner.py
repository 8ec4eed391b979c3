"""The whole way once with the real engine: strokes in, predictions on screen, resume, session, export."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_scribbleseg.qt.start_desk import SCRATCH, StartKind
from napari_scribbleseg.qt.weights_shelf import read_entry
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FinishReason, RunState
from tests.qt.stand_ins import StandInShelf
from tests.qt.weights_file import write_weights
from tests.synthetic import make_cine, make_strokes

WINDOW = False


def test_strokes_become_predictions_a_resumed_run_and_a_whole_exported_cine(make_bench, qtbot, tmp_path):
    from napari_scribbleseg.qt.local_runner import make_local_runner

    bench = make_bench(make_runner=make_local_runner)
    cine = make_cine(n_t=2, n_z=2)
    bench.use_layer(bench.viewer.add_image(cine.data, scale=(1, *cine.spacing_mm)))
    bench._scans.paint_slices({(0, 1): make_strokes()})
    ends, done = [], []
    bench.state_changed.connect(lambda event: ends.append(event) if event.reason else None)

    assert bench.train(TrainSettings(steps=4, threads=1, batch_size=2, held_out=0.0))
    qtbot.waitUntil(lambda: bench.state is RunState.FINISHED, timeout=120_000)
    assert ends[-1].reason is FinishReason.COMPLETED, ends[-1].message
    assert bench.predicted_counts() == (4, 4)
    assert bench.layer("prediction").data.any()
    seen, total = bench.strokes()
    assert seen == total > 0

    path = bench.session_path
    bench.close()
    again = make_bench(make_runner=make_local_runner)
    again.open_session(path)
    again.use_layer(again.viewer.add_image(cine.data, scale=(1, *cine.spacing_mm)))
    again._session.wait_for_weights()
    assert again.can_continue
    assert again.needs_predictions()
    assert again.complete_predictions(lambda: done.append(1))
    qtbot.waitUntil(lambda: done == [1], timeout=120_000)
    assert not again.needs_predictions()
    assert np.array_equal(again.layer("prediction").data, bench._scans.worklist.get(again.shown_case).prediction)

    assert again.train()
    qtbot.waitUntil(lambda: again.state is RunState.RUNNING, timeout=60_000)
    assert again.continuing
    again.stop()
    qtbot.waitUntil(lambda: again.state is RunState.FINISHED, timeout=60_000)
    assert again.export(tmp_path / "mask.nii.gz").from_prediction == 4


@pytest.fixture
def weights_path(tmp_path):
    return write_weights(tmp_path / "acdc_roi.safetensors")


def open_with(make_bench, path):
    """Open a small cine in a workbench whose shelf holds the weights, with the real engine behind it."""
    from napari_scribbleseg.qt.local_runner import make_local_runner

    shelf = StandInShelf(read_entry("acdc_roi", path, licensed=True))
    bench = make_bench(make_runner=make_local_runner, shelf=shelf, first_masks=True)
    bench._runs.settings = TrainSettings(threads=1)
    cine = make_cine(n_t=2, n_z=2)
    bench.use_layer(bench.viewer.add_image(cine.data, scale=(1, *cine.spacing_mm)))
    return bench


def test_a_scan_has_a_mask_before_any_stroke_and_fine_tuning_goes_on_from_its_weights(make_bench, weights_path, qtbot):
    bench = open_with(make_bench, weights_path)
    qtbot.waitUntil(lambda: bench.predicted_counts() == (4, 4), timeout=120_000)
    assert bench.first_mask.shown.name == "acdc_roi"
    assert (bench._scans.record.confidence > 0).any()
    bench._scans.paint_slices({(0, 1): make_strokes()})
    reports = []
    bench.step_reported.connect(reports.append)
    settings = dataclasses.replace(bench.settings, steps=3, batch_size=2, held_out=0.0)
    assert settings.schedule == "finetune"
    assert bench.train(settings)
    qtbot.waitUntil(lambda: bench.state is RunState.FINISHED, timeout=120_000)
    assert reports[-1].step == 3
    assert all(origin.tuned for origin in bench._scans.record.weights.values())
    assert bench.starts.chosen.kind is StartKind.SESSION


def test_weights_whose_values_are_damaged_are_a_sentence_and_training_from_scratch_still_works(
    make_bench, weights_path, qtbot
):
    content = bytearray(weights_path.read_bytes())
    content[-4000:] = bytes(4000)
    weights_path.write_bytes(bytes(content))
    bench = open_with(make_bench, weights_path)
    qtbot.waitUntil(lambda: "There is no mask before your strokes" in bench.said.text, timeout=120_000)
    assert "damaged" in bench.said.text
    bench.starts.choose(SCRATCH)
    bench._scans.paint_slices({(0, 1): make_strokes()})
    assert bench.train(TrainSettings(steps=1, threads=1, batch_size=1, held_out=0.0))
    qtbot.waitUntil(lambda: bench.state is RunState.FINISHED, timeout=120_000)
    assert bench.predicted_counts() == (4, 4)
    assert not bench._scans.record.weights
