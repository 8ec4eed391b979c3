"""Training from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import h5py
import numpy as np
import pytest
import torch

from napari_scribbleseg.api import Model
from napari_scribbleseg.cli import output, targets
from napari_scribbleseg.cli import train as train_command
from napari_scribbleseg.cli.train import checkpoint_path
from napari_scribbleseg.engine.engine import DivergedError, Engine
from tests.synthetic import make_cine, make_strokes

SHORT = ("--batch-size", "2", "--threads", "1", "--device", "cpu")
DMPLS = {"--batch-size": "2", "--threads": "1", "--device": "cpu"}


def same_tensors(one, other) -> bool:
    first, second = Model.load(one).tensors, Model.load(other).tensors
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


# what comes out -----------------------------------------------------------------------------------------------------


def test_json_tells_what_was_trained(train, tmp_path):
    said = train("--json")
    assert said.code == 0
    assert said.json["weights"] == str(tmp_path / "w.safetensors")
    facts = {key: said.json[key] for key in ("method", "resolution", "steps", "scans", "scribbled_slices", "device")}
    assert facts == {
        "method": "pce",
        "resolution": "roi",
        "steps": 2,
        "scans": 1,
        "scribbled_slices": 3,
        "device": "cpu",
    }
    assert Model.load(tmp_path / "w.safetensors").step == 2


def test_the_same_seed_gives_the_same_weights(train, weights, tmp_path):
    assert train().code == 0
    assert same_tensors(tmp_path / "w.safetensors", weights)
    assert train("--seed", 1).code == 0
    assert not same_tensors(tmp_path / "w.safetensors", weights)


def test_both_codes_of_scribbles_mean_the_same_strokes(run, files, weights, tmp_path):
    out = tmp_path / "w.safetensors"
    pair = ("--scan", files.a.scan, "--scribbles", files.a.layer, "--scribble-codes", "layer")
    assert run("train", *pair, "--method", "pce", *SHORT, "--steps", 2, "--out", out).code == 0
    assert same_tensors(out, weights)


def test_several_scans_are_paired_in_order(train, files):
    said = train("--scan", files.b.scan, "--scribbles", files.b.scribbles, "--json")
    assert (said.code, said.json["scans"], said.json["scribbled_slices"]) == (0, 2, 5)


def test_init_goes_on_from_weights_with_their_method(train, weights, tmp_path):
    said = train("--init", weights, "--steps", "0", "--json", quick=DMPLS)
    assert (said.code, said.json["method"]) == (0, "pce")
    assert same_tensors(tmp_path / "w.safetensors", weights)


def test_options_reach_the_method(train, tmp_path):
    said = train("--option", "pseudo_weight=0.3", "--option", "decoder=auxiliary", "--steps", "1", quick=DMPLS)
    assert said.code == 0
    assert Model.load(tmp_path / "w.safetensors").settings.options == {"pseudo_weight": 0.3, "decoder": "auxiliary"}


def test_h5_files_hold_scan_and_scribbles(run, tmp_path):
    path = tmp_path / "slice.h5"
    with h5py.File(path, "w") as file:
        file["image"] = np.asarray(make_cine().data)[0]
        file["scribble"] = np.stack([np.array([4, 1, 2, 3, 0], np.uint8)[make_strokes()]] * 3)
    out = tmp_path / "w.safetensors"
    said = run("train", "--scan", path, "--scribbles", path, *SHORT, "--steps", 1, "--out", out, "--json")
    assert (said.code, said.json["scribbled_slices"]) == (0, 3)


def test_a_time_limit_ends_the_training_with_weights(train, tmp_path):
    said = train("--time-limit-s", "0.001", "--json", "--steps", "50")
    assert (said.code, said.json["reason"], said.json["steps"]) == (0, "time limit", 1)
    assert Model.load(tmp_path / "w.safetensors").step == 1


def test_acdc_folders_are_read_by_patient(run, acdc_dir, tmp_path):
    out = tmp_path / "w.safetensors"
    said = run("train", "--acdc", acdc_dir, "--patients", "5", *SHORT, "--steps", 2, "--out", out, "--json")
    assert (said.code, said.json["scans"]) == (0, 2)
    masks = run("predict", "--weights", out, "--out", tmp_path / "m", acdc_dir / "patient005", "--threads", 1, "--json")
    assert [name.rsplit("_", 1)[1] for name in masks.json["masks"].values()] == ["seg.nii.gz"] * 2
    scores = run("evaluate", "--pred", tmp_path / "m", "--truth", acdc_dir / "patient005", "--json")
    assert (scores.code, scores.json["overall"]["n"]) == (0, 2)


# checkpoints and interruption ---------------------------------------------------------------------------------------


def test_a_resumed_training_equals_one_that_was_never_cut(train, weights, tmp_path):
    out = tmp_path / "w.safetensors"
    assert train("--checkpoint", "--time-limit-s", "0.001").code == 0
    kept = checkpoint_path(out)
    assert kept.name == "w.checkpoint.safetensors"
    said = train("--resume", kept, "--time-limit-s", "0", "--json", quick={})
    assert (said.code, said.json["steps"]) == (0, 2)
    assert same_tensors(out, weights)


def test_the_checkpoint_of_a_complete_training_is_removed(train, tmp_path):
    assert train("--checkpoint").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_a_checkpoint_predicts_like_weights(train, tmp_path):
    train("--checkpoint", "--time-limit-s", "0.001")
    assert same_tensors(checkpoint_path(tmp_path / "w.safetensors"), tmp_path / "w.safetensors")


def test_a_checkpoint_fixes_the_method(train, tmp_path):
    train("--checkpoint", "--time-limit-s", "0.001")
    said = train("--resume", checkpoint_path(tmp_path / "w.safetensors"), "--method", "dmpls", quick={})
    assert said.code == output.BAD_INPUT
    assert "trained with method pce" in said.err


def test_weights_are_no_checkpoint(train, weights):
    said = train("--resume", weights, quick={})
    assert said.code == output.BAD_INPUT
    assert "holds no checkpoint" in said.err


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_training(train, monkeypatch, tmp_path):
    def full(*args):
        raise OSError(28, "No space left on device", "w.checkpoint.safetensors")

    monkeypatch.setattr("napari_scribbleseg.session.tensors.write_checkpoint", full)
    said = train("--checkpoint")
    assert said.code == 0
    assert "No space left" in said.err
    assert (tmp_path / "w.safetensors").exists()


def press_ctrl_c_at_step(number: int, monkeypatch) -> None:
    step = Engine.step

    def pressed(self):
        report = step(self)
        if report.step == number:
            assert threading.current_thread() is threading.main_thread()
            os.kill(os.getpid(), signal.SIGINT)
        return report

    monkeypatch.setattr(Engine, "step", pressed)


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send itself Ctrl-C")
def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(train, monkeypatch, tmp_path):
    before = signal.getsignal(signal.SIGINT)
    press_ctrl_c_at_step(1, monkeypatch)
    said = train("--checkpoint", "--steps", "50")
    kept = checkpoint_path(tmp_path / "w.safetensors")
    assert said.code == output.INTERRUPTED
    assert f"go on with --resume {kept}" in said.err
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send itself Ctrl-C")
def test_ctrl_c_without_a_checkpoint_says_that_nothing_was_written(train, monkeypatch, tmp_path):
    press_ctrl_c_at_step(1, monkeypatch)
    said = train("--steps", "50")
    assert (said.code, list(tmp_path.iterdir())) == (output.INTERRUPTED, [])
    assert "no weights were written" in said.err


# refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--scan", "{folder}/b.nii.gz"], "2 --scan and 1 --scribbles"),
        (["--acdc", "{folder}"], "not both"),
        (["--patients", "1-3"], "--acdc DIR, which is missing"),
        (["--method", "magic"], "no method 'magic'; known are "),
        (["--option", "alpha"], "KEY=VALUE"),
        (["--option", "alpha=7"], "does not take these options"),
        (["--device", "abacus"], "not a device"),
        (["--steps", "-3"], "Steps must be 0 or more"),
        (["--init", "nowhere.safetensors"], "no weights file nowhere.safetensors"),
        (["--init", "{weights}", "--method", "dmpls"], "another method"),
        (["--init", "{folder}/a.nii.gz"], "damaged or no weights file"),
        (["--init", "{weights}", "--resume", "{weights}"], "either --init"),
        (["--scribble-codes", "layer"], "choose 'acdc'"),
        (["--scan", "{folder}/b.nii.gz", "--scribbles", "{folder}/a_scribble.nii.gz"], "the scan has"),
        (["--scan", "{folder}/a.nii.gz", "--scribbles", "{folder}/a_scribble.nii.gz"], "Two scans are named"),
        (["--scan", "nowhere.nii.gz", "--scribbles", "nowhere.nii.gz"], "nowhere.nii.gz does not exist"),
    ],
)
def test_bad_input_is_told_before_anything_is_written(train, files, weights, tmp_path, argv, sentence):
    said = train(*(word.format(folder=files.folder, weights=weights) for word in argv))
    assert said.code == output.BAD_INPUT
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_train_on_is_refused(run, tmp_path):
    said = run("train", "--out", tmp_path / "w.safetensors")
    assert said.code == output.BAD_INPUT
    assert "nothing to train on" in said.err


def test_an_acdc_folder_without_scribbles_is_refused(run, files, tmp_path):
    patient = tmp_path / "patient001"
    patient.mkdir()
    (patient / "patient001_frame01.nii.gz").write_bytes(files.a.scan.read_bytes())
    said = run("train", "--acdc", tmp_path, "--out", tmp_path / "w.safetensors")
    assert said.code == output.BAD_INPUT
    assert "No frame in" in said.err


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("missing/w.safetensors", "does not exist; create it first"),
        ("w.pth", "does not end in .safetensors"),
        ("", "is a folder"),
    ],
)
def test_a_bad_target_is_told_before_the_scans_are_read(train, monkeypatch, tmp_path, out, sentence):
    monkeypatch.setattr("napari_scribbleseg.io.load_cine", lambda *args: pytest.fail("read a scan"))
    said = train(out=tmp_path / out)
    assert said.code == output.BAD_INPUT
    assert sentence in said.err


def test_a_full_disk_is_told_before_training(train, monkeypatch):
    monkeypatch.setattr(targets, "ROOM_BYTES", 2**80)
    said = train()
    assert said.code == output.BAD_INPUT
    assert "is full" in said.err


def test_weights_that_cannot_be_written_in_the_end_are_kept_elsewhere(train, monkeypatch, tmp_path):
    refuge = tmp_path / "refuge"
    refuge.mkdir()
    save = Model.save

    def fail_at_out(self, path):
        if os.path.dirname(path) != str(refuge):
            raise OSError(28, "No space left on device", str(path))
        save(self, path)

    monkeypatch.setattr(Model, "save", fail_at_out)
    monkeypatch.setattr(train_command.tempfile, "mkdtemp", lambda prefix: str(refuge))
    said = train()
    assert said.code == output.FAILED
    assert str(refuge / "w.safetensors") in said.err
    assert Model.load(refuge / "w.safetensors").step == 2


def test_a_diverged_training_fails_with_its_sentence(train, monkeypatch, tmp_path):
    def diverge(self):
        raise DivergedError("Training diverged: so it goes.")

    monkeypatch.setattr(Engine, "step", diverge)
    said = train()
    assert (said.code, said.err.strip()) == (output.FAILED, "Training diverged: so it goes.")
    assert list(tmp_path.iterdir()) == []


# several processes --------------------------------------------------------------------------------------------------


def test_two_processes_train_together_and_one_of_them_writes(files, tmp_path):
    out = tmp_path / "together.safetensors"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    pair = ["--scan", files.a.scan, "--scribbles", files.a.layer, "--scribble-codes", "layer", "--json"]
    command = [*launch, "-m", "napari_scribbleseg.cli", "train", *pair, "--method", "pce", *SHORT, "--steps", "2"]
    done = subprocess.run([*map(str, command), "--out", str(out)], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] == 2
    assert Model.load(out).step == 2


def test_processes_that_train_together_take_no_time_limit(train, monkeypatch):
    from napari_scribbleseg.engine import world

    monkeypatch.setattr(world, "join_world", lambda: world.World(0, 2))
    said = train("--time-limit-s", 5)
    assert said.code == 2
    assert "not a time limit" in said.err


def test_a_method_that_learns_from_masks_is_refused(train):
    said = train("--method", "full_sup")
    assert said.code == 2
    assert "full_sup learns from masks, not from strokes" in said.err
