"""The commands that show a window hand over to the app."""

from __future__ import annotations

import inspect

import pytest

from napari_scribbleseg.cli import output


@pytest.fixture
def demo_module():
    return pytest.importorskip("napari_scribbleseg.app.demo")


def test_demo_passes_its_arguments_and_prints_the_summary(run, demo_module, monkeypatch, tmp_path):
    signature = inspect.signature(demo_module.run_demo)
    summary = {"steps": 7, "seconds": 1.5, "device": "cpu", "dice": {"RV": 0.5, "Myo": 0.25, "LV": 0.75}}
    calls = []

    def stand_in(*args, **kwargs):
        calls.append(signature.bind(*args, **kwargs).arguments)
        kwargs["say"]("training")
        return summary

    monkeypatch.setattr(demo_module, "run_demo", stand_in)
    said = run("demo", "--headless", "--out", tmp_path, "--steps", 7, "--json")
    assert (said.code, said.json, said.err) == (0, summary, "training\n")
    assert {key: calls[0][key] for key in ("headless", "out", "steps")} == {
        "headless": True,
        "out": tmp_path,
        "steps": 7,
    }

    said = run("demo")
    assert "7 steps in 1.5 s on cpu; Dice RV 0.50, Myo 0.25, LV 0.75." in said.out
    assert "steps" not in calls[1]


def test_a_demo_that_cannot_run_says_why(run, demo_module, monkeypatch):
    def fail(**kwargs):
        raise demo_module.DemoError("There is no virtual display here.")

    monkeypatch.setattr(demo_module, "run_demo", fail)
    said = run("demo")
    assert (said.code, said.err.strip()) == (output.FAILED, "There is no virtual display here.")


def test_open_hands_its_scans_to_the_window(run, files, monkeypatch):
    window = pytest.importorskip("napari_scribbleseg.app.window")
    opened = []
    monkeypatch.setattr(window, "launch", opened.extend)
    assert run("open", files.a.scan).code == 0
    assert opened == [files.a.scan]


def test_open_refuses_a_bad_scan_before_the_window_is_up(run, tmp_path, monkeypatch):
    window = pytest.importorskip("napari_scribbleseg.app.window")
    monkeypatch.setattr(window, "launch", lambda scans: pytest.fail("opened a window"))
    said = run("open", tmp_path / "nowhere.nii.gz")
    assert said.code == output.BAD_INPUT
    assert "nowhere.nii.gz does not exist" in said.err
