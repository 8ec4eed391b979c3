from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy import ndimage

from napari_scribbleseg.metrics import hd95_mm

SPACINGS = [(8.0, 1.5, 1.5), (1.0, 1.0, 1.0), (0.7, 1.9, 11.0)]


def blob(rng: np.random.Generator, shape: tuple[int, ...], level: float = 0.0) -> np.ndarray:
    return ndimage.gaussian_filter(rng.standard_normal(shape), 2) > level


def test_two_single_voxels_are_as_far_apart_as_their_spacing_says() -> None:
    a, b = np.zeros((2, 4, 9, 9), bool)
    a[0, 1, 1] = b[2, 4, 5] = True
    assert hd95_mm(a, b, (10.0, 2.0, 1.5)) == pytest.approx(math.hypot(20.0, 6.0, 6.0))


def test_distances_of_both_directions_are_pooled_before_the_percentile() -> None:
    a, b = np.zeros((2, 1, 1, 40), bool)
    a[..., :20] = True  # every voxel of a line one voxel thick is surface
    b[..., :10] = True
    distances = [*range(1, 11), *[0] * 10, *[0] * 10]  # a to b: 10 inside b, 1 … 10 beyond it; b to a: all 0
    assert hd95_mm(a, b, (1.0, 1.0, 2.0)) == pytest.approx(2.0 * np.percentile(distances, 95))


def test_equal_masks_have_no_distance_and_two_empty_ones_neither(rng: np.random.Generator) -> None:
    a = blob(rng, (5, 20, 20))
    assert hd95_mm(a, a, (8.0, 1.5, 1.5)) == 0
    assert hd95_mm(np.zeros_like(a), np.zeros_like(a), (8.0, 1.5, 1.5)) == 0


def test_one_empty_mask_counts_as_the_diagonal_of_the_whole_volume() -> None:
    a, b = np.zeros((2, 10, 20, 30), bool)
    a[5, 5, 5] = True
    diagonal = math.hypot(80.0, 30.0, 45.0)
    assert hd95_mm(a, b, (8.0, 1.5, 1.5)) == pytest.approx(diagonal)
    assert hd95_mm(b, a, (8.0, 1.5, 1.5)) == pytest.approx(diagonal)


def test_masks_of_other_shapes_or_spacing_are_refused() -> None:
    a = np.ones((3, 3, 3), bool)
    with pytest.raises(ValueError, match="cannot be compared"):
        hd95_mm(a, a[:2], (1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="cannot be compared"):
        hd95_mm(a, a, (1.0, 1.0))


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("level", [-0.2, 0.0, 0.2])
def test_equals_medpy_on_random_shapes(rng: np.random.Generator, spacing: tuple[float, ...], level: float) -> None:
    medpy = pytest.importorskip("medpy.metric.binary", reason="MedPy is the oracle")
    for _ in range(3):
        a, b = blob(rng, (7, 40, 36), level), blob(rng, (7, 40, 36), level)
        assert hd95_mm(a, b, spacing) == pytest.approx(medpy.hd95(a, b, spacing), abs=1e-3)


def test_equals_medpy_on_scattered_voxels_and_small_masks_in_a_corner(rng: np.random.Generator) -> None:
    medpy = pytest.importorskip("medpy.metric.binary", reason="MedPy is the oracle")
    a, b = rng.random((2, 6, 30, 30)) < 0.02
    assert hd95_mm(a, b, SPACINGS[0]) == pytest.approx(medpy.hd95(a, b, SPACINGS[0]), abs=1e-3)
    c, d = np.zeros((2, 6, 30, 30), bool)
    c[:3, :5, :5] = d[1:5, 2:9, :4] = True
    assert hd95_mm(c, d, SPACINGS[0]) == pytest.approx(medpy.hd95(c, d, SPACINGS[0]), abs=1e-3)


def test_a_heart_sized_mask_in_ten_slices_takes_less_than_a_third_of_a_second(rng: np.random.Generator) -> None:
    y, x = np.mgrid[:256, :216]
    a = np.broadcast_to(np.hypot(y - 120, x - 100) < 35, (10, 256, 216))
    b = np.roll(a, 3, axis=1)
    seconds = []
    for _ in range(5):
        start = time.process_time()
        hd95_mm(a, b, (10.0, 1.5, 1.5))
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.3
