"""`napari-scribbleseg bench function` from the command line."""

from __future__ import annotations

import pytest

from napari_scribbleseg.bench.function import report
from napari_scribbleseg.bench.function import run as runs
from napari_scribbleseg.bench.function.request import FunctionRequest
from napari_scribbleseg.cli import output
from tests.bench.function.rows import HEADER, make_rows


@pytest.fixture
def asked(monkeypatch):
    """Let no network run; return the requests that were made."""
    requests = []

    def run_function(request, progress):
        requests.append(request)
        progress(1, 3, "patient005")
        return HEADER, make_rows()

    monkeypatch.setattr(runs, "run_function", run_function)
    for name in ("draw_bland_altman", "draw_correlation"):
        monkeypatch.setattr(report, name, lambda out, rows: [])
    return requests


def test_arguments_become_a_request_and_findings_are_told(run, asked, tmp_path):
    argv = ["--acdc", tmp_path, "--out", tmp_path / "out", "--patients", "5,10", "--weights", "w", "--no-post"]
    said = run("bench", "function", *argv, "--device", "cpu", "--threads", "1")
    assert said.code == 0
    assert asked == [
        FunctionRequest(tmp_path, tmp_path / "out", "w", "5,10", no_post=True, device="cpu", threads=1),
    ]
    assert "LV EDV: mean absolute error **3.3 mL**" in said.out
    assert f"{tmp_path / 'out' / 'report.md'} written." in said.out


def test_with_json_the_numbers_are_all_there_is_on_stdout(run, asked, tmp_path):
    said = run("bench", "function", "--acdc", tmp_path, "--out", tmp_path / "out", "--json")
    assert said.json["agreement"]["lv_edv_ml"]["n"] == 3


def test_a_folder_without_patients_is_one_sentence(run, tmp_path):
    said = run("bench", "function", "--acdc", tmp_path, "--out", tmp_path / "out", "--patients", "5")
    assert said.code == output.BAD_INPUT
    assert "holds no ACDC patient" in said.err
    assert not (tmp_path / "out").exists()


def test_the_command_teaches_by_example(run):
    said = run("bench", "function", "--help")
    assert said.code == 0
    assert "napari-scribbleseg bench function" in said.out.split("Example")[1]
