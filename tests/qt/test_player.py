"""Heart rates from frame times, and what cannot be one."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.qt.player import heart_rate
from napari_scribbleseg.types import Cine


@pytest.mark.parametrize(
    ("n_t", "frame_ms", "bpm"), [(20, 40.0, 75.0), (20, None, 60.0), (1, 40.0, 60.0), (20, 1.0, 60.0), (20, 0.0, 60.0)]
)
def test_the_heart_rate_is_one_beat_per_cine_or_sixty(n_t, frame_ms, bpm):
    cine = Cine("scan", np.zeros((n_t, 1, 8, 8)), (8.0, 1.5, 1.5), frame_ms=frame_ms)
    assert heart_rate(cine) == bpm
