"""Weights as ONNX: the same probabilities, for any batch, with what a reader must know inside."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_scribbleseg.api import onnx_export
from napari_scribbleseg.api.onnx_export import OnnxError, OnnxFile, export_onnx
from napari_scribbleseg.api.provenance import values_sha256
from napari_scribbleseg.engine.weights import build_trained

WHY = "the extra `onnx` is not installed"


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory) -> OnnxFile:
    pytest.importorskip("onnx", reason=WHY)
    pytest.importorskip("onnxscript", reason=WHY)
    licensed = replace(model, meta={**model.meta, "name": "tiny", "licence": "CC-BY-NC-SA-4.0"})
    return export_onnx(licensed, tmp_path_factory.mktemp("onnx") / "tiny.onnx")


def session(path: Path):
    runtime = pytest.importorskip("onnxruntime", reason=WHY)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("batch", [1, 5])
def test_onnx_runtime_and_torch_see_the_same_in_any_batch(exported, model, batch):
    image = np.random.default_rng(batch).random((batch, 1, 128, 128), np.float32)
    method, _ = build_trained(model.tensors, model.meta, torch.device("cpu"))
    with torch.inference_mode():
        ours = method.predict(torch.from_numpy(image)).numpy()
    (theirs,) = session(exported.path).run(["probabilities"], {"image": image})
    assert theirs.shape == (batch, 4, 128, 128)
    np.testing.assert_allclose(theirs, ours, atol=onnx_export.TOLERANCE)
    assert 0 <= exported.difference < onnx_export.TOLERANCE


def test_the_file_is_one_and_says_what_it_is(exported, model):
    assert [path.name for path in exported.path.parent.iterdir()] == ["tiny.onnx"]
    told = session(exported.path).get_modelmeta().custom_metadata_map
    assert told["scribbleseg.licence"] == "CC-BY-NC-SA-4.0"
    assert told["scribbleseg.weights_sha256"] == values_sha256(model.tensors)
    assert json.loads(told["scribbleseg.classes"]) == ["background", "RV", "Myo", "LV"]
    assert (json.loads(told["scribbleseg.spacing_mm"]), json.loads(told["scribbleseg.window_px"])) == (1.4, 128)


def test_the_opset_is_one_that_runtimes_of_today_read(exported):
    onnx = pytest.importorskip("onnx", reason=WHY)
    read = onnx.load(exported.path)
    onnx.checker.check_model(read)
    assert [entry.version for entry in read.opset_import if not entry.domain] == [onnx_export.OPSET]
    assert onnx_export.OPSET >= 17


def test_without_the_extra_one_learns_what_to_install(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(OnnxError, match=r'pip install "napari-scribbleseg\[onnx\]"'):
        export_onnx(model, tmp_path / "w.onnx")
    assert list(tmp_path.glob("*.onnx")) == []


@pytest.fixture
def _quick_exporter(exported, monkeypatch):
    """The exporter's answer of before, in place of another run of it."""
    content = exported.path.read_bytes()
    monkeypatch.setattr(onnx_export, "_serialise", lambda *args: content)


@pytest.mark.usefixtures("_quick_exporter")
def test_a_file_that_computes_something_else_is_not_written(model, tmp_path):
    other = replace(model, tensors={name: t * 1.5 for name, t in model.tensors.items()})
    with pytest.raises(OnnxError, match="would differ from the weights by"):
        export_onnx(other, tmp_path / "w.onnx")
    assert list(tmp_path.glob("*.onnx")) == []


@pytest.mark.usefixtures("_quick_exporter")
def test_without_onnx_runtime_nothing_is_compared(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert export_onnx(model, tmp_path / "w.onnx").difference is None


def test_what_the_exporter_refuses_is_one_sentence(model, tmp_path, monkeypatch):
    pytest.importorskip("onnx", reason=WHY)

    def refuse(*args, **kwargs):
        raise TypeError("no such operator\nand a long story")

    monkeypatch.setattr(torch.onnx, "export", refuse)
    with pytest.raises(OnnxError, match="cannot become ONNX: no such operator$"):
        export_onnx(model, tmp_path / "w.onnx")
