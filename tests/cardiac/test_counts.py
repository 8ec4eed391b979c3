from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.cardiac import MeasurementError
from napari_scribbleseg.cardiac.counts import check_mask, check_spacing, count_pixels, count_slice


def test_every_pixel_is_counted_once_under_its_class(rng):
    mask = rng.integers(0, 4, (3, 2, 5, 7)).astype(np.uint8)
    counts = count_pixels(mask)
    assert counts.shape == (3, 2, 4)
    assert (counts.sum(axis=-1) == 35).all()
    for label in range(4):
        assert np.array_equal(counts[..., label], (mask == label).sum(axis=(2, 3)))
    assert np.array_equal(count_slice(mask[1, 0]), counts[1, 0])


@pytest.mark.parametrize("label", [4, 255, -1])
def test_a_label_that_is_no_class_is_named(label):
    mask = np.zeros((1, 1, 2, 2), np.int16)
    mask[0, 0, 1, 1] = label
    with pytest.raises(MeasurementError, match=f"label {label};"):
        check_mask(mask)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.zeros((2, 3, 4), np.uint8), r"shape \(2, 3, 4\)"),
        (np.zeros((0, 3, 4, 4), np.uint8), "shape"),
        (np.zeros((1, 1, 2, 2), np.float32), "float32"),
        (np.zeros((1, 1, 2, 2), bool), "bool"),
    ],
)
def test_what_is_no_mask_is_refused_in_a_sentence(mask, words):
    with pytest.raises(MeasurementError, match=words):
        check_mask(mask)


@pytest.mark.parametrize("spacing", [(8, 1, 0), (8, -1, 1), (8, 1, float("nan")), (1, 1)])
def test_lengths_that_are_none_are_refused(spacing):
    with pytest.raises(MeasurementError, match="three lengths above 0 mm"):
        check_spacing(spacing)
