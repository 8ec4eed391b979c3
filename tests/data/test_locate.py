from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_scribbleseg.data.locate import find_by_motion
from tests.synthetic import make_cine


def test_what_beats_is_found_away_from_the_middle():
    cine = make_cine(n_t=10, side=64)
    data = np.pad(cine.data, ((0, 0), (0, 0), (80, 10), (10, 60)), mode="constant", constant_values=200)
    found = find_by_motion(dataclasses.replace(cine, data=data))
    assert found == pytest.approx((32 + 80, 32 + 10), abs=6)


def test_a_still_scan_has_no_motion_to_go_by():
    assert find_by_motion(make_cine(n_t=1)) is None
