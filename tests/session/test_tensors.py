from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from napari_scribbleseg.engine.weights import load_weights
from napari_scribbleseg.session import Autosaver, SessionError, SessionFolder
from napari_scribbleseg.session.tensors import read_checkpoint, read_weights, write_checkpoint, write_weights
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Checkpoint


def make_checkpoint(step: int = 7) -> Checkpoint:
    shared = torch.arange(6.0).reshape(2, 3) + step
    tensors = {
        "net/w": shared,
        "net/tied": shared,
        "net/view": shared.T,
        "optimiser/1": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "rng": torch.get_rng_state(),
        "n": torch.tensor(3),
        "half": torch.tensor([float("nan"), -0.0], dtype=torch.float16),
        "empty": torch.zeros(0),
    }
    meta = {"settings": TrainSettings().to_json(), "step": step, "windows": {"a": [1, 2]}, "sampler": {"x": [1.5]}}
    return Checkpoint(tensors, meta, {"w": shared})


def _assert_equal(found, expected) -> None:
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(torch.nan_to_num(found[name]), torch.nan_to_num(tensor))


def test_a_checkpoint_comes_back_to_the_bit(tmp_path):
    checkpoint = make_checkpoint()
    write_checkpoint(tmp_path / "c.safetensors", checkpoint)
    found = read_checkpoint(tmp_path / "c.safetensors")
    _assert_equal(found.tensors, checkpoint.tensors)
    _assert_equal(found.weights, checkpoint.weights)
    assert found.meta == checkpoint.meta


def test_weights_are_a_file_for_the_command_line(tmp_path):
    write_weights(tmp_path / "w.safetensors", make_checkpoint())
    tensors, meta = load_weights(tmp_path / "w.safetensors")
    _assert_equal(tensors, dict(make_checkpoint().weights))
    assert (meta["step"], meta["windows"]) == (7, {"a": [1, 2]})
    assert TrainSettings.from_json(meta["settings"]) == TrainSettings()
    assert "sampler" not in meta


def test_a_loaded_checkpoint_does_not_hold_on_to_its_file(tmp_path):
    path = tmp_path / "c.safetensors"
    write_checkpoint(path, make_checkpoint(1))
    found = read_checkpoint(path)
    path.write_bytes(bytes(path.stat().st_size))
    assert float(found.tensors["net/w"][0, 0]) == 1.0


def test_weights_are_no_checkpoint(tmp_path):
    write_weights(tmp_path / "w.safetensors", make_checkpoint())
    with pytest.raises(SessionError, match="holds no checkpoint"):
        read_checkpoint(tmp_path / "w.safetensors")


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a session was unpickled",))


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"PK\x03\x04", pickle.dumps(Bomb())])
def test_rubbish_is_a_sentence_that_names_the_file_and_is_never_unpickled(tmp_path, content):
    (tmp_path / "weights.safetensors").write_bytes(content)
    with pytest.raises(SessionError, match=r"weights\.safetensors"):
        read_weights(tmp_path / "weights.safetensors")


@pytest.fixture
def trained(tmp_path, cine) -> Path:
    with SessionFolder.create(tmp_path / "s") as folder, Autosaver(folder) as saver:
        saver.add_scan(cine)
        saver.put_slice(cine.case, 0, 0, cine.volume(0)[0] > 300)
        saver.record_event(make_checkpoint())
    return tmp_path / "s"


def test_a_session_gives_its_checkpoint_back(trained):
    with SessionFolder.open(trained) as folder:
        state = folder.load()
        assert folder.load(tensors=False).checkpoint is None
    _assert_equal(state.checkpoint.tensors, make_checkpoint_tensors(state))
    assert state.weights is None


def make_checkpoint_tensors(state):
    expected = dict(make_checkpoint().tensors)
    return expected | {"rng": state.checkpoint.tensors["rng"], "optimiser/1": state.checkpoint.tensors["optimiser/1"]}


def test_a_damaged_checkpoint_leaves_the_weights_and_the_strokes(trained, cine):
    content = (trained / "checkpoint.safetensors").read_bytes()
    (trained / "checkpoint.safetensors").write_bytes(content[:-20])
    with SessionFolder.open(trained) as folder:
        state = folder.load()
    assert "checkpoint.safetensors" in state.problems[0]
    assert state.checkpoint is None
    _assert_equal(state.weights, dict(make_checkpoint().weights))
    assert state.scribbles[cine.case].any()


def test_damaged_weights_leave_the_strokes(trained, cine):
    for name in ("checkpoint.safetensors", "weights.safetensors"):
        (trained / name).write_bytes(b"\0" * 30)
    with SessionFolder.open(trained) as folder:
        state = folder.load()
    assert len(state.problems) == 2
    assert (state.checkpoint, state.weights) == (None, None)
    assert state.scribbles[cine.case].any()


def test_sessions_are_imported_and_read_without_torch(trained):
    code = (
        "import sys\n"
        "from napari_scribbleseg.session import Autosaver, SessionFolder\n"
        "with SessionFolder.open(sys.argv[1]) as folder, Autosaver(folder) as saver:\n"
        "    saver.record('hello')\n"
        "assert not {'torch', 'qtpy', 'napari'} & set(sys.modules), 'too heavy'\n"
    )
    subprocess.run([sys.executable, "-c", code, str(trained)], cwd=Path(__file__).parents[2], check=True)
