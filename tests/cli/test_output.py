"""Progress on a terminal and without one."""

from __future__ import annotations

import sys

from napari_scribbleseg.cli import output


def test_without_a_terminal_progress_is_a_plain_line_now_and_then(capsys, monkeypatch):
    now_s = iter([0.0, 1.0, 11.0, 12.0, 22.0])
    monkeypatch.setattr(output.time, "monotonic", lambda: next(now_s))
    with output.progress("Training", 4) as advance:
        for step in range(1, 5):
            advance(step, f"step {step}")
    said = capsys.readouterr()
    assert said.err.splitlines() == ["Training 50% step 2", "Training 100% step 4"]
    assert said.out == ""


def test_on_a_terminal_progress_is_a_bar_on_stderr(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with output.progress("Training", 2) as advance:
        advance(2, "step 2")
    said = capsys.readouterr()
    assert "Training" in said.err
    assert said.out == ""
