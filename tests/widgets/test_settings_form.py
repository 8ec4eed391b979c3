from __future__ import annotations

import dataclasses

import pytest

from napari_scribbleseg.settings import SettingsError, TrainSettings
from napari_scribbleseg.widgets.settings_form import FIXED, RANDOM, form_values, settings_from


def test_defaults_are_the_papers():
    values = form_values(TrainSettings())
    assert (values["pseudo_weight"], values["alpha_mode"], values["learning_rate"]) == (0.5, RANDOM, 0.01)


def test_what_the_form_shows_becomes_the_settings():
    values = form_values(TrainSettings()) | {"alpha_mode": FIXED, "alpha": 0.25, "pseudo_weight": 1.0, "steps": 7}
    settings = settings_from(values, TrainSettings())
    assert dict(settings.options) == {"pseudo_weight": 1.0, "alpha": 0.25}
    assert settings.steps == 7


def test_fields_that_the_form_does_not_show_are_kept():
    base = dataclasses.replace(TrainSettings(), momentum=0.5, options={"decoder": "auxiliary"})
    settings = settings_from(form_values(base), base)
    assert settings.momentum == 0.5
    assert settings.options["decoder"] == "auxiliary"


def test_a_method_without_options_gets_none():
    values = form_values(TrainSettings()) | {"method": "pce"}
    assert dict(settings_from(values, TrainSettings()).options) == {}


def test_a_value_out_of_range_is_refused():
    with pytest.raises(SettingsError, match="Learning rate"):
        settings_from(form_values(TrainSettings()) | {"learning_rate": 0.0}, TrainSettings())
