"""DICOM in napari: dropped as a folder, as a file, or as all files of a series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from npe2 import PluginManifest
from npe2 import read as npe2_read
from numpy.testing import assert_array_equal

from napari_scribbleseg.app import reader
from napari_scribbleseg.app.reader import NO_LAYER, get_reader
from napari_scribbleseg.app.writer import write_layer
from napari_scribbleseg.io import load_cine
from tests.dicom_files import write_series

MANIFEST = Path(__file__).parents[2] / "napari.yaml"


@pytest.fixture
def folder(tmp_path):
    write_series(tmp_path / "s")
    return tmp_path / "s"


@pytest.fixture(autouse=True)
def _forget():
    reader._LAST.put([])


def test_a_folder_becomes_one_image_in_time_and_space(folder):
    ((data, kwargs, kind),) = get_reader(str(folder))(str(folder))
    assert kind == "image"
    assert_array_equal(data, load_cine(folder).data)
    np.testing.assert_allclose(kwargs["scale"], (1, 8, 1.5, 1.25), atol=1e-4)


def test_a_folder_without_dicom_is_left_to_other_readers(tmp_path):
    (tmp_path / "picture.tif").write_bytes(b"II*\0" + bytes(200))
    assert get_reader(str(tmp_path)) is None


def test_all_files_of_a_series_dropped_together_become_one_layer(folder):
    paths = [str(path) for path in sorted(folder.iterdir())]
    one_by_one = [get_reader(path)(path) for path in paths]
    assert [layers[0] is NO_LAYER for layers in one_by_one] == [False, *[True] * 11]
    assert get_reader(paths)(paths)[0][0].shape == (4, 3, 20, 24)


def test_a_file_dropped_again_opens_again(folder):
    path = str(folder / "I5_0003.dcm")
    for _ in range(2):
        assert get_reader(path)(path)[0] is not NO_LAYER


def test_napari_finds_the_reader_by_the_manifest(folder, npe2pm):
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(MANIFEST)):
        for path in (folder, folder / "I5_0003.dcm"):
            ((data, _, kind),) = npe2_read([str(path)], stack=False)
            assert (data.shape, kind) == ((4, 3, 20, 24), "image")


def test_a_viewer_takes_many_files_as_one_layer(folder, npe2pm):
    from napari.components import ViewerModel

    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(MANIFEST)):
        viewer = ViewerModel()
        viewer.open([str(path) for path in sorted(folder.iterdir())], plugin="napari-scribbleseg")
    assert len(viewer.layers) == 1


def test_what_is_odd_is_shown(tmp_path, monkeypatch):
    from napari.utils import notifications

    said = []
    monkeypatch.setattr(notifications, "show_warning", said.append)
    write_series(tmp_path / "s", n_t=6, change=lambda made, t, z: None if (t, z) == (2, 1) else made)
    get_reader(str(tmp_path / "s"))(str(tmp_path / "s"))
    assert "1 image is missing" in said[0]


def test_an_image_layer_is_saved_where_the_series_lies(folder, tmp_path):
    ((data, kwargs, _),) = get_reader(str(folder))(str(folder))
    (written,) = write_layer(str(tmp_path / "c.nii.gz"), data, {**kwargs, "contrast_limits": (0, 1)})
    assert load_cine(written).case == load_cine(folder).case
