"""Overlap of two masks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def dice(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_]) -> float:
    """Return the Dice coefficient 2|A ∩ B| / (|A| + |B|) of two masks of the same shape.

    Two empty masks agree (1); an empty and a filled one do not (0).

    Raises
    ------
    ValueError
        When the shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f"Masks of the shapes {a.shape} and {b.shape} cannot be compared.")
    total = np.count_nonzero(a) + np.count_nonzero(b)
    return 2.0 * np.count_nonzero(np.logical_and(a, b)) / total if total else 1.0
