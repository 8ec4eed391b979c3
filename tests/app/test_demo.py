from __future__ import annotations

import json
import shutil
import subprocess

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.app import demo, virtual_display
from napari_scribbleseg.app.demo_script import along, brush_of, dice_over_phases
from napari_scribbleseg.resources import sample_path


def test_without_xvfb_the_sentence_names_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(demo.DemoError, match="apt-get install -y xvfb"):
        demo.run_demo(headless=True, out=tmp_path)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(demo.DemoError, match="cannot be written"):
        demo.run_demo(headless=True, out=tmp_path / "file")


def test_a_script_that_dies_is_told_with_its_last_words(monkeypatch, tmp_path):
    monkeypatch.setattr(demo.sys, "executable", "/bin/false")
    with pytest.raises(demo.DemoError, match="ended early"):
        demo.run_demo(headless=True, out=tmp_path)


def test_on_a_desktop_the_window_opens_with_the_sample(monkeypatch):
    opened = []
    monkeypatch.setattr(demo, "has_display", lambda: True)
    monkeypatch.setattr("napari_scribbleseg.app.window.launch", lambda **kwargs: opened.append(kwargs))
    assert demo.run_demo() == {}
    assert opened == [{"sample": True}]


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_a_virtual_display_ends_with_its_block(monkeypatch):
    servers = []

    class Popen(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            servers.append(self)

    monkeypatch.setattr(virtual_display.subprocess, "Popen", Popen)
    with virtual_display.virtual_display(320, 200) as name:
        assert int(name.removeprefix(":")) >= 0
        assert servers[0].poll() is None
    assert servers[0].poll() is not None


def test_a_dragged_path_is_as_dense_as_naparis():
    path = along([[0, 0], [0, 3], [6, 3]], brush_size=3)
    assert path.shape == (1 + 4 + 8, 2)
    assert np.abs(np.diff(path, axis=0)).max() <= 0.75
    assert brush_of(1.5) == 3
    assert brush_of(0.2) == 1


def test_strokes_painted_by_script_are_the_sample_scribbles(window, qtbot):
    from napari_scribbleseg.app.demo_script import Scene

    viewer, dock = window()
    dock.workbench.open_sample()
    scene = Scene(viewer, dock)
    strokes = json.loads(sample_path("sample_strokes.json").read_text())
    for stroke in strokes:
        scene.paint(stroke)
    dock.workbench.flush()
    expected = np.asarray(nib.load(sample_path("sample_scribbles.nii.gz")).dataobj).T
    np.testing.assert_array_equal(np.asarray(viewer.layers["scribbles"].data), expected)
    assert dock.workbench.strokes()[1] == len(strokes)


def test_dice_is_averaged_over_phases(tmp_path):
    truth = np.zeros((4, 4, 1, 2), np.uint8)
    truth[:2, :, :, :] = 3
    mask = truth.copy()
    mask[..., 1] = 0
    for name, values in (("mask", mask), ("truth", truth)):
        nib.save(nib.Nifti1Image(values, np.eye(4)), tmp_path / f"{name}.nii.gz")
    assert dice_over_phases(tmp_path / "mask.nii.gz", tmp_path / "truth.nii.gz")["LV"] == 0.5
