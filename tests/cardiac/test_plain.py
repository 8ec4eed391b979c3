from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.cardiac import Body, Choices, to_plain


def test_values_become_plain():
    assert to_plain(Choices(ed=np.int64(3), excluded=frozenset({(1, 2), (0, 5)}), body=Body(180.0))) == {
        "ed": 3,
        "es": None,
        "source": "chosen",
        "excluded": [[0, 5], [1, 2]],
        "body": {"height_cm": 180.0, "weight_kg": None},
        "heart_rate_bpm": None,
    }


def test_what_is_no_number_becomes_none():
    values = to_plain([np.nan, np.float32("inf"), 1.5, np.array([1.0, np.nan]), np.array([True])])
    assert values == [None, None, 1.5, [1.0, None], [True]]


def test_the_rest_is_refused():
    with pytest.raises(TypeError, match="object has no plain form"):
        to_plain(object())
