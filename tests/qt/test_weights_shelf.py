"""Weights are listed from what their files say of themselves, without torch."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from napari_scribbleseg.api import shipped
from napari_scribbleseg.qt.weights_shelf import ShelfError, UserShelf, read_entry
from tests.qt.weights_file import write_weights


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of the weights that come with the program, with one file."""
    shelf = tmp_path / "shipped"
    shelf.mkdir()
    write_weights(shelf / "acdc_roi.safetensors")
    monkeypatch.setattr(shipped, "_SHIPPED_FOLDER", shelf)
    return shelf


def test_shipped_weights_need_their_licence_and_imported_ones_do_not(folder):
    shipped.import_weights(folder / "acdc_roi.safetensors", "mine")
    entries = UserShelf().entries()
    assert [(entry.name, entry.licensed) for entry in entries] == [("acdc_roi", True), ("mine", False)]
    assert entries[0].settings.method == "dmpls"
    assert entries[0].tuning.schedule == "finetune"
    assert entries[0].tuning.options == entries[0].settings.options


def test_an_accepted_licence_is_remembered(folder):
    assert not UserShelf().licence_accepted()
    assert UserShelf().accept_licence()
    assert UserShelf().licence_accepted()
    summary, whole = UserShelf().licence_texts()
    assert "BY-NC-SA" in summary
    assert len(whole) > len(summary)


def test_damaged_weights_are_a_sentence_and_the_others_are_listed(folder):
    shutil.copy(folder / "acdc_roi.safetensors", folder / "whole.safetensors")
    (folder / "acdc_roi.safetensors").write_bytes(b"\x00" * 100)
    shelf = UserShelf()
    assert [entry.name for entry in shelf.entries()] == ["whole"]
    (problem,) = shelf.problems()
    assert "acdc_roi.safetensors is damaged" in problem
    assert "reinstall" in problem


def test_an_empty_shelf_is_no_problem(folder):
    (folder / "acdc_roi.safetensors").unlink()
    assert UserShelf().entries() == []
    assert UserShelf().problems() == []


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ShelfError, match=r"no weights file gone\.safetensors"):
        read_entry("gone", tmp_path / "gone.safetensors")


def test_torch_is_not_needed_to_list_weights(folder):
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from napari_scribbleseg.qt.weights_shelf import UserShelf, read_entry\n"
        f"print(read_entry('acdc_roi', Path({str(folder / 'acdc_roi.safetensors')!r})).settings.method)\n"
        "UserShelf().entries()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "dmpls", done.stderr
