"""However the window goes, the trainer ends first and nothing drawn is lost."""

from __future__ import annotations

import threading

import pytest
from qtpy.QtCore import Qt

from napari_scribbleseg.labels import MYO
from napari_scribbleseg.session import SessionFolder
from napari_scribbleseg.types import RunState
from tests.qt.stand_ins import make_checkpoint, paint, paint_two_classes


@pytest.mark.parametrize("how", ["close", "hidden", "deleted", "quit"])
def test_closing_while_training_leaves_no_thread_and_saves_the_last_stroke(bench, runners, qtbot, how):
    before = set(threading.enumerate())
    paint_two_classes(bench)
    bench.train()
    qtbot.waitUntil(lambda: bench.state is RunState.RUNNING)
    paint(bench, MYO, y=30)
    path, window = bench.session_path, bench.viewer.window._qt_window
    training = bench._runs.training
    runners[-1].at_end = lambda runner: runner.emit(make_checkpoint(runner, step=9))
    if how == "close":
        bench.close()
    elif how == "hidden":
        # A test's viewer is closed once more at its end, which needs the window's C++ part.
        window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        window.show()
        window.close()
        qtbot.waitUntil(lambda: runners[-1].cancelled.is_set())
    elif how == "deleted":
        # As the dock does: the workbench belongs to the window and goes with it.
        bench.setParent(window)
        bench.viewer.close()
        qtbot.waitUntil(lambda: runners[-1].cancelled.is_set())
    else:
        bench._window.closed.emit()

    assert runners[-1].state is RunState.FINISHED
    assert training.state is RunState.FINISHED
    assert not {t for t in threading.enumerate() if t.is_alive()} - before
    assert training._thread is None
    assert training.start_point.step == 9

    with SessionFolder.open(path) as folder:
        (strokes,) = folder.load(tensors=False).scribbles.values()
    assert MYO in strokes
