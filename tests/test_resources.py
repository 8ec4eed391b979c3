from __future__ import annotations

import pytest

from napari_scribbleseg import resources


def test_the_folder_inside_the_package_comes_first(tmp_path, monkeypatch):
    folders = (tmp_path / "inside", tmp_path / "beside")
    for folder in folders:
        folder.mkdir()
        (folder / "sample.txt").write_text(folder.name)
    monkeypatch.setattr(resources, "_SAMPLE_FOLDERS", folders)
    assert resources.sample_path("sample.txt").read_text() == "inside"


def test_a_missing_sample_is_named_in_the_error():
    with pytest.raises(FileNotFoundError, match=r"no_such\.nii\.gz is missing; reinstall"):
        resources.sample_path("no_such.nii.gz")
