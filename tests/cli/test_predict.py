"""Segmenting from the command line."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg import api
from napari_scribbleseg.api.provenance import values_sha256
from napari_scribbleseg.cli import output
from tests.cli.conftest import flat


@pytest.fixture
def predict(run, weights, tmp_path):
    def call(*argv, weights=weights):
        rest = {"--out": tmp_path / "masks", "--threads": 1}
        named = ("--weights", weights) if weights else ()
        return run("predict", *named, *flat({k: v for k, v in rest.items() if k not in argv}), *argv)

    return call


def test_a_folder_gives_a_mask_for_every_scan_on_its_grid(predict, files, tmp_path):
    said = predict(files.folder, "--json")
    assert said.code == 0
    assert {path.name for path in (tmp_path / "masks").iterdir()} == {
        "a_seg.nii.gz",
        "a_seg.json",
        "b_seg.nii.gz",
        "b_seg.json",
    }
    assert set(said.json["masks"]) == set(said.json["notes"]) == {str(files.a.scan), str(files.b.scan)}
    mask, scan = (nib.load(path) for path in (tmp_path / "masks/b_seg.nii.gz", files.b.scan))
    assert (mask.shape, mask.get_data_dtype()) == (scan.shape, np.uint8)
    np.testing.assert_array_equal(mask.affine, scan.affine)


def test_masks_replace_older_ones_and_are_named(predict, files, tmp_path):
    target = tmp_path / "masks/a_seg.nii.gz"
    target.parent.mkdir()
    target.write_text("old")
    said = predict(files.a.scan, "--largest-component")
    assert (said.code, said.out.strip()) == (0, str(target))
    assert nib.load(target).shape == nib.load(files.a.scan).shape


def test_a_bad_scan_is_reported_and_the_others_are_segmented(predict, files, tmp_path):
    bad = tmp_path / "bad.nii.gz"
    bad.write_bytes(files.a.scan.read_bytes()[:900])
    said = predict(bad, files.a.scan, "--json")
    assert said.code == json.loads(said.err)["exit_code"] == output.FAILED
    assert list(said.json["masks"]) == [str(files.a.scan)]
    assert "cut short" in said.json["failed"][str(bad)]


def test_a_bad_scan_is_told_in_words(predict, tmp_path):
    bad = tmp_path / "bad.nii"
    bad.write_bytes(b"not an image at all" * 40)
    said = predict(bad)
    assert said.code == output.FAILED
    assert "1 of 1 scans could not be segmented" in said.err
    assert "bad.nii is not a NIfTI file" in said.err


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["{folder}/nowhere.nii.gz"], "nowhere.nii.gz does not exist"),
        (["{folder}/truth"], "holds no scan"),
        (["{folder}/a.nii.gz", "--device", "abacus"], "not a device"),
        (["{folder}/a.nii.gz", "--out", "{folder}/a.nii.gz"], "cannot be made"),
        (["{folder}/a.nii.gz", "--threads", "-1"], "--threads"),
    ],
)
def test_bad_input_is_one_sentence(predict, files, argv, sentence):
    said = predict(*(word.format(folder=files.folder) for word in argv))
    assert said.code == output.BAD_INPUT
    assert sentence in said.err


def test_corrupt_weights_are_told_before_the_folder_is_made(predict, files, tmp_path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\x00" * 200)
    said = predict(files.a.scan, weights=broken)
    assert said.code == output.BAD_INPUT
    assert "broken.safetensors is damaged" in said.err
    assert not (tmp_path / "masks").exists()


def test_without_weights_the_shipped_ones_segment(predict, files, shipped_weights, tmp_path):
    said = predict(files.a.scan, weights=None)
    assert said.code == 0
    note = json.loads((tmp_path / "masks/a_seg.json").read_text())
    assert (note["weights"]["name"], note["weights"]["licence"]) == ("acdc_roi", "CC-BY-NC-SA-4.0")
    assert note["source"]["shape_tzyx"][0] == 1


def test_the_licence_is_shown_before_the_first_use_and_not_again(predict, files, shipped_weights):
    first, second = (predict(files.a.scan, "--json", weights=None) for _ in range(2))
    assert "CC BY-NC-SA 4.0" in first.err
    assert first.json["masks"]
    assert second.err == ""


def test_own_weights_show_no_licence(predict, files):
    assert "CC BY-NC-SA" not in predict(files.a.scan).err


def test_a_mask_tells_how_it_came_to_be(predict, files, weights, tmp_path):
    predict(files.b.scan)
    note = json.loads((tmp_path / "masks/b_seg.json").read_text())
    assert note["weights"]["sha256"] == values_sha256(api.Model.load(weights).tensors)
    assert note["settings"]["method"] == "pce"
    assert note["slices"] == {"from_prediction": 4}
    assert str(files.folder) not in json.dumps(note)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ((), {"largest": True, "holes": True, "ring": True, "border": True, "largest_component": False}),
        (("--no-post",), None),
        (("--no-post", "--largest-component"), {"largest_component": True}),
    ],
)
def test_masks_are_put_right_unless_one_says_no(predict, files, tmp_path, flags, told):
    assert predict(files.a.scan, *flags).code == 0
    assert json.loads((tmp_path / "masks/a_seg.json").read_text())["post_processing"] == told
