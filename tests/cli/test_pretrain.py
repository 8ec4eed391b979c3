"""Pretraining from the command line."""

from __future__ import annotations

import pytest

from napari_scribbleseg.api import Model
from tests.bench.conftest import write_patient

TINY = ("--patients", "1,21", "--threads", 1, "--device", "cpu", "--widened-share", 0)


@pytest.fixture(scope="module")
def challenge(tmp_path_factory):
    """Two patients in ACDC's layout."""
    folder = tmp_path_factory.mktemp("acdc")
    for number in (1, 21):
        write_patient(folder, number, masks=False)
    return folder


def test_it_writes_weights_and_says_what_they_learned_from(run, challenge, tmp_path):
    said = run("pretrain", "--acdc", challenge, "--out", tmp_path, *TINY, "--steps", 1, "--json")
    assert said.code == 0
    assert said.json["done"] is True
    assert (said.json["steps"], said.json["patients"]) == (1, 2)
    settings = Model.load(said.json["weights"]).settings
    assert (settings.method, settings.augmentation, settings.view_px) == ("dmpls", "strong", 96)


def test_a_time_limit_leaves_a_checkpoint_that_the_same_command_goes_on_from(run, challenge, tmp_path):
    command = ("pretrain", "--acdc", challenge, "--out", tmp_path, *TINY, "--steps", 2, "--json")
    said = run(*command, "--time-limit-s", 0)
    assert said.code == 130
    assert said.json["done"] is False
    assert run(*command).json["done"] is True


def test_weights_of_another_prior_begin_with_the_same_partial_cross_entropy(run, challenge, tmp_path):
    plain, moved = tmp_path / "plain", tmp_path / "moved"
    first = run(
        "pretrain", "--acdc", challenge, "--out", plain, *TINY, "--steps", 1, "--stroke-prior", "none", "--json"
    )
    then = ("--steps", 1, "--learning-rate", 1e-12, "--stroke-prior", "0,1,2,3", "--init", first.json["weights"])
    second = run("pretrain", "--acdc", challenge, "--out", moved, *TINY, *then, "--json")
    before, after = Model.load(first.json["weights"]), Model.load(second.json["weights"])
    assert before.settings.options == {}
    assert after.settings.options == {"stroke_prior": [0, 1, 2, 3]}
    shift = after.tensors["net.main.head.bias"] - before.tensors["net.main.head.bias"]
    assert shift.tolist() == pytest.approx([0, -1, -2, -3], abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ((), "either --acdc DIR or --pack FILE"),
        (("--acdc", "x", "--widened-share", 2), "between 0 and 1"),
        (("--acdc", "x", "--stroke-prior", "much"), "four numbers"),
    ],
)
def test_bad_arguments_are_told(run, tmp_path, changes, sentence):
    said = run("pretrain", "--out", tmp_path, *changes)
    assert said.code == 2
    assert sentence in said.err
