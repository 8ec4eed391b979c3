"""What a person decided about measuring a scan, as plain values of `session.json`.

Only what was decided in the window gets here. What a file says about a patient is read from there again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from napari_scribbleseg.cardiac.measurement import Body, Choices

VERSION = 1


class ChoicesError(ValueError):
    """The values are no choices that this version can read."""


def choices_to_json(choices: Choices) -> dict[str, Any]:
    """Return choices as JSON values; what was left open is left out."""
    values: dict[str, Any] = {
        "version": VERSION,
        "ed": choices.ed,
        "es": choices.es,
        "excluded": [[int(t), int(z)] for t, z in sorted(choices.excluded)],
        "height_cm": choices.body.height_cm,
        "weight_kg": choices.body.weight_kg,
        "heart_rate_bpm": choices.heart_rate_bpm,
    }
    return {name: value for name, value in values.items() if value is not None and value != []}


def choices_from_json(values: Mapping[str, Any], shape: tuple[int, int, int, int]) -> Choices:
    """Read choices for a scan of shape (t, z, y, x).

    Raises
    ------
    ChoicesError
        For values of a newer version, phases or slices that the scan does not have, and numbers that measure nothing.
    """
    if values.get("version", VERSION) > VERSION:
        raise ChoicesError("they come from a newer version")
    n_t, n_z = shape[:2]
    return Choices(
        ed=_index(values.get("ed"), n_t),
        es=_index(values.get("es"), n_t),
        excluded=frozenset((_below(t, n_t), _below(z, n_z)) for t, z in values.get("excluded", ())),
        body=Body(_positive(values.get("height_cm")), _positive(values.get("weight_kg"))),
        heart_rate_bpm=_positive(values.get("heart_rate_bpm")),
    )


def _index(value: Any, count: int) -> int | None:
    return None if value is None else _below(value, count)


def _below(value: Any, count: int) -> int:
    if not isinstance(value, int) or not 0 <= value < count:
        raise ChoicesError(f"{value!r} is not one of {count}")
    return value


def _positive(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not (math.isfinite(number) and number > 0):
        raise ChoicesError(f"{value!r} measures nothing")
    return number
