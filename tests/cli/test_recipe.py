"""Options of a method as they are typed."""

from __future__ import annotations

import pytest

from napari_scribbleseg.cli.recipe import Recipe, parse_options
from napari_scribbleseg.settings import SettingsError


def test_values_are_read_as_what_they_look_like():
    typed = ["pseudo-weight=0.5", "n=3", "on=true", "alpha=null", "decoder=auxiliary", "text=a=b"]
    assert parse_options(typed) == {
        "pseudo_weight": 0.5,
        "n": 3,
        "on": True,
        "alpha": None,
        "decoder": "auxiliary",
        "text": "a=b",
    }


@pytest.mark.parametrize("typed", ["alpha", "=3"])
def test_a_pair_needs_a_key_and_an_equals_sign(typed):
    with pytest.raises(SettingsError, match="KEY=VALUE"):
        parse_options([typed])


def test_only_what_was_given_changes_a_setting():
    assert Recipe().changes() == {}
    assert Recipe(steps=0, seed=0, option=("a=1",)).changes() == {"steps": 0, "seed": 0, "options": {"a": 1}}
