from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.metrics import dice


def test_a_case_worked_by_hand() -> None:
    a = np.array([[1, 1, 0], [1, 0, 0]], bool)
    b = np.array([[1, 0, 0], [1, 1, 1]], bool)
    assert dice(a, b) == pytest.approx(2 * 2 / (3 + 4))


@pytest.mark.parametrize(("a", "b", "expected"), [(0, 0, 1.0), (1, 0, 0.0), (0, 1, 0.0), (1, 1, 1.0)])
def test_empty_masks_agree_with_each_other_only(a: int, b: int, expected: float) -> None:
    assert dice(np.full((3, 3), a, bool), np.full((3, 3), b, bool)) == expected


def test_masks_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        dice(np.ones((3, 3), bool), np.ones((3, 1), bool))


def test_equals_medpy_on_random_masks(rng: np.random.Generator) -> None:
    medpy = pytest.importorskip("medpy.metric.binary", reason="MedPy is the oracle")
    for share in (0.02, 0.3, 0.9):
        a, b = rng.random((2, 6, 20, 18)) < share
        assert dice(a, b) == pytest.approx(medpy.dc(a, b), abs=1e-6)
