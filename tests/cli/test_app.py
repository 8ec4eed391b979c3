"""The command line as a whole: help, version, and how errors are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import napari_scribbleseg
from napari_scribbleseg.cli import main, output
from napari_scribbleseg.methods import METHODS

ROOT = Path(napari_scribbleseg.__file__).parents[1]
COMMANDS = ("demo", "open", "train", "predict", "evaluate", "info")


def shell(*argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "napari_scribbleseg.cli", *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)


def test_without_arguments_the_help_names_every_command(run):
    said = run()
    assert said.code == 0
    assert all(command in said.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_by_example(run, command):
    said = run(command, "--help")
    assert said.code == 0
    assert f"napari-scribbleseg {command}" in said.out.split("Example")[1]


def test_help_of_train_lists_the_methods(run):
    said = run("train", "--help")
    assert all(f"{key}: {cls.title}" in said.out for key, cls in METHODS.items())


def test_version_is_printed(run):
    assert run("--version").out.strip() == napari_scribbleseg.__version__


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["trian"], "Did you mean"),
        (["train", "--acdc", "x"], "--out"),
        (["train", "--out", "w.safetensors", "--steps", "many"], "many"),
        (["predict", "a.nii.gz", "--weights", "w"], "--out"),
        (["info", "--colour"], "--colour"),
        (["info", "a.nii.gz", "--colour", "red"], "--colour"),
    ],
)
def test_bad_usage_is_one_sentence_and_where_to_look(run, argv, sentence):
    said = run(*argv)
    assert said.code == output.BAD_INPUT
    assert sentence in said.err
    assert "--help`" in said.err
    assert said.out == ""


def test_an_error_with_json_is_json_on_stderr(run):
    said = run("info", "--json")
    assert said.code == json.loads(said.err)["exit_code"] == output.BAD_INPUT
    assert said.out == ""


def fail_with(error: BaseException, monkeypatch) -> None:
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("napari_scribbleseg.io.find_scans", fail)


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (KeyboardInterrupt(), output.INTERRUPTED, "Interrupted."),
        (PermissionError(13, "Permission denied", "there.nii"), output.FAILED, "there.nii: Permission denied."),
        (MemoryError(), output.FAILED, "too little free memory"),
        (ImportError("No module named 'torch'"), output.FAILED, "No module named 'torch'"),
        (RuntimeError("CUDA error: so it goes\nand on"), output.FAILED, "CUDA error: so it goes\n"),
    ],
)
def test_what_the_system_does_is_told_in_a_sentence(run, monkeypatch, error, code, sentence):
    fail_with(error, monkeypatch)
    said = run("predict", "a.nii.gz", "--weights", "w", "--out", "o")
    assert said.code == code
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_a_mistake_of_ours_keeps_its_traceback(run, monkeypatch):
    fail_with(KeyError("oops"), monkeypatch)
    with pytest.raises(KeyError, match="oops"):
        run("predict", "a.nii.gz", "--weights", "w", "--out", "o")


def test_a_traceback_can_be_asked_for(run, monkeypatch):
    monkeypatch.setenv("SCRIBBLESEG_TRACEBACK", "1")
    fail_with(OSError(5, "broken"), monkeypatch)
    with pytest.raises(OSError, match="broken"):
        run("predict", "a.nii.gz", "--weights", "w", "--out", "o")


def test_in_a_real_process_errors_end_with_their_code_and_no_traceback(tmp_path):
    done = shell("info", str(tmp_path / "nowhere.nii.gz"))
    assert done.returncode == output.BAD_INPUT
    assert "nowhere.nii.gz does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def test_in_a_real_process_json_is_all_there_is_on_stdout(files, weights):
    done = shell("info", str(files.a.scan), str(weights), "--json")
    assert done.returncode == 0, done.stderr
    assert [entry["kind"] for entry in json.loads(done.stdout)["files"]] == ["scan", "weights"]


def test_importing_the_command_line_stays_light():
    script = "import sys, napari_scribbleseg.cli.app; print(sorted({'torch', 'nibabel', 'napari'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_the_entry_point_reads_the_arguments_of_the_process(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["napari-scribbleseg", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.strip() == napari_scribbleseg.__version__


@pytest.mark.parametrize("world", [None, "2"])
def test_a_process_that_torchrun_started_ends_without_taking_python_down(world):
    script = (
        "import atexit, sys; atexit.register(print, 'down'); from napari_scribbleseg.cli import main; sys.exit(main())"
    )
    environ = {name: value for name, value in os.environ.items() if name != "WORLD_SIZE"}
    environ |= {"WORLD_SIZE": world} if world else {}
    command = [sys.executable, "-c", script, "info", "nowhere.nii.gz", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == output.BAD_INPUT
    assert "nowhere.nii.gz" in done.stdout, "what was said came out"
    assert ("down" in done.stdout.splitlines()) == (world is None)
