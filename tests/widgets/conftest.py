"""Fixtures of the panels' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("qtpy")

from napari_scribbleseg.widgets.dock import ScribbleDock
from tests.widgets.fake_workbench import FakeWorkbench


@pytest.fixture
def workbench(qapp: object) -> FakeWorkbench:
    """A workbench without a scan."""
    return FakeWorkbench()


@pytest.fixture
def dock(qtbot, workbench: FakeWorkbench) -> Iterator[ScribbleDock]:
    """The dock over a fake workbench, on screen."""
    made = ScribbleDock(workbench)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made
