"""How well two ways of measuring agree."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from napari_scribbleseg.bench.function.indices import Compared, Index

Floats = npt.NDArray[np.float64]

LIMITS_SD = 1.96
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Agreement:
    """Agreement over patients; NaN where too few make no number.

    Attributes
    ----------
    n : int
        Patients with both values.
    mae : float
        Mean absolute difference.
    bias : float
        Mean of ours - truth.
    bias_low, bias_high : float
        Its 95 % t interval.
    limits_low, limits_high : float
        Limits of agreement, bias ± 1.96 sd with the sample's sd (Bland & Altman, Lancet 1986).
    r : float
        Pearson's correlation.
    """

    n: int
    mae: float
    bias: float
    bias_low: float
    bias_high: float
    limits_low: float
    limits_high: float
    r: float


def pairs(rows: Iterable[Compared], index: Index) -> tuple[Floats, Floats]:
    """Return our values and the true ones, float64 (n,) each, of patients who have both."""
    both = np.array([(row.ours[index.key], row.truth[index.key]) for row in rows], np.float64).reshape(-1, 2)
    ours, truth = both[np.isfinite(both).all(axis=1)].T
    return ours, truth


def find_agreement(ours: Floats, truth: Floats) -> Agreement:
    """Return how well our values agree with the true ones, float64 (n,) each."""
    n, apart = len(ours), np.asarray(ours) - np.asarray(truth)
    if n == 0:
        return Agreement(0, *[math.nan] * 7)
    mae, bias = float(np.abs(apart).mean()), float(apart.mean())
    if n < 2:
        return Agreement(n, mae, bias, *[math.nan] * 5)
    sd = float(apart.std(ddof=1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * sd / math.sqrt(n)
    limits = LIMITS_SD * sd
    return Agreement(n, mae, bias, bias - half, bias + half, bias - limits, bias + limits, _pearson(ours, truth))


def _pearson(ours: Floats, truth: Floats) -> float:
    """Return r; NaN where either does not vary."""
    if np.ptp(ours) == 0 or np.ptp(truth) == 0:
        return math.nan
    return float(stats.pearsonr(ours, truth).statistic)
