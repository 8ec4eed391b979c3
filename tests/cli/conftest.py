"""Small scans on the disk, weights for them, and a command line to call."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.api import Model, shipped
from napari_scribbleseg.cli import main
from tests.synthetic import make_cine, make_strokes, make_truth

QUICK = {"--method": "pce", "--batch-size": "2", "--threads": "1", "--device": "cpu", "--steps": "2"}
_TO_ACDC = np.array([4, 1, 2, 3, 0], np.uint8)


def flat(options: dict[str, str]) -> list[str]:
    return [word for pair in options.items() for word in pair]


def write_nifti(path: Path, phases: np.ndarray) -> Path:
    """Write `(t, z, y, x)` as a 4D file, or a 3D one where there is one phase."""
    values = phases.transpose(3, 2, 1, 0)
    values = values[..., 0] if values.shape[-1] == 1 else values
    image = nib.Nifti1Image(values, np.diag([-1.4, -1.4, 8.0, 1.0]))
    image.header.set_xyzt_units("mm", "msec")
    nib.save(image, path)
    return path


def write_case(folder: Path, stem: str, n_t: int = 1) -> SimpleNamespace:
    """Write a scan, scribbles in both conventions, and its truth."""
    cine = make_cine(stem, n_t=n_t, n_z=3 if stem == "a" else 2)
    layer = np.zeros(cine.shape, np.uint8)
    layer[0] = make_strokes()
    (folder / "truth").mkdir(exist_ok=True)
    return SimpleNamespace(
        scan=write_nifti(folder / f"{stem}.nii.gz", np.asarray(cine.data)),
        scribbles=write_nifti(folder / f"{stem}_scribble.nii.gz", _TO_ACDC[layer]),
        layer=write_nifti(folder / f"{stem}_layer_scribble.nii.gz", layer),
        truth=write_nifti(folder / "truth" / f"{stem}_gt.nii.gz", make_truth(*cine.shape[:2])),
    )


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> SimpleNamespace:
    """Two scans with scribbles and truth: `a` is 3D, `b` has two phases."""
    folder = tmp_path_factory.mktemp("scans")
    return SimpleNamespace(folder=folder, a=write_case(folder, "a"), b=write_case(folder, "b", n_t=2))


@pytest.fixture(scope="session")
def weights(files, tmp_path_factory) -> Path:
    """Weights trained on scan `a` with seed 0; read them only."""
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    pair = ("--scan", str(files.a.scan), "--scribbles", str(files.a.scribbles))
    assert main(["train", *pair, *flat(QUICK), "--out", str(path)]) == 0
    return path


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch) -> None:
    """A data folder of its own for each test."""
    monkeypatch.setenv("SCRIBBLESEG_HOME", str(tmp_path / "home"))


@pytest.fixture
def shipped_weights(weights, tmp_path, monkeypatch) -> Path:
    """The file of tiny weights in the place of those that come with the program."""
    path = tmp_path / "shipped" / "acdc_roi.safetensors"
    path.parent.mkdir()
    shipped.for_sharing(Model.load(weights), half=True).save(path)
    monkeypatch.setattr(shipped, "_SHIPPED_FOLDER", path.parent)
    return path


@pytest.fixture
def run(capsys):
    """Run a command: its exit code, stdout, stderr, and what --json printed."""

    def call(*argv: Any) -> SimpleNamespace:
        capsys.readouterr()
        code = main([str(word) for word in argv])
        said = capsys.readouterr()
        answer = json.loads(said.out) if "--json" in argv and said.out else None
        return SimpleNamespace(code=code, out=said.out, err=said.err, json=answer)

    return call


@pytest.fixture
def train(run, files, tmp_path):
    """Train on scan `a`, quickly in all that is not given."""

    def call(*argv: Any, quick: Any = QUICK, out: Any = tmp_path / "w.safetensors") -> SimpleNamespace:
        rest = {name: value for name, value in quick.items() if name not in argv}
        pair = ("--scan", files.a.scan, "--scribbles", files.a.scribbles)
        return run("train", *pair, *flat(rest), "--out", out, *argv)

    return call
