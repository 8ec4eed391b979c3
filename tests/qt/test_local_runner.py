"""The whole way once with the real engine: strokes in, predictions on screen, resume, session, export."""

from __future__ import annotations

import numpy as np

from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FinishReason, RunState
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
