"""Reader, writer and sample as napari calls them."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from napari.layers import Layer
from npe2 import PluginManifest
from npe2 import read as npe2_read
from npe2 import write as npe2_write

from napari_scribbleseg.app.reader import get_reader
from napari_scribbleseg.app.samples import load_sample
from napari_scribbleseg.app.writer import write_layer
from napari_scribbleseg.io import ScanError

MANIFEST = Path(__file__).parents[2] / "napari.yaml"
OBLIQUE = np.array([[-1.2, 0.3, 0.5, 40], [0.2, -1.1, 3.0, -20], [0.5, 0.8, -7.0, 7], [0, 0, 0, 1.0]])
SHAPE = (12, 10, 3, 4)  # x, y, z, t


@pytest.fixture
def scan(tmp_path, rng):
    """An oblique 4D cine of int16 on the disk."""
    path = tmp_path / "scan.nii.gz"
    image = nib.Nifti1Image(rng.integers(0, 500, SHAPE, dtype=np.int16), OBLIQUE)
    image.header.set_xyzt_units("mm", "msec")
    nib.save(image, path)
    return path


def read(path) -> Layer:
    (layer,) = get_reader(str(path))(str(path))
    return Layer.create(*layer)


def attributes_of(layer: Layer) -> dict:
    return layer.as_layer_data_tuple()[1]


def test_other_files_are_left_to_other_readers():
    assert get_reader("scan.tif") is None
    assert get_reader(["scan.nii", "notes.txt"]) is None


def test_a_cine_becomes_an_image_in_time_and_space(scan):
    layer = read(scan)
    assert layer.data.shape == (4, 3, 10, 12)
    np.testing.assert_array_equal(layer.data[3, 2, :, 5], nib.load(scan).dataobj[5, :, 2, 3])
    np.testing.assert_allclose(layer.scale, (1, *np.linalg.norm(OBLIQUE[:3, :3], axis=0)[::-1]), rtol=1e-6)
    assert layer.axis_labels == ("t", "z", "y", "x")
    assert [str(unit) for unit in layer.units] == ["pixel", "millimeter", "millimeter", "millimeter"]


def test_contrast_leaves_out_the_darkest_and_brightest_percent(scan):
    layer = read(scan)
    values = np.asarray(layer.data)
    low, high = layer.contrast_limits
    assert values.min() < low < np.quantile(values, 0.05)
    assert np.quantile(values, 0.95) < high < values.max()


def test_a_file_named_as_a_mask_becomes_labels(tmp_path, rng):
    path = tmp_path / "scan_seg.nii.gz"
    nib.save(nib.Nifti1Image(rng.integers(0, 4, SHAPE[:3], dtype=np.uint8), OBLIQUE), path)
    layer = read(path)
    assert type(layer).__name__ == "Labels"
    assert layer.name == "scan_seg"
    assert layer.data.shape == (3, 10, 12)


def test_several_files_become_several_layers(scan):
    assert len(get_reader([str(scan), str(scan)])([str(scan), str(scan)])) == 2


def test_a_broken_file_is_told_in_a_sentence(tmp_path):
    path = tmp_path / "broken.nii.gz"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ScanError, match=r"broken\.nii\.gz"):
        read(path)


def test_labels_drawn_on_a_scan_lie_on_it(scan, tmp_path, rng):
    image = read(scan)
    mask = rng.integers(0, 4, image.data.shape, dtype=np.int32)
    layer = Layer.create(mask, {"name": "mask", "scale": image.scale, "metadata": image.metadata}, "labels")
    (written,) = write_layer(str(tmp_path / "mask.nii"), mask, attributes_of(layer))
    back, source = nib.load(written), nib.load(scan)
    assert back.get_data_dtype() == np.uint8
    assert back.shape == source.shape
    np.testing.assert_array_equal(back.affine, source.affine)
    np.testing.assert_array_equal(np.asarray(back.dataobj), mask.transpose(3, 2, 1, 0))


def test_scribbles_keep_the_background_code(scan, tmp_path):
    image = read(scan)
    strokes = np.zeros(image.data.shape, np.uint8)
    strokes[0, 1, 2:4, 2:4] = 4
    layer = Layer.create(strokes, {"name": "scribbles", "metadata": image.metadata}, "labels")
    (written,) = write_layer(str(tmp_path / "strokes.nii.gz"), strokes, attributes_of(layer))
    assert int(np.asarray(nib.load(written).dataobj).max()) == 4


def test_labels_without_a_scan_take_the_spacing_of_their_layer(tmp_path):
    mask = np.zeros((3, 8, 9), np.uint8)
    mask[1, 2, 3] = 1
    layer = Layer.create(mask, {"name": "cells", "scale": (8, 1.5, 1.25)}, "labels")
    (written,) = write_layer(str(tmp_path / "cells.nii.gz"), mask, attributes_of(layer))
    back = nib.load(written)
    np.testing.assert_allclose(back.header.get_zooms(), (1.25, 1.5, 8))
    assert back.dataobj[3, 2, 1] == 1


def test_an_image_comes_back_as_it_was(scan, tmp_path):
    layer = read(scan)
    (written,) = write_layer(str(tmp_path / "copy.nii.gz"), layer.data, attributes_of(layer))
    back, source = nib.load(written), nib.load(scan)
    assert back.get_data_dtype() == np.int16
    np.testing.assert_array_equal(back.affine, source.affine)
    np.testing.assert_array_equal(np.asarray(back.dataobj), np.asarray(source.dataobj))


def test_an_image_without_a_scan_takes_the_spacing_of_its_layer(tmp_path, rng):
    data = rng.random((3, 8, 9)).astype(np.float16)
    layer = Layer.create(data, {"scale": (8, 1.5, 1.25)}, "image")
    (written,) = write_layer(str(tmp_path / "image.nii.gz"), data, attributes_of(layer))
    back = nib.load(written)
    np.testing.assert_allclose(back.header.get_zooms(), (1.25, 1.5, 8))
    np.testing.assert_array_equal(back.get_fdata(), data.transpose(2, 1, 0))


def test_a_name_without_an_ending_gets_one(scan, tmp_path):
    layer = read(scan)
    assert write_layer(str(tmp_path / "copy"), layer.data, attributes_of(layer)) == [str(tmp_path / "copy.nii.gz")]


def test_a_flat_layer_cannot_become_a_scan(tmp_path):
    with pytest.raises(ScanError, match="2D layer"):
        write_layer(str(tmp_path / "flat.nii.gz"), np.zeros((4, 4), np.uint8), {"name": "flat"})


def test_labels_beyond_the_classes_are_refused(tmp_path):
    path = tmp_path / "many.nii.gz"
    with pytest.raises(ScanError, match="labels up to 17"):
        write_layer(str(path), np.full((2, 4, 4), 17), {"name": "many"})
    assert not path.exists()


def test_napari_finds_reader_and_writer_by_the_manifest(scan, tmp_path, npe2pm):
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(MANIFEST)):
        ((data, kwargs, kind),) = npe2_read([str(scan)], stack=False)
        copy = tmp_path / "copy.nii.gz"
        written = npe2_write(str(copy), [(data, attributes_of(Layer.create(data, kwargs, kind)), kind)])
    assert written == [str(copy)]
    np.testing.assert_array_equal(np.asarray(nib.load(copy).dataobj), np.asarray(nib.load(scan).dataobj))


def test_the_sample_is_a_cine_without_strokes():
    (layer,) = load_sample()
    data, kwargs, kind = layer
    assert kind == "image"
    assert len(data.shape) == 4
    assert kwargs["metadata"]["cine"].shape == data.shape
