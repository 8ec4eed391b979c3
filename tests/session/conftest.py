"""Scans made in memory, with the headers that real ones have, and a data folder of each test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.session import Autosaver, SessionFolder
from napari_scribbleseg.types import Cine, Notice

MakeCine = Callable[..., Cine]


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBBLESEG_HOME", str(tmp_path_factory.mktemp("home")))


def make_scan(case: str = "scan-1", shape: tuple[int, ...] = (3, 4, 20, 16), ndim: int = 4, seed: int = 0) -> Cine:
    n_t, n_z, n_y, n_x = shape
    data = np.random.default_rng(seed).integers(0, 900, shape, dtype=np.int16)
    affine = np.array([[-1.2, 0.3, 0.1, 5], [0.2, 1.3, -0.9, -7], [0.1, 0.4, 9.8, 3], [0, 0, 0, 1.0]])
    file_shape = (n_x, n_y, n_z, n_t) if ndim == 4 else (n_x, n_y, n_z)
    image = nib.Nifti1Image(np.zeros(file_shape, np.int16), affine)
    image.header.set_xyzt_units("mm", "sec")
    image.set_qform(affine, code=2)
    image.set_sform(affine, code=1)
    spacing = tuple(float(v) for v in image.header.get_zooms()[2::-1])
    return Cine(case, data, spacing, None, image.affine, (2, 1, 0), ndim, image.header)  # type: ignore[arg-type]


@pytest.fixture
def make_cine() -> MakeCine:
    return make_scan


@pytest.fixture
def cine() -> Cine:
    return make_scan()


@pytest.fixture
def notices() -> list[Notice]:
    return []


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[SessionFolder]:
    with SessionFolder.create(tmp_path / "session") as folder:
        yield folder


@pytest.fixture
def saver(folder: SessionFolder, notices: list[Notice]) -> Iterator[Autosaver]:
    with Autosaver(folder, notify=notices.append, retry_s=0.05) as saver:
        yield saver
