"""A mask from strokes alone: in the prediction layer, beside the window, and never mistaken for a trained one."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from napari_scribbleseg import baselines
from napari_scribbleseg.baselines import BASELINES, BaselineError
from napari_scribbleseg.labels import LV, MYO, RV
from napari_scribbleseg.qt import thread as threads
from napari_scribbleseg.qt.preview_systems import DEFAULT_SYSTEM
from napari_scribbleseg.qt.preview_thread import PreviewThread
from napari_scribbleseg.qt.values import PreviewSystem
from napari_scribbleseg.types import FrameKey, RunState
from tests.qt.stand_ins import go_to, make_checkpoint, paint, paint_two_classes, write_scan

WINDOW = False


class StandIn:
    """A baseline that waits until it may go on, and then paints everything Myo."""

    def __init__(self) -> None:
        self.asked, self.calls, self.threads = [], [], []
        self.may_end = threading.Event()
        self.may_end.set()
        self.error: Exception | None = None

    def build(self, key, options=None):
        self.asked.append(key)
        return self

    def segment(self, volume, scribbles, spacing_mm):
        self.calls.append((volume.copy(), scribbles.copy(), spacing_mm))
        self.threads.append(threading.get_ident())
        assert self.may_end.wait(10)
        if self.error is not None:
            raise self.error
        return np.full(volume.shape, MYO, np.uint8)


@pytest.fixture
def system(monkeypatch):
    """Stands in for every baseline."""
    stand_in = StandIn()
    monkeypatch.setattr(baselines, "build_baseline", stand_in.build)
    yield stand_in
    stand_in.may_end.set()


@pytest.fixture
def drawn(bench):
    """Strokes of two classes on phase 0, slice 2."""
    paint_two_classes(bench)
    return bench


def wait_for(qtbot, bench) -> None:
    qtbot.waitUntil(lambda: not bench.preview.running)


def preview(qtbot, bench, *which) -> None:
    assert bench.preview.start(*which)
    wait_for(qtbot, bench)


def test_a_preview_fills_the_phase_on_screen_and_touches_neither_strokes_nor_mask(drawn, system, qtbot):
    strokes, array = drawn.layer("scribbles").data.copy(), drawn.layer("prediction").data
    preview(qtbot, drawn)

    assert drawn.layer("prediction").data is array
    assert (array[0] == MYO).all()
    assert not array[1:].any()
    assert np.array_equal(drawn.layer("scribbles").data, strokes)
    assert not drawn.layer("mask").data.any()
    assert drawn.predicted_counts() == (4, 12)


def test_the_layer_is_redrawn_and_panels_hear_of_it(drawn, system, qtbot):
    refreshed, changed = [], []
    drawn.layer("prediction").events.set_data.connect(lambda: refreshed.append(1))
    drawn.prediction_changed.connect(lambda: changed.append(1))
    preview(qtbot, drawn)
    assert refreshed
    assert changed


def test_the_system_gets_the_phase_and_a_copy_of_its_strokes_on_another_thread(drawn, system, qtbot):
    paint(drawn, RV, at=(1, 0))
    preview(qtbot, drawn, PreviewSystem("growcut", "GrowCut"))

    (volume, strokes, spacing_mm) = system.calls[0]
    record = drawn._scans.record
    assert system.asked == ["growcut"]
    assert system.threads != [threading.get_ident()]
    np.testing.assert_array_equal(volume, record.cine.volume(0))
    np.testing.assert_array_equal(strokes, record.strokes[0])
    assert spacing_mm == record.cine.spacing_mm


def test_strokes_of_this_very_moment_count(bench, system, qtbot):
    paint(bench, LV)
    preview(qtbot, bench)
    assert (system.calls[0][1] == LV).any()


def test_what_is_shown_says_that_nothing_was_trained(drawn, system, qtbot):
    lists = []
    drawn.scans_changed.connect(lambda: lists.append(drawn.scans()[0].state))
    preview(qtbot, drawn)
    assert lists == ["preview"]
    assert drawn.preview.shown == "Random Walker"
    assert drawn.preview.count == 4
    assert drawn.mask_state() == "preview"
    assert drawn.scans()[0].state == "preview"
    assert drawn.confidence() is None
    assert drawn.said[-1].text.startswith("Instant preview (Random Walker), not trained.")
    go_to(drawn, 1, 0)
    assert drawn.preview.shown == ""
    assert drawn.mask_state() == ""


def test_the_reason_why_there_can_be_none_is_always_at_hand(make_bench, scan_path, system, runners, qtbot):
    bench, heard = make_bench(), []
    bench.preview.changed.connect(lambda: heard.append(bench.preview.problem))
    assert bench.preview.problem == "Open a scan first"
    bench.open_scan(scan_path)
    paint_two_classes(bench)
    go_to(bench, 1, 2)
    go_to(bench, 0, 2)
    bench.train()
    bench.stop()
    qtbot.waitUntil(lambda: bench.state is RunState.FINISHED)

    first, training = "Draw on this phase first", "Training is under way"
    assert heard == [first, "", first, "", training, ""]


def test_asked_for_where_there_can_be_none_it_says_why_and_does_nothing(bench, system):
    assert not bench.preview.start()
    assert bench.said[-1].text == "No instant preview: draw on this phase first."
    paint_two_classes(bench)
    bench.train()
    assert not bench.preview.start()
    assert bench.said[-1].text == "No instant preview: training is under way."
    assert not system.asked


def test_a_second_press_while_one_is_worked_out_does_nothing(drawn, system, qtbot):
    system.may_end.clear()
    assert drawn.preview.start()
    said = len(drawn.said)
    assert drawn.preview.problem == "Random Walker is at work…"
    assert not drawn.preview.start()
    assert len(drawn.said) == said
    system.may_end.set()
    wait_for(qtbot, drawn)
    assert len(system.asked) == 1
    assert drawn.preview.problem == ""


def test_another_scan_on_screen_drops_the_late_result(drawn, system, qtbot, tmp_path):
    first = drawn._scans.record
    system.may_end.clear()
    drawn.preview.start()
    drawn.open_scan(write_scan(tmp_path / "second.nii.gz", seed=1))
    paint(drawn, LV)
    drawn.flush()
    assert drawn.preview.problem == "The last one is still ending…"
    said = len(drawn.said)
    system.may_end.set()
    wait_for(qtbot, drawn)

    assert not first.n_predicted
    assert not first.prediction.any()
    assert len(drawn.said) == said
    preview(qtbot, drawn)
    assert drawn.preview.count == 4


def test_another_phase_on_screen_keeps_it_where_it_belongs(drawn, system, qtbot):
    system.may_end.clear()
    drawn.preview.start()
    go_to(drawn, 2, 1)
    system.may_end.set()
    wait_for(qtbot, drawn)
    array = drawn.layer("prediction").data
    assert (array[0] == MYO).all()
    assert not array[1:].any()


def test_training_drops_one_that_is_not_ready(drawn, system, runners, qtbot):
    system.may_end.clear()
    drawn.preview.start()
    assert drawn.train()
    runners[-1].predict(drawn.current_key(), LV)
    qtbot.waitUntil(lambda: drawn.predicted_counts()[0] == 1)
    system.may_end.set()
    wait_for(qtbot, drawn)
    assert drawn.predicted_counts()[0] == 1
    assert drawn.preview.count == 0


def test_training_overwrites_a_preview_slice_by_slice(drawn, system, runners, qtbot):
    preview(qtbot, drawn)
    assert drawn.train()
    assert drawn.preview.count == 4  # better than nothing until the network has an answer
    runners[-1].predict(drawn.current_key(), LV, step=6)
    qtbot.waitUntil(lambda: drawn.preview.shown == "")

    assert drawn.preview.count == 3
    assert drawn.mask_state() == "predicted"
    assert drawn.scans()[0].state == "predicted"
    assert drawn.prediction_age()[0] == 0
    assert set(np.unique(drawn.layer("prediction").data[0, 2])) == {0, LV}


def test_a_run_from_scratch_forgets_predictions_and_keeps_previews(drawn, system, runners, qtbot):
    preview(qtbot, drawn)
    drawn.train()
    runners[-1].predict(FrameKey(drawn.shown_case, 0, 0), LV)
    runners[-1].predict(FrameKey(drawn.shown_case, 1, 0), LV)
    qtbot.waitUntil(lambda: drawn.preview.count == 3 and drawn.predicted_counts()[0] == 5)
    drawn.stop()
    qtbot.waitUntil(lambda: drawn.state is RunState.FINISHED)
    drawn.train(fresh=True)

    assert drawn.predicted_counts()[0] == drawn.preview.count == 3
    assert not drawn.layer("prediction").data[0, 0].any()
    assert not drawn.layer("prediction").data[1:].any()


def test_a_preview_counts_as_missing_wherever_a_network_could_predict(drawn, system, runners, qtbot):
    drawn.train()
    for key in drawn._scans.record.cine.keys():
        runners[-1].predict(key, step=7)
    runners[-1].do(lambda runner: runner.emit(make_checkpoint(runner, 7)))
    qtbot.waitUntil(lambda: drawn.can_continue and drawn.predicted_counts()[0] == 12)
    drawn.stop()
    qtbot.waitUntil(lambda: drawn.state is RunState.FINISHED)
    assert not drawn.needs_predictions()

    preview(qtbot, drawn)
    assert drawn.needs_predictions()
    assert drawn.preview.shown == "Random Walker"
    assert drawn.can_continue


def test_an_accepted_preview_is_remembered_as_one_through_undo_and_redo(drawn, system, qtbot):
    preview(qtbot, drawn)
    assert drawn.accept("frame") == 4
    record, layer = drawn._scans.record, drawn.layer("mask")
    assert set(record.mask_makers.values()) == {DEFAULT_SYSTEM}
    layer.undo()
    drawn.flush()
    assert not record.mask_makers
    layer.redo()
    drawn.flush()
    assert len(record.mask_makers) == 4
    drawn.undo_accept()
    assert not record.mask_makers


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (BaselineError("Draw the background too."), "Draw the background too."),
        (ModuleNotFoundError("no", name="cv2"), "needs a package that did not load (cv2); choose another"),
        (ZeroDivisionError(), "(Random Walker) stopped because of an error: ZeroDivisionError."),
    ],
)
def test_an_error_is_one_sentence_and_the_next_preview_works(drawn, system, qtbot, error, sentence):
    system.error = error
    preview(qtbot, drawn)
    assert sentence in drawn.said[-1].text
    assert drawn.said[-1].level == "warning"
    assert drawn.predicted_counts()[0] == 0

    system.error = None
    preview(qtbot, drawn)
    assert drawn.preview.count == 4


@pytest.mark.parametrize("in_time", [True, False])
def test_closing_waits_for_the_thread_or_leaves_it_alone_but_shows_nothing(drawn, system, qtbot, in_time):
    record = drawn._scans.record
    system.may_end.clear()
    drawn.preview.start()
    if in_time:
        threading.Timer(0.05, system.may_end.set).start()
        drawn.close()
        assert not drawn.preview.running
    else:
        assert not drawn.preview.close(timeout_s=0.05)
        assert any(isinstance(thread, PreviewThread) for thread in threads._alive)
        system.may_end.set()
    qtbot.waitUntil(lambda: not threads._alive)
    assert not record.prediction.any()
    assert drawn.preview.close()


def test_the_default_is_one_of_the_systems_and_comes_first(bench):
    systems = bench.preview.systems()
    assert all(len(system.name) <= len("Random Walker") for system in systems)
    assert systems[0] == DEFAULT_SYSTEM
    assert [system.key for system in systems[1:]] == sorted(BASELINES.keys() - {DEFAULT_SYSTEM.key})


def test_the_default_system_finds_a_heart_in_the_sample(make_bench, qtbot):
    bench = make_bench()
    bench.open_sample()
    slices = np.zeros(bench.layer("scribbles").data.shape[2:], np.uint8)
    centre = np.array(slices.shape) // 2
    for label, offset in ((LV, 0), (MYO, 12), (RV, 30)):
        slices[centre[0] - 3 : centre[0] + 3, centre[1] - offset] = label
    bench._scans.paint_slices({(0, 4): slices})
    preview(qtbot, bench)

    shown = bench.layer("prediction").data
    assert {LV, MYO, RV} <= set(np.unique(shown[0, 4]))
    assert shown[0, 5].any()
    assert not shown[1:].any()


def test_a_preview_needs_no_torch():
    script = """
import sys
sys.modules["torch"] = None
import numpy as np
from napari_scribbleseg.qt.preview_systems import DEFAULT_SYSTEM
from napari_scribbleseg.qt.preview_thread import PreviewJob
from napari_scribbleseg.types import Cine
volume = np.random.default_rng(0).random((2, 40, 40), np.float32)
strokes = np.zeros(volume.shape, np.uint8)
strokes[0, 20, 18:22], strokes[0, 20, 30:34] = 3, 2
previews = PreviewJob(DEFAULT_SYSTEM, Cine("scan", volume[None], (8.0, 1.5, 1.5)), 0, strokes, {0: 3}).segment()
print([(p.key.z, p.step, p.revision, 3 in p.labels) for p in previews])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith("[(0, 0, 3, True), (1, 0, 0,")
