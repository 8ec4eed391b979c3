from __future__ import annotations

import json

import pytest

from napari_scribbleseg.settings import SettingsError, TrainSettings, protocol_settings


def test_settings_survive_json():
    settings = TrainSettings(method="pce", options={"a": 1}, steps=7)
    assert TrainSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(SettingsError, match="warp_speed"):
        TrainSettings.from_json({"warp_speed": 9})


@pytest.mark.parametrize(
    "wrong",
    [{"resolution": "4k"}, {"schedule": "x"}, {"steps": -1}, {"batch_size": 0}, {"learning_rate": 0}, {"momentum": 1},
     {"weight_decay": -1}, {"ema_decay": 1}, {"threads": -1}, {"held_out": 1}, {"time_limit_s": -1}],
)  # fmt: skip
def test_a_value_out_of_range_is_refused_with_a_sentence(wrong):
    with pytest.raises(SettingsError, match=r"\.$"):
        TrainSettings(**wrong)


def test_the_protocol_is_the_papers():
    p = protocol_settings()
    assert (p.batch_size, p.steps, p.learning_rate, p.momentum, p.weight_decay) == (12, 60_000, 0.01, 0.9, 1e-4)
    assert (p.resolution, p.schedule, p.ema_decay, p.held_out) == ("protocol", "protocol", 0.0, 0.0)
