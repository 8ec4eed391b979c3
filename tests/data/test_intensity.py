from __future__ import annotations

import numpy as np

from napari_scribbleseg.data.intensity import normalise


def test_intensities_are_clipped_at_the_volumes_99_percent_quantile():
    volume = np.arange(1000, dtype=np.float32).reshape(10, 10, 10)
    volume[0, 0, 0] = -100
    scaled = normalise(volume)
    assert scaled.min() == 0
    assert scaled.max() == 1
    assert (scaled == 1).sum() == 10


def test_a_volume_that_is_nearly_empty_still_shows_its_bright_spot():
    volume = np.zeros((1, 20, 20), np.float32)
    volume[0, 3, 3] = 5
    assert normalise(volume)[0, 3, 3] == 1


def test_a_constant_volume_becomes_zero():
    assert not normalise(np.full((2, 4, 4), 7, np.float32)).any()
