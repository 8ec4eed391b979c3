"""What all tests share: one torch thread, and real scans where a machine has them."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NAPARI_APPLICATION_GUI_NOTIFICATION_LEVEL", "error")

import numpy as np
import pytest
import torch  # before Qt, which on Windows must not come first

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _one_torch_thread():
    """Undo what an engine under test may have set: two threads on a busy machine are several times slower."""
    yield
    torch.set_num_threads(1)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _folder_from(variable: str, what: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set; it names {what}")
    return Path(value)


@pytest.fixture(scope="session")
def acdc_dir() -> Path:
    """Folder of ACDC patients, `patient001/…`."""
    return _folder_from("SCRIBBLESEG_ACDC", "a folder with ACDC patients")


@pytest.fixture(scope="session")
def dicom_dir() -> Path:
    """Folder of cine DICOM series."""
    return _folder_from("SCRIBBLESEG_DICOM", "a folder with cine DICOM series")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests are spread over processes, keep those with windows in one: each in its turn has a core to itself."""
    for item in items:
        if {"app", "qt", "widgets"} & set(item.path.parts):
            item.add_marker(pytest.mark.xdist_group("windows"))
