"""Weights from the command line: list, import, export and their licence."""

from __future__ import annotations

import hashlib
import json

import pytest

from napari_scribbleseg.api import Model, licence
from napari_scribbleseg.api.onnx_export import OnnxFile
from napari_scribbleseg.api.provenance import values_sha256
from napari_scribbleseg.cli import output
from napari_scribbleseg.cli import weights as commands

pytestmark = pytest.mark.usefixtures("shipped_weights")


@pytest.mark.parametrize("command", ["list", "import", "export", "license"])
def test_every_command_teaches_by_example(run, command):
    said = run("weights", command, "--help")
    assert said.code == 0
    assert "napari-scribbleseg" in said.out.split("Example")[1]


# list and import ----------------------------------------------------------------------------------------------------


def test_the_list_tells_names_hashes_and_licences(run, shipped_weights, weights):
    assert run("weights", "import", weights, "--name", "mine").code == 0
    first, second = run("weights", "list", "--json").json["weights"]
    assert (first["name"], first["origin"], first["licence"]) == ("acdc_roi", "shipped", "CC-BY-NC-SA-4.0")
    assert first["file_sha256"] == hashlib.sha256(shipped_weights.read_bytes()).hexdigest()
    assert (second["name"], second["origin"], second["licence"]) == ("mine", "imported", None)
    assert second["sha256"] == values_sha256(Model.load(weights).tensors)
    said = run("weights", "list")
    assert said.code == 0
    assert first["sha256"] in said.out
    assert "MODEL_CARD.md" in said.out


def test_a_damaged_entry_does_not_hide_the_others(run, shipped_weights):
    shipped_weights.with_name("broken.safetensors").write_bytes(b"\x00" * 99)
    said = run("weights", "list")
    assert said.code == output.FAILED
    assert "acdc_roi" in said.out
    assert "broken.safetensors is damaged" in said.err


def test_imported_weights_predict_by_their_name(run, weights, files, tmp_path):
    said = run("weights", "import", weights, "--name", "mine")
    assert "--weights mine" in said.out
    said = run("predict", files.a.scan, "--weights", "mine", "--out", tmp_path / "masks", "--threads", 1)
    assert said.code == 0
    assert json.loads((tmp_path / "masks/a_seg.json").read_text())["weights"]["name"] == "mine"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["import", "{weights}", "--name", "acdc_roi"], "come with the program"),
        (["import", "nowhere.safetensors"], "no weights file nowhere.safetensors"),
        (["export", "nobody", "{out}/w.safetensors"], "no weights nobody"),
        (["export", "acdc_roi", "{out}/w.pt"], "does not end in .safetensors or .onnx"),
        (["export", "acdc_roi", "{out}/w.onnx", "--half"], "--half is for .safetensors"),
        (["export", "acdc_roi", "{out}/w.safetensors", "--licence", "MIT"], "goes with every copy"),
    ],
)
def test_bad_input_is_one_sentence(run, weights, tmp_path, argv, sentence):
    said = run("weights", *(word.format(weights=weights, out=tmp_path) for word in argv))
    assert said.code == output.BAD_INPUT
    assert sentence in said.err
    assert list(tmp_path.glob("w.*")) == []


# export -------------------------------------------------------------------------------------------------------------


def test_a_copy_holds_the_same_values_and_its_licence(run, tmp_path):
    out = tmp_path / "copy.safetensors"
    said = run("weights", "export", "acdc_roi", out, "--json")
    copy = Model.load(out)
    assert (said.code, said.json["licence"]) == (0, "CC-BY-NC-SA-4.0")
    assert said.json["sha256"] == values_sha256(copy.tensors)
    assert (copy.meta["licence"], copy.meta["name"]) == ("CC-BY-NC-SA-4.0", "acdc_roi")
    assert "which goes with every copy" in run("weights", "export", "acdc_roi", out).out


def test_half_a_file_is_made_of_own_weights(run, weights, tmp_path):
    out = tmp_path / "half.safetensors"
    said = run("weights", "export", weights, out, "--half", "--json")
    assert said.json["bytes"] == out.stat().st_size < 0.6 * weights.stat().st_size
    assert Model.load(out).meta["windows"] == {}


def test_an_onnx_file_is_exported_and_compared(run, tmp_path, monkeypatch):
    asked = []

    def export(model, path):
        asked.append(model.meta["licence"])
        path.write_bytes(b"onnx")
        return OnnxFile(path, 2e-7)

    monkeypatch.setattr(commands, "export_onnx", export)
    said = run("weights", "export", "acdc_roi", tmp_path / "w.onnx")
    assert said.code == 0
    assert "ONNX Runtime computes the same, to 2e-07" in said.out
    assert asked == ["CC-BY-NC-SA-4.0"]
    monkeypatch.setattr(commands, "export_onnx", lambda model, path: OnnxFile(path, None))
    assert "not compared" in run("weights", "export", "acdc_roi", tmp_path / "w.onnx").out


# licence ------------------------------------------------------------------------------------------------------------


def test_the_licence_is_printed_and_accepted_only_where_one_says_so(run):
    said = run("weights", "license")
    assert (said.code, said.out.strip()) == (0, licence.licence_text().strip())
    assert not licence.is_accepted()
    assert run("weights", "license", "--accept", "--json").json["accepted"] is True
    assert licence.is_accepted()


def test_a_folder_that_cannot_be_written_is_told(run, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SCRIBBLESEG_HOME", str(tmp_path / "file"))
    said = run("weights", "license", "--accept")
    assert said.code == output.FAILED
    assert "could not be noted" in said.err
