"""Settings for a training without a person at the screen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from napari_scribbleseg.api.model import Model
from napari_scribbleseg.settings import TrainSettings, protocol_settings

ROI_RECIPE: Mapping[str, Any] = MappingProxyType(
    {
        "resolution": "roi",
        "schedule": "protocol",
        "steps": 300,
        "batch_size": 4,
        "learning_rate": 0.03,
        "ema_decay": 0.97,
        "held_out": 0.0,
    }
)
"""What trains best without a person at the screen: a run of known length that ends with a falling learning rate."""

LOCATE_ABOVE_SCANS = 4
"""With more scans than this the network learns to find a heart by itself; from fewer that costs more than it gives."""


def default_settings(resolution: str = "roi", n_scans: int = 1, **changes: Any) -> TrainSettings:
    """Return settings for a training without a person at the screen.

    Parameters
    ----------
    resolution : "roi" (fast, around the heart) or "protocol" (the paper's, for benchmarks)
    n_scans : how many scans there are to learn from
    **changes : settings to differ in

    Raises
    ------
    SettingsError
        For an unknown setting or a value out of range.
    """
    if resolution == "protocol":
        return changed(protocol_settings(), **changes)
    recipe = {**ROI_RECIPE, "resolution": resolution, "locate": n_scans > LOCATE_ABOVE_SCANS}
    return TrainSettings.from_json({**recipe, **changes})


def changed(settings: TrainSettings, **changes: Any) -> TrainSettings:
    """Return settings with some values changed; an unknown name is a SettingsError."""
    return TrainSettings.from_json({**settings.to_json(), **changes})


def settings_after(start: Model | None, n_scans: int, **changes: Any) -> TrainSettings:
    """Return default settings; method, its options and resolution are those of `start` where it is given."""
    if start is not None:
        before = start.settings
        same_method = changes.get("method", before.method) == before.method
        inherited = {"method": before.method, "options": before.options} if same_method else {}
        changes = {"resolution": before.resolution, **inherited, **changes}
    resolution = changes.pop("resolution", "roi")
    return default_settings(resolution, n_scans, **changes)


def all_cores() -> int:
    """Return the number of cores that this process may use: without a window, none need be spared."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


FINETUNE_RECIPE: Mapping[str, Any] = MappingProxyType(
    {"schedule": "finetune", "steps": 10**6, "batch_size": 4, "learning_rate": 0.01, "ema_decay": 0.9}
)
"""What adapts trained weights best within seconds (`docs/methods.md` has the table)."""


def finetune_settings(start: Model, **changes: Any) -> TrainSettings:
    """Return settings to adapt trained weights; method, its options and resolution are those of `start`.

    Raises
    ------
    SettingsError
        For an unknown setting or a value out of range.
    """
    before = start.settings
    kept = {"method": before.method, "options": before.options, "resolution": before.resolution}
    return TrainSettings.from_json({**kept, **FINETUNE_RECIPE, **changes})
