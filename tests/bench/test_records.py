from __future__ import annotations

import h5py
import numpy as np
import pytest
import torch

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.records import CellFolder, Progress, read_json, write_json
from napari_scribbleseg.engine.weights import WeightsError, save_weights
from napari_scribbleseg.types import Checkpoint


@pytest.fixture
def folder(tmp_path) -> CellFolder:
    folder = CellFolder(tmp_path, "pce-fold1-seed0")
    folder.make()
    return folder


def test_notes_add_to_a_record_and_keep_the_rest(folder):
    assert (folder.read(), folder.status) == ({}, "")
    folder.note(status="running", steps_done=3)
    folder.note(status="done")
    assert folder.read() == {"status": "done", "steps_done": 3}


def test_notices_pile_up(folder):
    folder.add_notice("one")
    folder.add_notice("two")
    assert folder.read()["notices"] == ["one", "two"]


def test_progress_survives_to_the_bit(folder):
    tensors = {"method/w": torch.rand(3, 2), "random/cpu": torch.get_rng_state()}
    progress = Progress(Checkpoint(tensors, {"step": 5}, {}), [(1, "partial_ce", 0.1 + 0.2)], 1.25, 0.5)
    folder.write_progress(progress)
    back = folder.read_progress()
    assert all(torch.equal(back.checkpoint.tensors[name], tensor) for name, tensor in tensors.items())
    assert (back.checkpoint.meta, back.history) == ({"step": 5}, [(1, "partial_ce", 0.1 + 0.2)])
    assert (back.train_s, back.prepare_s) == (1.25, 0.5)
    assert folder.history.read_text().splitlines()[0] == "step,term,value"


def test_without_a_checkpoint_there_is_no_progress(folder):
    assert folder.read_progress() is None


def test_a_weights_file_is_no_checkpoint(folder):
    save_weights(folder.checkpoint, {"w": torch.zeros(1)}, {"settings": {}})
    with pytest.raises(WeightsError, match="no checkpoint"):
        folder.read_progress()


def test_half_weights_keep_whole_numbers_whole(folder):
    folder.write_weights({"w": torch.rand(4), "n": torch.tensor(7)}, {}, half=True)
    from napari_scribbleseg.engine.weights import load_weights

    tensors, _ = load_weights(folder.weights)
    assert (tensors["w"].dtype, tensors["n"].dtype, int(tensors["n"])) == (torch.float16, torch.int64, 7)


def test_masks_are_kept_one_by_one_and_then_together(folder, rng):
    mask = rng.integers(0, 4, (2, 3, 8, 8)).astype(np.uint8)
    assert folder.read_part("patient001") is None
    folder.write_part("dmpls_auxiliary/patient001", mask)
    np.testing.assert_array_equal(folder.read_part("dmpls_auxiliary/patient001"), mask)
    folder.write_masks({"patient001": mask, "dmpls_auxiliary/patient001": mask})
    with h5py.File(folder.masks) as file:
        np.testing.assert_array_equal(file["patient001"], mask)
        assert file["dmpls_auxiliary/patient001"].dtype == np.uint8


def test_clearing_leaves_the_results_alone(folder):
    folder.note(status="done")
    folder.pulse("train", 1, 2)
    folder.write_part("row/patient001", np.zeros((1, 1, 1, 1), np.uint8))
    folder.write_progress(Progress(Checkpoint({"w": torch.zeros(1)}, {}, {}), [], 0.0, 0.0))
    folder.clear()
    assert sorted(path.name for path in folder.path.iterdir()) == ["cell.json", "history.csv"]


def test_the_pulse_says_who_works_and_beats_once_a_second(folder):
    folder.pulse("train", 1, 9)
    folder.pulse("train", 2, 9)
    pulse = folder.read_pulse()
    assert (pulse["phase"], pulse["done"], pulse["total"]) == ("train", 1, 9)
    assert pulse["pid"] > 0


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_damaged_record_is_named(tmp_path, content):
    path = tmp_path / "cell.json"
    path.write_text(content)
    with pytest.raises(BenchError, match=r"cell\.json cannot be read"):
        read_json(path)


def test_json_comes_back_as_it_was(tmp_path):
    write_json(tmp_path / "a.json", {"λ": [1, None, 0.1]})
    assert read_json(tmp_path / "a.json") == {"λ": [1, None, 0.1]}
    assert read_json(tmp_path / "b.json") == {}
