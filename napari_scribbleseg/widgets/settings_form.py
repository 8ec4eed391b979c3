"""Training settings as the values of a form, and back; no widgets here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from napari_scribbleseg.settings import TrainSettings

PLAIN = (
    "method",
    "learning_rate",
    "steps",
    "batch_size",
    "resolution",
    "schedule",
    "ema_decay",
    "held_out",
    "device",
    "threads",
    "seed",
)
"""Fields of the form that are fields of the settings."""

MIXED = "dmpls"
"""The method that takes λ and α."""
RANDOM = "random at each step"
FIXED = "fixed"


def form_values(settings: TrainSettings) -> dict[str, Any]:
    """Return what the form shows for `settings`."""
    alpha = settings.options.get("alpha")
    return {name: getattr(settings, name) for name in PLAIN} | {
        "pseudo_weight": float(settings.options.get("pseudo_weight", 0.5)),
        "alpha_mode": RANDOM if alpha is None else FIXED,
        "alpha": 0.5 if alpha is None else float(alpha),
    }


def settings_from(values: Mapping[str, Any], base: TrainSettings) -> TrainSettings:
    """Return `base` with the values of the form.

    Raises
    ------
    SettingsError
        For a value out of range.
    """
    options: dict[str, Any] = {}
    if values["method"] == MIXED:
        kept = {k: v for k, v in base.options.items() if base.method == MIXED and k not in ("pseudo_weight", "alpha")}
        options = kept | {
            "pseudo_weight": values["pseudo_weight"],
            "alpha": values["alpha"] if values["alpha_mode"] == FIXED else None,
        }
    elif base.method == values["method"]:
        options = dict(base.options)
    return dataclasses.replace(base, options=options, **{name: values[name] for name in PLAIN})
