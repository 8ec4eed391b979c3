from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.request import Request, describe_fields, parse_numbers


def request(**values) -> Request:
    return Request(**{"out": Path("out"), "acdc": Path("acdc"), **values})


@pytest.mark.parametrize(("text", "numbers"), [("1-3", (1, 2, 3)), ("5, 1 - 2,5", (1, 2, 5)), ("0", (0,))])
def test_lists_of_numbers_are_read(text, numbers):
    assert parse_numbers(text, "Folds") == numbers


@pytest.mark.parametrize("text", ["", "a", "3-1", "1,,2", "1-"])
def test_what_is_no_list_of_numbers_is_refused_with_an_example(text):
    with pytest.raises(BenchError, match="write them like 1-5,8"):
        parse_numbers(text, "Folds")


def test_every_field_is_explained():
    assert set(describe_fields()) == {field.name for field in dataclasses.fields(Request)}
    assert all(text.endswith(".") for text in describe_fields().values())


def test_lambdas_take_the_place_of_the_papers():
    keys = [row.key for row in request(methods="all", lambdas=".05,0.5").rows()]
    assert [key for key in keys if "lambda" in key] == ["dmpls_lambda_0.05"]
    assert keys.count("dmpls") == 1  # λ = .5 is DMPLS itself


def test_lambdas_may_be_left_out_of_a_group():
    assert not [row for row in request(methods="all", lambdas="none").rows() if row.section == "lambda"]


def test_options_of_single_rows_are_read_with_their_types():
    rows = request(methods="dmpls,pce", row_options=("dmpls.alpha=.5", "dmpls.decoder=auxiliary")).rows()
    options = {row.key: dict(row.options) for row in rows}
    assert options["dmpls"] == {"alpha": 0.5, "decoder": "auxiliary"}
    assert options["pce"] == {}


def test_the_options_of_a_sweep_can_be_named_although_its_keys_have_dots():
    (row,) = request(methods="dmpls_lambda_0.1", row_options=("dmpls_lambda_0.1.alpha=0.5",)).rows()
    assert dict(row.options) == {"pseudo_weight": 0.1, "alpha": 0.5}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"acdc": None}, "either --acdc DIR or --pack FILE"),
        ({"pack": Path("p")}, "either --acdc DIR or --pack FILE"),
        ({"workers": 0}, "Workers"),
        ({"threads": 0}, "Threads"),
        ({"budget_s": -1.0}, "budget"),
        ({"checkpoint_s": 0.0}, "checkpoints"),
        ({"gpu_resource": True}, "--scheduler"),
    ],
)
def test_contradictions_are_told_at_once(values, sentence):
    with pytest.raises(BenchError, match=sentence):
        request(**values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"methods": "dmls"}, "no row or group 'dmls'"),
        ({"folds": "4-6"}, "There is no fold 6"),
        ({"lambdas": "half"}, "Weights λ"),
        ({"row_options": ("alpha=1",)}, "ROW.NAME=VALUE"),
        ({"methods": "dmpls,pce", "row_options": ("dmpl.alpha=1",)}, "Did you mean 'dmpls'"),
    ],
)
def test_a_grid_that_cannot_be_is_refused_in_a_sentence(values, sentence):
    with pytest.raises(BenchError, match=sentence):
        request(**values).grid()
