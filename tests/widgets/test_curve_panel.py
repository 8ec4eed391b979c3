from __future__ import annotations

import time

import numpy as np
import pytest

from napari_scribbleseg.types import HeldOutReport, StepReport
from napari_scribbleseg.widgets.curve_panel import REDRAW_MS


@pytest.fixture
def panel(dock):
    return dock.curve_panel


def send(workbench, n: int, start: int = 1) -> None:
    for step in range(start, start + n):
        terms = {"partial_ce": 1 / step, "pseudo_label": 0.1}
        workbench.step_reported.emit(StepReport(step, terms, 0.01, 0.1, 1, 1, 10**6, "cpu"))


def test_each_term_gets_a_curve_and_a_legend(panel, workbench):
    send(workbench, 20)
    panel.redraw()
    x, y = panel._curves["partial_ce"].getData()
    np.testing.assert_allclose(y, 1 / x)
    assert "pCE" in panel.legend.text()
    assert "pseudo" in panel.legend.text()


def test_held_out_accuracy_has_its_own_axis_in_percent(panel, workbench):
    workbench.held_out_reported.emit(HeldOutReport(25, 0.5, 100))
    panel.redraw()
    assert panel._accuracy_curve.getData()[1] == pytest.approx([50])
    assert "50%" in panel.legend.text()


def test_reports_in_a_burst_are_drawn_at_most_four_times_a_second(panel, workbench, qtbot, monkeypatch):
    draws = []
    monkeypatch.setattr(panel.legend, "setText", draws.append)
    end = time.monotonic() + 1.0
    step = 1
    while time.monotonic() < end:
        send(workbench, 5, step)
        step += 5
        qtbot.wait(5)
    assert 1 <= len(draws) <= 1000 / REDRAW_MS + 1


def test_an_hour_of_reports_stays_light(panel, workbench):
    send(workbench, 20_000)
    assert panel.n_points <= 3 * 400


def test_a_fresh_run_clears_and_a_continued_one_does_not(panel, workbench):
    send(workbench, 10)
    workbench.continuing = True
    workbench.run_started.emit()
    assert panel.n_points == 20
    workbench.continuing = False
    workbench.run_started.emit()
    assert panel.n_points == 0
