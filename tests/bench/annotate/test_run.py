"""All sittings of a request: kept, resumed, refused."""

from __future__ import annotations

import json

import pytest

from napari_scribbleseg.bench.annotate import run as runs
from napari_scribbleseg.bench.annotate.request import AnnotateRequest, Seconds
from napari_scribbleseg.bench.annotate.run import COMPLETED, INTERRUPTED, OUT_OF_TIME, hold, plan, run_annotate
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.engine.weights import WeightsError


@pytest.fixture
def request_of(acdc, tmp_path):
    """Ask for GrowCut on two patients, one round, unless told otherwise."""
    usual = {"acdc": acdc, "systems": "growcut", "patients": "1,10", "rounds": 1, "threads": 1}

    def make(**values) -> AnnotateRequest:
        return AnnotateRequest(**{"out": tmp_path / "out", **usual, **values})

    return make


def test_every_session_system_and_patient_is_a_sitting_kept_in_a_file(request_of):
    heard = []
    request = request_of()
    summary = run_annotate(request, lambda done, total, name: heard.append((done, total, name)))
    assert (summary["sittings"], summary["done"], summary["reason"]) == (4, 4, COMPLETED)
    assert heard[-1][:2] == (4, 4)
    kept = json.loads((request.out / "sittings" / "curve" / "growcut" / "patient010.json").read_text())
    assert (kept["patient"], kept["group"], kept["session"]) == (10, "DCM", "curve")
    assert [p["stage"] for p in kept["points"]] == ["three", "corrected"]
    assert json.loads((request.out / "annotate.json").read_text())["seed"] == 0


def test_a_second_call_holds_only_what_is_new(request_of, monkeypatch):
    held = []
    monkeypatch.setattr(runs, "hold", lambda task: held.append(task.name) or hold(task))
    run_annotate(request_of(patients="1", sessions="sparse"))
    run_annotate(request_of(patients="1,10", sessions="sparse"))
    assert held == ["sparse/growcut/patient001", "sparse/growcut/patient010"]
    run_annotate(request_of(patients="1", sessions="sparse", seed=3))
    assert held[2:] == ["sparse/growcut/patient001"]
    run_annotate(request_of(patients="1", sessions="sparse", seed=3, rounds=4, seconds="1,2,3"))
    assert len(held) == 3  # neither rounds nor seconds change what a system without training makes of sparse strokes


def test_the_same_request_gives_the_same_masks_and_seconds(request_of, tmp_path):
    one, two = (request_of(out=tmp_path / name, patients="1") for name in "ab")
    points = []
    for request in (one, two):
        run_annotate(request)
        kept = json.loads((request.out / "sittings/curve/growcut/patient001.json").read_text())
        points.append([{k: v for k, v in p.items() if k != "compute_s"} for p in kept["points"]])
    assert points[0] == points[1]


def test_a_sitting_that_fails_is_told_by_name_and_the_others_go_on(request_of, monkeypatch):
    def sit(task, patient):
        if task.patient == 1:
            raise ValueError("No luck.\nSecond line.")
        return {"points": [], "corrections": []}

    monkeypatch.setattr(runs, "_sit", sit)
    summary = run_annotate(request_of(sessions="curve"))
    assert summary["failed"] == {"curve/growcut/patient001": "No luck."}
    assert summary["done"] == 1


def test_ctrl_c_keeps_what_is_done(request_of, monkeypatch):
    def stop(task):
        if task.patient == 10:
            raise KeyboardInterrupt
        return hold(task)

    monkeypatch.setattr(runs, "hold", stop)
    summary = run_annotate(request_of(sessions="sparse"))
    assert summary["reason"] == INTERRUPTED
    assert summary["done"] == 1
    assert summary["left"] == ["sparse/growcut/patient010"]


def test_nothing_begins_when_the_time_is_over(request_of):
    summary = run_annotate(request_of(budget_s=1e-9))
    assert summary["reason"] == OUT_OF_TIME
    assert len(summary["left"]) == 4


def test_several_workers_come_to_the_same(request_of, tmp_path):
    summary = run_annotate(request_of(sessions="sparse", workers=2))
    assert summary["done"] == 2
    alone = request_of(out=tmp_path / "alone", sessions="sparse")
    run_annotate(alone)
    name = "sittings/sparse/growcut/patient010.json"
    dices = [json.loads((out / name).read_text())["points"][-1]["dice"] for out in (tmp_path / "out", alone.out)]
    assert dices[0] == dices[1]


def test_ours_starts_from_the_weights_that_it_is_given(request_of, patients, tmp_path):
    from napari_scribbleseg.api.finetuning import FineTuning

    weights = tmp_path / "w.safetensors"
    FineTuning(None, [patients[0].cine], threads=1).model().save(weights)
    request = request_of(patients="1", sessions="curve", systems="finetuned", weights=str(weights), seconds="0.4,1,0.1")
    assert run_annotate(request)["failed"] == {}
    kept = json.loads((request.out / "sittings/curve/finetuned/patient001.json").read_text())
    assert [p["stage"] for p in kept["points"]][:2] == ["none", "three"]
    assert kept["conditions"]["settings"]["schedule"] == "finetune"
    header = json.loads((request.out / "annotate.json").read_text())
    assert header["weights_sha256"] == kept["conditions"]["weights_sha256"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"patients": "85"}, "patient085 is not there or has no masks"),
        ({"patients": "2"}, "holds no patient 2"),
        ({"systems": "magic"}, "no system 'magic'"),
        ({"sessions": "curve,night"}, "no session 'night'"),
        ({"seconds": "20,60"}, "three numbers above 0"),
        ({"seconds": "20,60,0"}, "three numbers above 0"),
        ({"patients": "five"}, "cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(request_of, values, sentence):
    request = request_of(**values)
    with pytest.raises(ValueError, match=sentence):
        run_annotate(request)
    assert not request.out.exists()


def test_missing_weights_and_data_are_refused(request_of, tmp_path):
    with pytest.raises(WeightsError, match="no weights file"):
        run_annotate(request_of(systems="finetuned", weights=str(tmp_path / "none.safetensors")))
    with pytest.raises(BenchError, match="There is no"):
        run_annotate(request_of(acdc=tmp_path / "nowhere"))


@pytest.mark.parametrize("name", ["rounds", "strokes", "seed", "workers", "threads", "budget_s"])
def test_numbers_out_of_range_are_refused(request_of, name):
    with pytest.raises(BenchError, match="must be"):
        request_of(**{name: -1})


def test_the_default_is_sixteen_patients_at_the_budgets_of_the_aims(request_of, acdc, tmp_path):
    request = AnnotateRequest(tmp_path, acdc)
    assert request.numbers() == tuple(range(5, 81, 5))
    assert request.time_limits() == Seconds(20, 60, 5)
    assert len(plan(request_of(patients="1-10", systems="classical"))) == 10 * 2 * 7
