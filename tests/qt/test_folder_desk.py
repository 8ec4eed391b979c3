"""A folder of scans becomes a folder of masks, beside the window, and every mask says how it came to be."""

from __future__ import annotations

import json
import threading

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.api import prediction
from napari_scribbleseg.api.prediction import SegmentedFile
from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.io import ScanError
from napari_scribbleseg.labels import LV
from napari_scribbleseg.qt.weights_shelf import read_entry
from napari_scribbleseg.types import RunState
from tests.qt.stand_ins import StandInShelf, paint, write_scan
from tests.qt.weights_file import write_weights

WINDOW = False


@pytest.fixture
def shelf(tmp_path):
    path = write_weights(tmp_path / "acdc_roi.safetensors")
    return StandInShelf(read_entry("acdc_roi", path, licensed=True))


@pytest.fixture
def bench(make_bench, shelf):
    return make_bench(shelf=shelf)


@pytest.fixture
def folder(tmp_path):
    """Two small scans, and a mask that is none."""
    source = tmp_path / "scans"
    source.mkdir()
    for name, seed in (("a.nii.gz", 0), ("b.nii.gz", 1)):
        write_scan(source / name, (1, 2, 48, 40), seed)
    write_scan(source / "a_seg.nii.gz", (1, 2, 48, 40))
    return source


class StandIn:
    """Takes the place of `api.predict_file`."""

    def __init__(self) -> None:
        self.asked, self.options = [], []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.fails: dict[str, Exception] = {}

    def __call__(self, model, scan, out, *, progress, weights, **options) -> SegmentedFile:
        self.asked.append(scan.name)
        self.options.append(options)
        progress(1, 2)
        assert self.may_go_on.wait(10)
        progress(2, 2)
        if scan.name in self.fails:
            raise self.fails[scan.name]
        target = out / f"{scan.name}_seg"
        target.write_text(json.dumps(weights))
        return SegmentedFile(scan, target, target)


@pytest.fixture
def predict(monkeypatch):
    stand_in = StandIn()
    monkeypatch.setattr(prediction, "predict_file", stand_in)
    yield stand_in
    stand_in.may_go_on.set()


def wait_for(qtbot, bench) -> None:
    qtbot.waitUntil(lambda: not bench.folder.running, timeout=60_000)


def test_every_scan_gets_a_mask_on_its_grid_and_a_json_file_beside_it(bench, folder, tmp_path, qtbot):
    out = tmp_path / "new" / "masks"
    bench.set_post(PostProcessing(ring=False))
    assert bench.folder.start(folder, out)
    wait_for(qtbot, bench)
    assert sorted(path.name for path in out.iterdir()) == ["a_seg.json", "a_seg.nii.gz", "b_seg.json", "b_seg.nii.gz"]
    scan, mask = nib.load(folder / "a.nii.gz"), nib.load(out / "a_seg.nii.gz")
    np.testing.assert_array_equal(mask.affine, scan.affine)
    assert mask.shape == scan.shape
    note = json.loads((out / "a_seg.json").read_text())
    assert note["weights"]["name"] is None  # a file that is in no list
    assert len(note["weights"]["sha256"]) == 64
    assert note["post_processing"]["ring"] is False
    assert str(tmp_path) not in json.dumps(note)
    assert bench.said[-1].text == "2 masks written to masks, each with a JSON file beside it."
    assert bench.said[-1].level == "info"


def test_it_tells_how_far_it_is_and_can_be_cancelled_within_a_scan(bench, folder, tmp_path, predict, qtbot):
    predict.may_go_on.clear()
    told = []
    bench.folder.changed.connect(lambda: told.append(bench.folder.progress))
    assert bench.folder.start(folder, tmp_path / "out")
    qtbot.waitUntil(lambda: any(progress.done == 0.5 for progress in told))
    assert (told[-1].total, told[-1].name) == (2, "a.nii.gz")
    assert not bench.folder.start(folder, tmp_path / "out")
    assert "already" in bench.said[-1].text
    bench.folder.cancel()
    predict.may_go_on.set()
    wait_for(qtbot, bench)
    assert predict.asked == ["a.nii.gz"]
    assert bench.said[-1].text.startswith("Stopped: 0 masks written")


def test_a_scan_that_fails_does_not_stop_the_others(bench, folder, tmp_path, predict, qtbot):
    predict.fails = {"a.nii.gz": ScanError("a.nii.gz holds no pixels.")}
    bench.folder.start(folder, tmp_path / "out")
    wait_for(qtbot, bench)
    assert predict.asked == ["a.nii.gz", "b.nii.gz"]
    assert bench.said[-1].level == "warning"
    assert "1 mask written" in bench.said[-1].text
    assert "a.nii.gz: a.nii.gz holds no pixels." in bench.said[-1].text


def test_an_empty_folder_and_damaged_weights_are_sentences(bench, shelf, folder, tmp_path, qtbot):
    (tmp_path / "empty").mkdir()
    bench.folder.start(tmp_path / "empty", tmp_path / "out")
    wait_for(qtbot, bench)
    assert "empty holds no scan" in bench.said[-1].text
    shelf.kept[0].path.write_bytes(b"\x00" * 64)
    bench.folder.start(folder, tmp_path / "out")
    wait_for(qtbot, bench)
    assert "damaged" in bench.said[-1].text
    assert bench.said[-1].level == "warning"
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())


def test_without_weights_or_while_training_it_says_what_to_do_first(make_bench, bench, runners, scan_path, tmp_path):
    bare = make_bench()
    assert not bare.folder.start(tmp_path, tmp_path)
    assert "train first" in bare.said[-1].text
    assert bench.folder.problem == ""
    bench.open_scan(scan_path)
    paint(bench, LV)
    bench.train()
    assert not bench.folder.start(tmp_path, tmp_path)
    assert "Stop training first" in bench.said[-1].text


def test_what_this_session_learned_is_applied_and_the_json_tells_of_its_strokes(
    bench, runners, scan_path, folder, tmp_path, predict, qtbot
):
    bench.open_scan(scan_path)
    paint(bench, LV)
    bench.train()
    qtbot.waitUntil(lambda: bench.state is RunState.RUNNING)
    runners[-1].checkpoint(step=7)
    qtbot.waitUntil(lambda: bench.can_continue)
    bench.stop()
    qtbot.waitUntil(lambda: bench.state is RunState.FINISHED)
    bench.folder.start(folder, tmp_path / "out")
    wait_for(qtbot, bench)
    weights = json.loads((tmp_path / "out" / "a.nii.gz_seg").read_text())
    assert weights["step"] == 7
    training = weights["training"]
    assert training["seconds"] > 0
    assert training["started_from"]["sha256"]
    assert [scan["by_class"]["LV"] for scan in training["scans"]] == [1]
    assert predict.options[0]["post"] == PostProcessing()


def test_closing_the_workbench_ends_it(bench, folder, tmp_path, predict, qtbot):
    predict.may_go_on.clear()
    bench.folder.start(folder, tmp_path / "out")
    qtbot.waitUntil(lambda: predict.asked == ["a.nii.gz"], timeout=20_000)
    threading.Timer(0.1, predict.may_go_on.set).start()
    bench.close()
    assert not bench.folder.running
    assert predict.asked == ["a.nii.gz"]
