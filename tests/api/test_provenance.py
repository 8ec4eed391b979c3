"""A mask's JSON says how it came to be, and names nobody."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

import nibabel as nib
import numpy as np
import pytest
import torch

import napari_scribbleseg
from napari_scribbleseg.api.prediction import predict_file
from napari_scribbleseg.api.provenance import (
    Provenance,
    array_sha256,
    describe_mask,
    describe_strokes,
    describe_weights,
    save_mask_and_note,
    values_sha256,
    with_training,
)
from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.io import ScanError, fingerprint
from napari_scribbleseg.labels import LV, MYO
from tests.synthetic import make_cine, make_truth


@pytest.fixture
def mask(cine) -> np.ndarray:
    return make_truth(*cine.shape[:2])


# hashes -------------------------------------------------------------------------------------------------------------


def test_a_hash_of_weights_is_of_names_shapes_and_values_alone():
    values = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    known = values_sha256({"a": values})
    assert known == hashlib.sha256(b"a(2, 2)" + np.float32([1, 2, 3, 4]).tobytes()).hexdigest()
    assert known == values_sha256({"a": values.half()}) == values_sha256({"a": values.T.contiguous().T})
    others = [{"b": values}, {"a": values.reshape(4)}, {"a": values + 1e-6}, {"a": values, "n": torch.tensor(0)}]
    assert len({known, *map(values_sha256, others)}) == 5


def test_a_hash_of_labels_tells_shapes_apart():
    assert array_sha256(np.zeros((1, 2, 2, 2), np.uint8)) != array_sha256(np.zeros((2, 1, 2, 2), np.uint8))


# strokes ------------------------------------------------------------------------------------------------------------


def test_strokes_are_counted_by_class_and_slice():
    strokes = np.zeros((2, 2, 9, 9), np.uint8)
    strokes[0, 1, 1, 1:4] = LV
    strokes[0, 1, 2, 4] = LV  # touches the first at a corner
    strokes[0, 1, 7, 7] = LV
    strokes[0, 1, 5, 5] = MYO
    strokes[1, 0, 0, :] = 4
    told = describe_strokes(strokes)
    assert (told["count"], told["pixels"]) == (4, 15)
    assert told["by_class"] == {"RV": 0, "Myo": 1, "LV": 2, "Background": 1}
    assert told["by_slice"] == [{"t": 0, "z": 1, "Myo": 1, "LV": 2}, {"t": 1, "z": 0, "Background": 1}]
    assert told["sha256"] == array_sha256(strokes)


def test_no_strokes_are_none():
    assert describe_strokes(np.zeros((1, 1, 4, 4), np.uint8))["count"] == 0


# the note -----------------------------------------------------------------------------------------------------------


def test_a_note_tells_weights_settings_strokes_time_version_and_source(cine, model, strokes, mask):
    weights = describe_weights(model)
    note = describe_mask(mask, cine, Provenance(weights, strokes, train_s=12.344, predict_s=0.5))
    assert note["app_version"] == napari_scribbleseg.__version__
    assert note["weights"]["sha256"] == values_sha256(model.tensors)
    assert note["settings"] == model.settings.to_json()
    assert "settings" not in note["weights"]
    assert note["strokes"]["count"] == describe_strokes(strokes)["count"] > 0
    assert note["time_s"] == {"training": 12.34, "prediction": 0.5}
    assert note["source"]["fingerprint"] == fingerprint(cine)
    assert note["slices"] == {"from_prediction": 6}
    assert note["mask_sha256"] == array_sha256(mask)
    assert json.loads(json.dumps(note)) == note


def test_a_note_of_some_frames_tells_of_these(cine, mask):
    note = describe_mask(mask, cine, Provenance(), frames=[1])
    assert note["frames"] == [1]
    assert note["mask_sha256"] == array_sha256(mask[1:])
    assert note["slices"] == {"from_prediction": 3}
    assert note["weights"] is note["settings"] is note["strokes"] is None


def test_options_of_the_post_processing_are_told_by_name(cine, mask):
    @dataclass(frozen=True)
    class Options:
        largest: bool = True

    assert describe_mask(mask, cine, Provenance(post=Options()))["post_processing"] == {"largest": True}
    assert describe_mask(mask, cine, Provenance())["post_processing"] is None


def test_whoever_writes_may_add_entries_but_replace_none(cine, mask):
    note = describe_mask(mask, cine, Provenance(more={"reader": "2", "format": "another"}, slices={"edited": 6}))
    assert (note["reader"], note["format"], note["slices"]) == ("2", "napari-scribbleseg-export", {"edited": 6})


def test_the_note_lies_beside_the_mask_under_its_name(cine, mask, tmp_path):
    path = tmp_path / "heart_seg.nii.gz"
    note = save_mask_and_note(path, mask, cine, Provenance())
    assert note == tmp_path / "heart_seg.json"
    assert json.loads(note.read_text())["format"] == "napari-scribbleseg-export"
    np.testing.assert_array_equal(np.asarray(nib.load(path).dataobj).transpose(3, 2, 1, 0), mask)


def test_a_mask_that_is_refused_leaves_the_old_pair_as_it_was(cine, mask, tmp_path):
    path = tmp_path / "heart_seg.nii.gz"
    note = save_mask_and_note(path, mask, cine, Provenance())
    before = path.read_bytes(), note.read_bytes()
    with pytest.raises(ScanError):
        save_mask_and_note(path, mask[:, :1], cine, Provenance())
    assert (path.read_bytes(), note.read_bytes()) == before


def test_a_note_that_cannot_be_written_is_told(cine, mask, tmp_path):
    (tmp_path / "heart_seg.json").mkdir()
    with pytest.raises(ScanError, match=r"heart_seg\.json was not written"):
        save_mask_and_note(tmp_path / "heart_seg.nii.gz", mask, cine, Provenance())


# training -----------------------------------------------------------------------------------------------------------


def test_weights_remember_their_training_and_so_do_their_masks(cine, model, strokes, mask, tmp_path):
    start = replace(model, meta={**model.meta, "name": "acdc_roi", "licence": "CC-BY-NC-SA-4.0"})
    with_training(model, start, [(cine, strokes)], 20.0).save(tmp_path / "tuned.safetensors")
    weights = describe_weights(napari_scribbleseg.Model.load(tmp_path / "tuned.safetensors"))
    note = describe_mask(mask, cine, Provenance(weights))
    assert note["weights"]["licence"] == "CC-BY-NC-SA-4.0"
    assert note["weights"]["training"]["started_from"]["name"] == "acdc_roi"
    assert note["time_s"]["training"] == 20.0
    assert note["strokes"] == describe_strokes(strokes)
    other = make_cine(spacing_mm=1.7)
    assert describe_mask(make_truth(), other, Provenance(weights))["strokes"] is None


def test_a_second_fine_tuning_still_tells_of_the_first_start(cine, model, strokes):
    start = replace(model, meta={**model.meta, "name": "acdc_roi"})
    once = with_training(model, start, [(cine, strokes)], 1)
    twice = with_training(model, once, [(cine, strokes)], 1)
    assert twice.meta["training"]["started_from"]["started_from"]["name"] == "acdc_roi"


def test_training_from_scratch_has_no_start_and_no_licence(cine, model, strokes):
    made = with_training(model, None, [(cine, strokes)])
    assert made.meta["training"]["started_from"] is None
    assert "licence" not in made.meta


# files --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def scan_file(cine, tmp_path):
    """A scan whose name, title and header hold a patient's name."""
    folder = tmp_path / "MUELLER_HANS"
    folder.mkdir()
    image = nib.Nifti1Image(np.asarray(cine.data).transpose(3, 2, 1, 0), np.diag([-1.4, -1.4, 8, 1]))
    image.header["descrip"] = b"Mueller^Hans 1951"
    nib.save(image, folder / "mueller_hans.nii.gz")
    return folder / "mueller_hans.nii.gz"


