from __future__ import annotations

import pytest

from napari_scribbleseg.bench.cells import base_settings, make_grid
from napari_scribbleseg.bench.overview import GridProgress, Overview
from napari_scribbleseg.bench.records import CellFolder
from napari_scribbleseg.bench.rows import choose_rows

CELLS = make_grid(choose_rows("pce,dmpls,s2l"), (1,), (0,), base_settings("roi", 10))


@pytest.fixture
def folders(tmp_path):
    found = {cell.row.key: CellFolder(tmp_path, cell.name) for cell in CELLS}
    for folder in found.values():
        folder.make()
    return found


def test_it_reads_from_the_folders_what_is_done_and_what_is_going_on(folders, tmp_path):
    folders["pce"].note(status="done")
    folders["dmpls"].note(status="running", run="now")
    folders["dmpls"].pulse("train", 4, 10)
    progress = Overview(tmp_path, CELLS, "now", lambda p: None).progress()
    assert (progress.cells_done, progress.cells, progress.steps_done, progress.steps) == (1, 3, 14, 30)
    assert progress.working == ("dmpls-fold1-seed0 step 4/10",)
    assert str(progress) == "1 of 3 cells; dmpls-fold1-seed0 step 4/10"


def test_only_failures_of_this_run_count(folders, tmp_path):
    folders["pce"].note(status="failed", run="yesterday", message="old")
    folders["s2l"].note(status="failed", run="now", message="new")
    overview = Overview(tmp_path, CELLS, "now", lambda p: None)
    assert overview.progress().failed == 1
    assert overview.summary() == {
        "cells": 3,
        "done": 0,
        "failed": {"s2l-fold1-seed0": "new"},
        "left": ["pce-fold1-seed0", "dmpls-fold1-seed0"],
    }


def test_it_tells_twice_a_second_at_most(tmp_path):
    told = []
    overview = Overview(tmp_path, CELLS, "now", told.append)
    overview.look()
    overview.look()
    assert len(told) == 1


def test_the_share_runs_from_nothing_to_all():
    assert GridProgress(0, 2, 0, 100).share == 0.0
    assert GridProgress(2, 2, 100, 100).share == 1.0
    assert 0.4 < GridProgress(1, 2, 50, 100).share < 0.6
    assert GridProgress(1, 2, 0, 0).share == 0.5
    assert GridProgress(0, 0, 0, 0).share == 1.0
