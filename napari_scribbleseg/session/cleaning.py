"""What a person chose to be put right in predictions, as plain values of `session.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from napari_scribbleseg.engine.postprocess import PostProcessing

VERSION = 1
_NAMES = tuple(field.name for field in fields(PostProcessing))


class CleaningError(ValueError):
    """The values are no choice that this version can read."""


def cleaning_to_json(post: PostProcessing) -> dict[str, Any]:
    """Return a choice as JSON values, each part by its name, whether it is the default or not."""
    return {"version": VERSION, **{name: bool(getattr(post, name)) for name in _NAMES}}


def cleaning_from_json(values: Mapping[str, Any]) -> PostProcessing:
    """Read a choice; a part that is not named is as it is by default.

    Raises
    ------
    CleaningError
        For values of a newer version, and for a part that is neither on nor off.
    """
    if values.get("version", VERSION) > VERSION:
        raise CleaningError("they come from a newer version")
    chosen = {name: values[name] for name in _NAMES if name in values}
    for name, value in chosen.items():
        if not isinstance(value, bool):
            raise CleaningError(f"{name} is neither on nor off but {value!r}")
    return PostProcessing(**chosen)
