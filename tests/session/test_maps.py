from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.session.manifest import record_of
from napari_scribbleseg.session.maps import MaskStates, read_geometry, read_map, read_states, write_map, write_states
from napari_scribbleseg.session.slices import MapKind, SliceState

SCRIBBLES = MapKind.SCRIBBLES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scribbles" / "scan-1.nii.gz"


@pytest.mark.parametrize(("shape", "ndim"), [((3, 4, 20, 16), 4), ((1, 4, 20, 16), 3), ((1, 4, 20, 16), 4)])
@pytest.mark.parametrize("axes", [(2, 1, 0), (0, 2, 1)])
def test_a_map_comes_back_and_lies_on_its_scan(path, make_cine, rng, shape, ndim, axes):
    cine = make_cine(shape=shape, ndim=ndim)
    if axes != (2, 1, 0):
        cine = replace(cine, axes=axes, header=None)
    labels = rng.integers(0, 5, shape, dtype=np.uint8)
    write_map(path, SCRIBBLES, labels, cine)
    found, problem = read_map(path, SCRIBBLES, record_of(cine))
    assert problem == ""
    np.testing.assert_array_equal(found, labels)
    image = nib.load(path)
    assert image.get_data_dtype() == np.uint8
    if cine.header is not None:
        np.testing.assert_allclose(image.affine, cine.affine, atol=1e-5)
        assert int(image.header["qform_code"]) == 2


def test_a_map_of_another_scan_is_not_read(path, make_cine):
    other = make_cine(shape=(2, 2, 6, 6))
    write_map(path, SCRIBBLES, np.ones(other.shape, np.uint8), other)
    found, problem = read_map(path, SCRIBBLES, record_of(make_cine()))
    assert not found.any()
    assert "not the map of this scan" in problem


RUBBISH = [b"", b"no gzip at all", gzip.compress(b"no NIfTI"), gzip.compress(b"x" * 400)]


@pytest.mark.parametrize("content", RUBBISH, ids=["empty", "no gzip", "short", "long"])
def test_rubbish_is_a_sentence_and_an_empty_map(path, cine, content):
    path.parent.mkdir()
    path.write_bytes(content)
    found, problem = read_map(path, SCRIBBLES, record_of(cine))
    assert found.shape == cine.shape
    assert not found.any()
    assert "scribbles/scan-1.nii.gz is" in problem


def test_every_truncation_is_noticed_and_none_raises(path, cine, rng):
    labels = rng.integers(0, 5, cine.shape, dtype=np.uint8)
    write_map(path, SCRIBBLES, labels, cine)
    content = path.read_bytes()
    for length in range(0, len(content), 37):
        path.write_bytes(content[:length])
        found, problem = read_map(path, SCRIBBLES, record_of(cine))
        assert problem
        assert ((found == labels) | (found == 0)).all()


def test_codes_that_cannot_be_are_cleared_and_told(path, cine):
    labels = np.zeros(cine.shape, np.uint8)
    write_map(path, SCRIBBLES, labels, cine)
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-1] = 200
    path.write_bytes(gzip.compress(bytes(content)))
    found, problem = read_map(path, SCRIBBLES, record_of(cine))
    assert not found.any()
    assert "damaged" in problem


def test_an_error_before_the_new_file_takes_its_name_leaves_the_old_one(path, cine, monkeypatch):
    old, new = np.ones(cine.shape, np.uint8), np.full(cine.shape, 2, np.uint8)
    write_map(path, SCRIBBLES, old, cine)

    def refuse(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises((OSError, ValueError), match="full|space"):
            write_map(path, SCRIBBLES, new, cine)
    np.testing.assert_array_equal(read_map(path, SCRIBBLES, record_of(cine))[0], old)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


_CRASH = """
import os, sys
from pathlib import Path
import numpy as np
from napari_scribbleseg.session.maps import write_map
from napari_scribbleseg.session.slices import MapKind
from napari_scribbleseg.types import Cine
os.replace = lambda source, target: os._exit(9)
cine = Cine("scan-1", np.zeros((3, 4, 20, 16)), (1.0, 1.0, 1.0))
write_map(Path(sys.argv[1]), MapKind.SCRIBBLES, np.full(cine.shape, 2, np.uint8), cine)
"""


def test_a_process_that_dies_before_the_new_file_takes_its_name_leaves_the_old_one(path, cine):
    old = np.ones(cine.shape, np.uint8)
    write_map(path, SCRIBBLES, old, cine)
    ended = subprocess.run([sys.executable, "-c", _CRASH, str(path)], cwd=Path(__file__).parents[2], check=False)
    assert ended.returncode == 9
    assert len(list(path.parent.iterdir())) == 2
    np.testing.assert_array_equal(read_map(path, SCRIBBLES, record_of(cine))[0], old)


def test_geometry_comes_from_the_saved_file_else_from_the_record(tmp_path, path, cine):
    record = record_of(cine)
    assert read_geometry(tmp_path, record).header is None
    write_map(path, SCRIBBLES, np.zeros(cine.shape, np.uint8), cine)
    geometry = read_geometry(tmp_path, record)
    assert int(geometry.header["qform_code"]) == 2
    np.testing.assert_allclose(geometry.affine, cine.affine)
    path.write_bytes(b"damaged")
    assert read_geometry(tmp_path, record).header is None


def test_states_come_back(tmp_path):
    slices = {(0, 1): SliceState.ACCEPTED, (2, 3): SliceState.EDITED}
    states = MaskStates(slices, locked=True, origins={(2, 3): "growcut"})
    write_states(tmp_path / "masks" / "a.json", states)
    assert read_states(tmp_path / "masks" / "a.json") == (states, "")
    assert read_states(tmp_path / "none.json") == (MaskStates(), "")


@pytest.mark.parametrize(
    ("extra", "origins"),
    [
        ({}, {}),
        ({"origin": None}, {}),
        ({"origin": "of a later version"}, {(0, 1): "of a later version"}),
        ({"origin": 7}, {(0, 1): "7"}),
    ],
)
def test_states_come_back_without_an_origin_and_with_one_that_nobody_knows(tmp_path, extra, origins):
    item = {"t": 0, "z": 1, "state": "accepted", **extra}
    (tmp_path / "a.json").write_text(json.dumps({"locked": False, "slices": [item]}))
    states, problem = read_states(tmp_path / "a.json")
    assert problem == ""
    assert states == MaskStates({(0, 1): SliceState.ACCEPTED}, origins=origins)
    write_states(tmp_path / "b.json", states)
    assert read_states(tmp_path / "b.json") == (states, "")
    assert ("origin" in (tmp_path / "b.json").read_text()) is bool(origins)
