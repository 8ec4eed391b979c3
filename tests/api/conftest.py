"""Tiny weights, in the place of those that come with the program, and a folder of its own for each test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_scribbleseg.api import Model, fit, shipped
from tests.synthetic import make_cine, make_strokes

QUICK = {"method": "pce", "batch_size": 2, "threads": 1, "device": "cpu"}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """The user's data folder of this test."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SCRIBBLESEG_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def cine():
    return make_cine(n_t=2)


@pytest.fixture(scope="session")
def strokes(cine) -> np.ndarray:
    labels = np.zeros(cine.shape, np.uint8)
    labels[0] = make_strokes()
    return labels


@pytest.fixture(scope="session")
def model(cine, strokes) -> Model:
    """Weights of one step; read them only."""
    return fit(cine, strokes, steps=1, **QUICK)


@pytest.fixture
def weights_folder(model, tmp_path, monkeypatch) -> Path:
    """A folder in the place of the package's, with tiny weights under the shipped name."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    shipped.for_sharing(model, half=True).save(folder / "acdc_roi.safetensors")
    monkeypatch.setattr(shipped, "_SHIPPED_FOLDER", folder)
    return folder
