"""How a report says things: numbers with the digits that they deserve, and sentences on where a mask comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

UNKNOWN = "–"
SPREAD = "Readers of different centres differ by 15–28 mL in EDV and by 4.6–7.5 points in EF."
"""What readers of several hospitals differed by on the same cines: the ruler to hold against every number."""

NOT_LOOKED_AT = "It was not looked at by a person."
_PUT_RIGHT = {
    "largest": "stray parts dropped",
    "largest_component": "only the largest part of each class kept",
    "holes": "holes filled",
    "ring": "the myocardial ring closed",
    "border": "the border of the cavity moved to the edge of the blood",
}
_SLICES = {
    "from_mask": "accepted or drawn by a person",
    "from_prediction": "predicted",
    "from_preview": "from an instant preview",
    "never_predicted": "never predicted, hence empty",
}


def tell_number(value: float | None, digits: int = 0) -> str:
    """Return a number as a page shows it, with a true minus; a dash where it is not known."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{value:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text.removeprefix("-")


def tell_origin(origin: Mapping[str, Any], *, anonymise: bool = False) -> str:
    """Return who made a mask, in one to three sentences.

    Parameters
    ----------
    origin : what `describe_origin` returns
    anonymise : name no file
    """
    return " ".join(_origin_sentences(origin, anonymise))


def _origin_sentences(origin: Mapping[str, Any], anonymise: bool) -> Iterator[str]:
    made_by, weights = origin.get("made_by"), origin.get("weights")
    if made_by == "file":
        name = None if anonymise else origin.get("file")
        yield f"The mask was read from {f'the file {name}' if name else 'a file'}."
        return
    slices = _tell_slices(origin.get("slices") or {})
    predicted = f"The mask was predicted{f' by {tell_weights(weights)}' if weights else ''}"
    if slices:
        yield f"Of the slices of the mask {slices}."
        if weights:
            yield f"The network’s {tell_weights(weights)}."
    else:
        yield f"{predicted}{_tell_post(origin.get('post_processing'))}."
        yield NOT_LOOKED_AT


def tell_weights(weights: Mapping[str, Any]) -> str:
    """Return name and hash of weights, such as "weights acdc_roi (sha256 1f2e3d4c5b6a)"."""
    digits = str(weights.get("sha256") or "")[:12]
    return " ".join(filter(None, ("weights", weights.get("name"), f"(sha256 {digits})" if digits else "")))


def _tell_slices(slices: Mapping[str, Any]) -> str:
    told = [f"{slices[key]} are {what}" for key, what in _SLICES.items() if slices.get(key)]
    return join_words(told)


def _tell_post(post: Mapping[str, Any] | None) -> str:
    done = [words for key, words in _PUT_RIGHT.items() if (post or {}).get(key)]
    return f" and put right ({join_words(done)})" if done else ""


def join_words(words: list[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
