"""Weights by name: found, listed, imported, passed on, and refused when they are damaged."""

from __future__ import annotations

import hashlib
import socket
from dataclasses import replace

import pytest
import torch

from napari_scribbleseg.api import Model, predict
from napari_scribbleseg.api.licence import LICENCE_ID
from napari_scribbleseg.api.provenance import values_sha256
from napari_scribbleseg.api.shipped import (
    find_weights,
    for_sharing,
    import_weights,
    list_weights,
    locate_weights,
    shipped_model,
)
from napari_scribbleseg.engine.weights import WeightsError, load_weights, save_weights

pytestmark = pytest.mark.usefixtures("weights_folder")


@pytest.fixture
def mine(model, tmp_path):
    path = tmp_path / "mine.safetensors"
    model.save(path)
    return path


# finding ------------------------------------------------------------------------------------------------------------


def test_the_shipped_weights_predict_without_a_network(cine, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("something asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert predict(shipped_model(), cine, threads=1).shape == cine.shape


def test_shipped_weights_come_in_32_bits_and_know_name_and_licence(model):
    found = shipped_model()
    assert (found.meta["name"], found.meta["licence"]) == ("acdc_roi", LICENCE_ID)
    assert found.settings == model.settings
    assert {t.dtype for t in found.tensors.values()} <= {torch.float32, torch.int64}


@pytest.mark.parametrize("nothing", [None, ""])
def test_without_a_name_the_shipped_weights_are_meant(nothing):
    assert locate_weights(nothing).origin == "shipped"


def test_weights_are_found_by_name_by_path_and_by_a_path_to_the_shipped_file(mine, weights_folder):
    import_weights(mine, "scanner_2")
    assert find_weights("scanner_2").meta["name"] == "scanner_2"
    assert "name" not in find_weights(mine).meta
    assert locate_weights(weights_folder / "acdc_roi.safetensors").name == "acdc_roi"


def test_a_file_without_an_ending_is_found_where_no_name_is_meant(mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine.rename("plain")
    assert locate_weights("plain").origin == "file"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("nobody", r"no weights nobody: neither a file nor a name in the list \(acdc_roi\)"),
        ("nowhere/w.safetensors", "no weights file w.safetensors"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(asked, sentence):
    with pytest.raises(WeightsError, match=sentence):
        locate_weights(asked)


def test_an_installation_without_its_weights_says_so(weights_folder):
    (weights_folder / "acdc_roi.safetensors").unlink()
    with pytest.raises(WeightsError, match="missing; reinstall"):
        shipped_model()


def test_changed_values_are_noticed(weights_folder):
    path = weights_folder / "acdc_roi.safetensors"
    tensors, meta = load_weights(path)
    name = next(iter(tensors))
    save_weights(path, {**tensors, name: tensors[name] + 1}, meta)
    with pytest.raises(WeightsError, match="damaged: its values are not those.*Reinstall"):
        shipped_model()


# listing and importing ----------------------------------------------------------------------------------------------


def test_the_list_has_the_shipped_weights_first_and_then_ones_own(mine):
    for name in ("zebra", "Ape"):
        import_weights(mine, name)
    assert [(w.name, w.origin) for w in list_weights()] == [
        ("acdc_roi", "shipped"),
        ("Ape", "imported"),
        ("zebra", "imported"),
    ]


def test_the_hash_of_the_file_is_what_every_tool_tells(weights_folder):
    content = (weights_folder / "acdc_roi.safetensors").read_bytes()
    assert locate_weights().file_sha256() == hashlib.sha256(content).hexdigest()


def test_only_shipped_weights_have_a_card(mine):
    assert locate_weights().card.name == "MODEL_CARD.md"
    assert import_weights(mine).card is None


def test_an_import_keeps_the_values_and_outlives_the_file(mine, model):
    entry = import_weights(mine)
    mine.unlink()
    assert entry.name == "mine"
    assert values_sha256(find_weights("mine").tensors) == values_sha256(model.tensors)


def test_importing_the_same_again_is_no_conflict_and_other_weights_need_leave(mine, model, tmp_path):
    import_weights(mine)
    assert import_weights(mine).name == "mine"
    other = tmp_path / "other.safetensors"
    replace(model, tensors={name: t + 1 for name, t in model.tensors.items()}).save(other)
    with pytest.raises(WeightsError, match="other weights named mine"):
        import_weights(other, "mine")
    import_weights(other, "mine", replace_old=True)
    assert values_sha256(find_weights("mine").tensors) == values_sha256(Model.load(other).tensors)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("acdc_roi", "come with the program"), ("../up", "no name"), ("", "no name"), ("a.b", "no name")],
)
def test_a_name_that_does_not_do_is_refused(mine, home, name, sentence):
    with pytest.raises(WeightsError, match=sentence):
        import_weights(mine, name)
    assert not home.exists()


def test_foreign_files_are_not_imported(tmp_path):
    path = tmp_path / "photo.safetensors"
    path.write_bytes(b"\x00" * 100)
    with pytest.raises(WeightsError, match="photo.safetensors is damaged"):
        import_weights(path)


# passing on ---------------------------------------------------------------------------------------------------------


def test_what_is_shared_names_no_case_and_half_of_it_is_16_bits(model, tmp_path):
    whole, half = tmp_path / "whole.safetensors", tmp_path / "half.safetensors"
    for_sharing(model).save(whole)
    for_sharing(model, half=True).save(half)
    assert model.meta["windows"]
    assert (Model.load(whole).meta["windows"], "canvases" in Model.load(whole).meta) == ({}, False)
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    halved = Model.load(half).tensors
    assert {t.dtype for t in halved.values() if t.ndim > 1} == {torch.float16}
    assert {t.dtype for name, t in halved.items() if "running" in name} == {torch.float32}


def test_values_too_large_for_16_bits_are_not_lost_silently(model):
    name = next(name for name, t in model.tensors.items() if t.ndim > 1)
    huge = replace(model, tensors={**model.tensors, name: model.tensors[name] + 1e6})
    with pytest.raises(WeightsError, match="too large for 16 bits"):
        for_sharing(huge, half=True)


def test_a_licence_goes_with_every_copy():
    assert for_sharing(shipped_model()).meta["licence"] == LICENCE_ID
    with pytest.raises(WeightsError, match="which goes with every copy"):
        for_sharing(shipped_model(), licence="MIT")


def test_own_weights_get_the_licence_that_one_names(model):
    assert for_sharing(model, licence="CC-BY-4.0").meta["licence"] == "CC-BY-4.0"
    assert "licence" not in for_sharing(model).meta
