"""Who made a mask, as a JSON object that goes into a report."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

MadeBy = Literal["prediction", "file", "window"]

_OF_WEIGHTS = ("name", "sha256", "licence", "method", "resolution", "step")
_NAMES_FILES = ("file",)


def describe_origin(
    made_by: MadeBy,
    *,
    weights: Mapping[str, Any] | None = None,
    post: Any = None,
    slices: Mapping[str, int] | None = None,
    file: str | None = None,
    codes: str | None = None,
) -> dict[str, Any]:
    """Return what `write_report` takes as `origin`.

    Parameters
    ----------
    made_by : "prediction" of a network alone, a mask's "file", or the "window", where slices may have several origins
    weights : what `api.provenance.describe_weights` returns; None where no network did it
    post : options of the post-processing (a dataclass or a mapping); None where there was none
    slices : how many slices are `from_mask` (accepted or drawn), `from_prediction`, `from_preview`, `never_predicted`
    file : name of the mask's file, without its folder
    codes : how the numbers in the file were read, a key of `labels.MASK_PRESETS`
    """
    options = dataclasses.asdict(post) if dataclasses.is_dataclass(post) and not isinstance(post, type) else post
    return {
        "made_by": made_by,
        "file": file,
        "codes": codes,
        "weights": None if weights is None else {key: weights.get(key) for key in _OF_WEIGHTS},
        "post_processing": options,
        "slices": dict(slices) if slices else None,
    }


def strip_origin(origin: Mapping[str, Any]) -> dict[str, Any]:
    """Return an origin without names of files."""
    return {key: value for key, value in origin.items() if key not in _NAMES_FILES}
