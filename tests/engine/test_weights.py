from __future__ import annotations

import json
import pickle

import pytest
import torch
from safetensors.torch import save_file

from napari_scribbleseg.engine.weights import WeightsError, build_trained, load_weights, save_weights


def test_tensors_and_description_come_back(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(path, {"a": torch.arange(3.0)}, {"step": 7})
    tensors, meta = load_weights(path)
    assert tensors["a"].tolist() == [0, 1, 2]
    assert meta["step"] == 7


@pytest.mark.parametrize("content", [b"", b"not weights at all", pickle.dumps({"a": 1})])
def test_a_damaged_or_foreign_file_is_refused_by_name(tmp_path, content):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"w\.safetensors is damaged"):
        load_weights(path)


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(path, {"a": torch.zeros(1000)}, {})
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(WeightsError, match="damaged"):
        load_weights(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"no weights file gone\.safetensors"):
        load_weights(tmp_path / "gone.safetensors")


def test_other_peoples_safetensors_are_refused(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match="no weights of napari-scribbleseg"):
        load_weights(tmp_path / "w.safetensors")


def test_a_newer_version_is_refused(tmp_path):
    meta = json.dumps({"format": "napari-scribbleseg", "version": 99})
    save_file({"a": torch.zeros(1)}, tmp_path / "w.safetensors", metadata={"napari_scribbleseg": meta})
    with pytest.raises(WeightsError, match="newer version"):
        load_weights(tmp_path / "w.safetensors")


def test_tensors_that_are_no_network_are_refused():
    with pytest.raises(WeightsError, match="do not fit"):
        build_trained({"a": torch.zeros(1)}, {"settings": {}}, torch.device("cpu"))
