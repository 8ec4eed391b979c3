from __future__ import annotations

import numpy as np

from napari_scribbleseg.widgets.series import BoundedSeries


def test_few_points_are_kept_as_they_are():
    series = BoundedSeries(10)
    for i in range(5):
        series.add(i, i * i)
    np.testing.assert_array_equal(series.xy, ([0, 1, 2, 3, 4], [0, 1, 4, 9, 16]))


def test_ten_thousand_values_stay_within_the_limit_and_span_the_whole_course():
    series = BoundedSeries(100)
    for i in range(10_000):
        series.add(i, 2.0 * i)
    x, y = series.xy
    assert 50 <= len(series) <= 100
    assert x[0] < 300
    assert x[-1] > 9_700
    np.testing.assert_allclose(y, 2 * x)


def test_halving_averages_neighbours():
    series = BoundedSeries(4)
    for i, y in enumerate((0, 2, 10, 20)):
        series.add(i, y)
    np.testing.assert_allclose(series.xy, ([0.5, 2.5], [1, 15]))
