"""Results follow masks and decisions, beside the window, and decisions outlive it."""

from __future__ import annotations

import threading

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.cardiac.measurement import Body, Choices
from napari_scribbleseg.labels import LV
from napari_scribbleseg.qt.measuring import meter_of
from napari_scribbleseg.qt.results_desk import GAP_MS
from napari_scribbleseg.types import FrameKey, Prediction
from tests.hearts import beating_mask, lv_ml
from tests.qt.stand_ins import go_to, write_scan

WINDOW = False
MASK = beating_mask()
SPACING_MM = (8.0, 1.5, 1.5)


@pytest.fixture
def scan_path(tmp_path):
    return write_scan(tmp_path / "heart.nii.gz", MASK.shape)


def predict(bench, mask=MASK, phases=None, now: float = 1.0) -> None:
    """Write what a network would have predicted, and say so."""
    record = bench._scans.record
    for t in range(mask.shape[0]) if phases is None else phases:
        for z, labels in enumerate(mask[t]):
            confidence = np.full(labels.shape, 200, np.uint8)
            record.set_prediction(Prediction(FrameKey(record.case, t, z), labels, confidence, 1, 1), now)
    bench.prediction_changed.emit()


def settle(bench, qtbot) -> None:
    """Wait until nothing is left to measure."""
    desk = bench.results
    qtbot.waitUntil(lambda: desk._thread is None and not desk._timer.isActive() and not desk._wanted, timeout=60_000)


@pytest.fixture
def measured(bench, qtbot):
    """A workbench with a heart that was predicted and measured."""
    predict(bench)
    settle(bench, qtbot)
    return bench


def found(bench):
    return bench.results.results.measurement


def test_a_predicted_scan_is_measured_by_itself(measured):
    np.testing.assert_allclose(found(measured).curves.lv_ml, lv_ml(MASK, SPACING_MM))
    assert (found(measured).phases.ed, found(measured).phases.es) == (0, 3)
    assert measured.results.results.coverage.sentence == "From the prediction"


def test_results_grow_with_the_phases_that_come_in(bench, qtbot):
    settle(bench, qtbot)
    assert found(bench) is None
    predict(bench, phases=(0, 3))
    settle(bench, qtbot)
    assert np.flatnonzero(np.isfinite(found(bench).curves.lv_ml)).tolist() == [0, 3]
    assert bench.results.results.coverage.phases == (0, 3)
    predict(bench, phases=(1, 2, 4, 5))
    settle(bench, qtbot)
    assert bench.results.results.coverage.whole


def test_an_accepted_or_corrected_slice_is_measured_in_place_of_the_prediction(measured, qtbot):
    go_to(measured, 0, 5)
    measured.accept("slice")
    measured.viewer.layers["mask"].data_setitem(
        (np.zeros(1, int), np.full(1, 5), np.zeros(1, int), np.zeros(1, int)), LV
    )
    measured._masks.flush()
    settle(measured, qtbot)
    voxel_ml = np.prod(SPACING_MM) / 1000
    assert found(measured).curves.lv_ml[0] == pytest.approx(lv_ml(MASK, SPACING_MM)[0] + voxel_ml)
    assert measured.results.results.coverage.sentence == "From 1 mask + 59 prediction slices"
    measured.undo_accept()


def test_only_slices_that_changed_are_taken_in_again(make_bench, scan_path, qtbot, monkeypatch):
    bench = make_bench()
    updates = []

    class Noting:
        def __init__(self, cine):
            self._meter = meter_of(cine)

        def update(self, t, z, labels):
            updates.append((t, z))
            self._meter.update(t, z, labels)

        def measure(self, choices=None):
            return self._meter.measure(choices)

    bench.results._make_meter = Noting
    bench.open_scan(scan_path)
    predict(bench)
    settle(bench, qtbot)
    assert len(updates) == 60
    predict(bench, phases=(2,), now=2.0)
    settle(bench, qtbot)
    assert set(updates[60:]) == {(2, z) for z in range(10)}


def test_a_stream_of_predictions_is_measured_a_few_times_a_second(measured, qtbot):
    told = []
    measured.results.changed.connect(lambda: told.append(1))
    for i in range(40):
        predict(measured, phases=(i % 6,), now=2.0 + i)
        qtbot.wait(10)
    settle(measured, qtbot)
    assert 1 <= len(told) <= 40 * 20 / GAP_MS + 4


def test_measuring_is_done_beside_the_window(measured, qtbot):
    threads = []
    meter = measured.results._meter
    plain = meter.measure

    def measure(choices=None):
        threads.append(threading.get_ident())
        return plain(choices)

    meter.measure = measure
    measured.results.look_now()
    settle(measured, qtbot)
    assert threads
    assert threading.get_ident() not in threads


def test_one_call_makes_the_phase_on_screen_ed_and_the_same_again_lets_go(measured, qtbot):
    go_to(measured, 1, 4)
    assert measured.results.choose_phase("ed")
    settle(measured, qtbot)
    assert (found(measured).phases.ed, found(measured).phases.ed_source) == (1, "chosen")
    assert found(measured).phases.es_source == "volumes"
    assert "End-diastole is phase 1 from now on." in measured.said.text
    measured.results.choose_phase("ed")
    settle(measured, qtbot)
    assert (found(measured).phases.ed, found(measured).phases.ed_source) == (0, "volumes")
    assert "End-diastole is found from the volumes again." in measured.said.text


def test_both_phases_can_be_let_go_at_once(measured, qtbot):
    measured.results.choose_phase("ed", 2)
    measured.results.choose_phase("es", 4)
    measured.results.find_phases()
    settle(measured, qtbot)
    assert (found(measured).phases.ed, found(measured).phases.es) == (0, 3)


