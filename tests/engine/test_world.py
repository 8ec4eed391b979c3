"""Two real processes over gloo train as one; gradients, parameters and agreement."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from napari_scribbleseg.engine.world import ALONE, World, join_world
from tests.engine import two_processes

SCRIPT = Path(two_processes.__file__)


def _run(what: str, out: Path) -> list[dict[str, torch.Tensor]]:
    """Start two processes by torchrun and return what each of them wrote."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    said = os.environ | {"PYTHONFAULTHANDLER": "1"}
    done = subprocess.run(
        [*command, str(SCRIPT), what, str(out)], capture_output=True, text=True, env=said, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return [load_file(out / f"{what}-{rank}.safetensors") for rank in (0, 1)]


@pytest.fixture(scope="module", params=["off", "on"])
def trained(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("ranks")
    return request.param, _run(f"train-{request.param}", out)


def test_gradients_equal_those_of_one_process_that_averages_two_half_batches(trained):
    acceleration, (first, second) = trained
    expected = two_processes.gradients_of_halves(acceleration)
    assert len(expected) > 20
    for name, gradient in expected.items():
        assert torch.allclose(first[f"gradient.{name}"], gradient, atol=1e-6), name
        assert torch.equal(first[f"gradient.{name}"], second[f"gradient.{name}"]), name


def test_parameters_are_equal_on_both_ranks_after_some_steps(trained):
    _, (first, second) = trained
    names = [name for name in first if name.startswith("weight.")]
    assert len(names) > 20
    start = two_processes.build("off").method.state_dict()
    assert any(not torch.equal(first[n], start[n.removeprefix("weight.")]) for n in names)
    for name in names:
        assert torch.equal(first[name], second[name]), name


def test_each_rank_had_slices_of_its_own(trained):
    _, (first, second) = trained
    assert not torch.equal(first["seen"], second["seen"])


def test_the_ranks_drop_different_features_and_agree_on_a_bad_step(tmp_path):
    first, second = _run("agree", tmp_path)
    assert not torch.equal(first["random"], second["random"])
    for name in ("before", "after"):
        assert torch.equal(first[name], second[name])
    assert torch.equal(first["before"], first["after"]), "one rank's NaN stops the update of both"
    assert torch.allclose(first["statistics"], second["statistics"])


def test_a_process_by_itself_is_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join_world() is ALONE
    assert ALONE.speaks
    tensor = torch.tensor([1.0, 2.0])
    ALONE.average([tensor])
    assert tensor.tolist() == [1, 2]


def test_the_shares_of_all_ranks_make_the_batch():
    batch = list(range(12))
    shares = [batch[World(rank, 3).share] for rank in range(3)]
    assert sorted(sum(shares, [])) == batch
    assert not World(1, 3).speaks
