"""What counts when a person and a file differ, and what is said of a scan that is predicted in part."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.cardiac.measurement import Body, Choices, Flag
from napari_scribbleseg.qt.heart_mask import Coverage
from napari_scribbleseg.qt.measuring import LateMeter, MeasureJob, MeasureThread, meter_of, without_missing
from napari_scribbleseg.types import Cine
from tests.hearts import beating_mask, lv_ml, make_measurement

SPACING_MM = (8.0, 1.5, 1.5)
MASK = beating_mask()
TOLD = Choices(ed=5, es=2, source="Info.cfg", body=Body(180.0, 80.0), heart_rate_bpm=60.0)


def job_for(phases, own=Choices(), told=Choices(), frame_ms=100.0) -> MeasureJob:  # noqa: B008
    cine = Cine("scan", np.zeros(MASK.shape, np.int16), SPACING_MM, frame_ms)
    slices = {(t, z): MASK[t, z] for t in phases for z in range(MASK.shape[1])}
    coverage = Coverage(prediction=len(slices), phases=tuple(phases), n_phases=MASK.shape[0])
    return MeasureJob("scan", meter_of(cine), slices, coverage, own, told)


def test_a_whole_scan_is_measured_at_the_phases_of_its_volumes():
    found = job_for(range(6)).run().measurement
    np.testing.assert_allclose(found.curves.lv_ml, lv_ml(MASK, SPACING_MM))
    assert (found.phases.ed, found.phases.es) == (0, 3)
    assert found.phases.ed_source == "volumes"


def test_each_phase_says_who_chose_it():
    found = job_for(range(6), Choices(es=3), TOLD).run().measurement
    assert (found.phases.ed, found.phases.ed_source) == (5, "Info.cfg")
    assert (found.phases.es, found.phases.es_source) == (3, "chosen")


def test_a_scan_in_parts_is_measured_so_far_with_gaps_in_its_curves():
    found = job_for((0, 2, 3)).run().measurement
    assert np.flatnonzero(np.isfinite(found.curves.lv_ml)).tolist() == [0, 2, 3]
    assert found.lv.edv_ml == pytest.approx(lv_ml(MASK, SPACING_MM)[0])
    assert found.lv.esv_ml == pytest.approx(lv_ml(MASK, SPACING_MM)[3])
    assert "phases_missing" not in {flag.code for flag in found.flags}
    assert "phases_missing" in {flag.code for flag in job_for((0, 2, 3)).measure().flags}  # a report tells


def test_a_chosen_phase_that_is_still_to_come_waits():
    found = job_for((0, 2, 3), Choices(ed=5)).run().measurement
    assert (found.phases.ed, found.phases.ed_source) == (0, "volumes")


def test_other_flags_stay_while_phases_are_missing():
    found = make_measurement(flags=(Flag("gap", "A gap."), Flag("phases_missing", "Two.", "note")))
    assert [flag.code for flag in without_missing(found).flags] == ["gap"]


def test_without_any_phase_there_is_no_measurement_and_no_problem():
    results = job_for(()).run()
    assert results.measurement is None
    assert results.problem == ""


def test_whatever_goes_wrong_becomes_a_sentence(caplog):
    def fail():
        raise RuntimeError("the meter is broken")

    job = job_for(range(6))
    broken = MeasureJob("scan", LateMeter(fail), job.slices, job.coverage)
    thread = MeasureThread(broken)
    thread.work()
    assert thread.results.problem == "Nothing could be measured: the meter is broken"
    assert thread.results.measurement is None
    assert "Measuring stopped" in caplog.text


def test_a_meter_is_made_by_the_thread_that_needs_it():
    made = []
    meter = LateMeter(lambda: made.append(1) or meter_of(Cine("s", np.zeros((1, 1, 4, 4)), SPACING_MM)))
    assert made == []
    meter.update(0, 0, np.zeros((4, 4), np.uint8))
    meter.measure()
    assert made == [1]