def test_a_slice_that_is_left_out_counts_for_nothing_in_its_phase_alone(measured, qtbot):
    measured.results.choose_phase("ed", 0)
    before = found(measured).curves.lv_ml
    go_to(measured, 0, 8)
    assert measured.results.toggle_slice()
    settle(measured, qtbot)
    after = found(measured).curves.lv_ml
    assert after[0] == pytest.approx(before[0] * 7 / 8)
    np.testing.assert_allclose(after[1:], before[1:])
    assert (0, 8, False) in found(measured).slices
    assert "Slice 8 of phase 0 is left out of all volumes." in measured.said.text
    measured.results.toggle_slice()
    settle(measured, qtbot)
    np.testing.assert_allclose(found(measured).curves.lv_ml, before)


def test_body_and_heart_rate_bring_indices_and_output(measured, qtbot):
    measured.results.set_body(180, 80)
    measured.results.set_heart_rate(60)
    settle(measured, qtbot)
    lv = found(measured).lv
    assert lv.edv_ml_per_m2 == pytest.approx(lv.edv_ml / 2.0)
    assert lv.output_l_per_min == pytest.approx(lv.sv_ml * 60 / 1000)
    measured.results.set_body(0, 80)
    settle(measured, qtbot)
    assert found(measured).body == Body(None, 80)


def test_decisions_are_in_the_session_and_what_files_say_is_not(make_bench, scan_path, qtbot):
    (scan_path.parent / "Info.cfg").write_text("ED: 2\nES: 5\nHeight: 180\nWeight: 80\nNbFrame: 6\n")
    bench = make_bench()
    bench.open_scan(scan_path)
    bench.set_remember_paths(True)
    assert bench.results.choices == Choices(1, 4, "Info.cfg", body=Body(180, 80))
    bench.results.choose_phase("es", 3)
    bench.results.toggle_slice((0, 9))
    bench.flush()
    text = (bench.session_path / "session.json").read_text()
    assert '"es": 3' in text
    assert "180" not in text
    assert '"ed": 1' not in text
    bench.close()

    again = make_bench()
    assert again.reopen_last()
    assert again.results.choices == Choices(1, 3, "chosen", frozenset({(0, 9)}), Body(180, 80))
    predict(again)
    settle(again, qtbot)
    phases = found(again).phases
    assert (phases.ed, phases.ed_source, phases.es, phases.es_source) == (1, "Info.cfg", 3, "chosen")


def test_decisions_go_with_a_copy_of_the_session(measured, tmp_path):
    measured.results.choose_phase("ed", 1)
    assert measured.save_session_as(tmp_path / "copy")
    measured.flush()
    assert '"ed": 1' in (tmp_path / "copy" / "session.json").read_text()


def test_each_scan_has_results_and_decisions_of_its_own(measured, tmp_path, qtbot):
    first = measured.shown_case
    measured.results.choose_phase("ed", 2)
    measured.open_scan(write_scan(tmp_path / "second.nii.gz", MASK.shape, seed=1))
    settle(measured, qtbot)
    assert found(measured) is None
    assert measured.results.choices == Choices()
    measured.show_scan(first)
    settle(measured, qtbot)
    assert found(measured).phases.ed == 2


def test_predictions_that_are_forgotten_are_not_measured_on(measured, qtbot):
    measured._scans.record.forget_predictions()
    measured.prediction_changed.emit()
    settle(measured, qtbot)
    assert found(measured) is None
    predict(measured, phases=(4,), now=9.0)
    settle(measured, qtbot)
    assert np.flatnonzero(np.isfinite(found(measured).curves.lv_ml)).tolist() == [4]


def test_without_a_scan_a_sentence_says_so_and_nothing_else_happens(make_bench):
    bench = make_bench()
    desk = bench.results
    assert not desk.choose_phase("ed")
    assert not desk.toggle_slice()
    desk.set_body(180, 80)
    desk.find_phases()
    desk.go_to(3)
    assert bench.said.text == "Open a scan first. | Open a scan first."
    assert desk.results.case == ""
    assert desk.choices == Choices()


def test_a_phase_that_is_not_there_is_refused(measured):
    assert not measured.results.choose_phase("ed", 6)
    assert "no phase 6" in measured.said.text


def test_going_to_a_phase_keeps_the_slice(measured):
    go_to(measured, 0, 7)
    measured.results.go_to(4)
    assert measured.results.here == (4, 7)
    measured.results.go_to(2, 1)
    assert measured.results.here == (2, 1)


def test_a_volume_without_phases_is_measured_at_its_only_one(make_bench, tmp_path, qtbot):
    bench = make_bench()
    noise = np.random.default_rng(0).integers(0, 900, (48, 48, 10), dtype=np.int16)
    image = nib.Nifti1Image(noise, np.diag([1.5, 1.5, 8, 1]))
    image.to_filename(tmp_path / "volume.nii.gz")
    bench.open_scan(tmp_path / "volume.nii.gz")
    predict(bench, MASK[:1])
    settle(bench, qtbot)
    assert found(bench).lv.edv_ml == pytest.approx(lv_ml(MASK, SPACING_MM)[0])
    assert found(bench).lv.ef_percent is None


def test_closing_waits_for_what_is_being_measured(measured, qtbot):
    asked, may_end = threading.Event(), threading.Event()

    def measure(choices=None):
        asked.set()
        assert may_end.wait(10)

    measured.results._meter.measure = measure
    measured.results.look_now()
    qtbot.waitUntil(asked.is_set, timeout=5000)
    threading.Timer(0.1, may_end.set).start()
    assert measured.results.close()
    measured.results.look_now()
    assert measured.results._thread is None
