from __future__ import annotations

import json

import numpy as np

from napari_scribbleseg.session.history import append_history, describe_event, history_line, read_history
from napari_scribbleseg.types import (
    FinishReason,
    FrameKey,
    HeldOutReport,
    Notice,
    Prediction,
    RunState,
    StateChanged,
    StepReport,
)


def _line(number: int) -> bytes:
    return history_line("step", {"step": number})


def test_events_come_back_in_order_with_time_and_kind(tmp_path):
    path = tmp_path / "history.jsonl"
    append_history(path, [_line(1), _line(2)])
    append_history(path, [_line(3)])
    events = read_history(path)
    assert [event["step"] for event in events] == [1, 2, 3]
    assert events[0]["kind"] == "step"
    assert events[0]["time"].endswith("+00:00")


def test_every_torn_last_line_is_passed_over_and_closed_off(tmp_path):
    path = tmp_path / "history.jsonl"
    for length in range(1, len(_line(2))):
        path.write_bytes(_line(1) + _line(2)[:length])
        append_history(path, [_line(3)])
        steps = [event["step"] for event in read_history(path)]
        assert steps[0] == 1
        assert steps[-1] == 3


def test_only_the_tail_is_read(tmp_path):
    path = tmp_path / "history.jsonl"
    append_history(path, (_line(number) for number in range(30_000)))
    events = read_history(path, limit=10)
    assert [event["step"] for event in events] == list(range(29_990, 30_000))
    assert len(read_history(path, limit=10**6)) < 30_000


def test_a_missing_history_is_empty(tmp_path):
    assert read_history(tmp_path / "none") == ()


def test_what_a_trainer_says_is_described_and_pictures_are_not():
    step = StepReport(3, {"pce": float("nan")}, 0.01, 0.2, 1, 2, 9, "cpu")
    kind, values = describe_event(step)
    assert json.loads(history_line(kind, values))["terms"] == {"pce": None}
    assert describe_event(HeldOutReport(3, 0.5, 7)) == ("held_out", {"step": 3, "accuracy": 0.5, "n_pixels": 7})
    ended = StateChanged(RunState.FINISHED, FinishReason.CANCELLED, "Stopped.")
    assert describe_event(ended)[1] == {"state": "finished", "reason": "cancelled", "message": "Stopped."}
    assert describe_event(Notice("hm", "warning")) == ("notice", {"level": "warning", "text": "hm"})
    labels = np.zeros((2, 2), np.uint8)
    assert describe_event(Prediction(FrameKey("a", 0, 0), labels, labels, 1, 1)) is None
