"""The headless twin of the window's button."""

from __future__ import annotations

import torch

from napari_scribbleseg.api import Model

FEW = ("--steps", 2, "--threads", 1, "--device", "cpu")


def test_it_adapts_given_weights_and_the_mask_can_tell(run, files, weights, tmp_path):
    out = tmp_path / "a.safetensors"
    said = run(
        "finetune", "--scan", files.a.scan, "--scribbles", files.a.scribbles, "--weights", weights, *FEW, "--out", out,
        "--json",
    )  # fmt: skip
    assert said.code == 0
    assert (said.json["weights"], said.json["steps"], said.json["scans"]) == (str(out), 2, 1)
    model, start = Model.load(out), Model.load(weights)
    assert model.settings.schedule == "finetune"
    assert any(not torch.equal(start.tensors[name], tensor) for name, tensor in model.tensors.items())
    assert model.meta["training"]["scans"][0]["count"] > 0


def test_without_weights_it_starts_from_those_that_come_with_the_program(run, files, shipped_weights, tmp_path):
    pair = ("--scan", files.a.scan, "--scribbles", files.a.scribbles)
    said = run("finetune", *pair, *FEW, "--out", tmp_path / "a.safetensors")
    assert said.code == 0
    assert "licen" in said.err.lower()
    assert "written after 2 steps" in said.out


def test_time_ends_it(run, files, weights, tmp_path):
    pair = ("--scan", files.a.scan, "--scribbles", files.a.scribbles, "--weights", weights)
    said = run("finetune", *pair, "--seconds", 0.5, "--threads", 1, "--out", tmp_path / "a.safetensors", "--json")
    assert said.code == 0
    assert said.json["steps"] >= 1


def test_a_missing_folder_is_told_before_anything_is_trained(run, files, weights, tmp_path):
    pair = ("--scan", files.a.scan, "--scribbles", files.a.scribbles, "--weights", weights)
    said = run("finetune", *pair, "--out", tmp_path / "none" / "a.safetensors")
    assert said.code == 2
    assert "does not exist" in said.err