def test_a_scan_file_becomes_a_mask_and_a_note_that_names_nobody(model, scan_file, tmp_path):
    made = predict_file(model, scan_file, tmp_path, threads=1)
    assert (made.mask.name, made.note.name) == ("mueller_hans_seg.nii.gz", "mueller_hans_seg.json")
    text = made.note.read_text()
    assert "mueller" not in text.lower()
    assert str(tmp_path) not in text
    note = json.loads(text)
    written = np.asarray(nib.load(made.mask).dataobj).transpose(3, 2, 1, 0)
    assert note["mask_sha256"] == array_sha256(written)
    assert note["weights"] == {k: v for k, v in describe_weights(model).items() if k != "settings"}
    assert note["time_s"]["prediction"] >= 0


def test_a_note_tells_what_was_put_right_afterwards(model, scan_file, tmp_path):
    plain = predict_file(model, scan_file, tmp_path, threads=1)
    assert json.loads(plain.note.read_text())["post_processing"] is None
    cleaned = predict_file(model, scan_file, tmp_path, threads=1, post=PostProcessing(ring=False))
    told = {"largest": True, "holes": True, "ring": False, "border": True, "largest_component": False}
    assert json.loads(cleaned.note.read_text())["post_processing"] == told


def test_a_cancelled_scan_leaves_nothing_behind(model, scan_file, tmp_path):
    out = tmp_path / "out"
    out.mkdir()

    def stop(done, total):
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        predict_file(model, scan_file, out, threads=1, progress=stop)
    assert list(out.iterdir()) == []
