"""Means, spreads, paired tests and intervals of per-volume scores.

Conventions
-----------
- A volume is one phase of one patient. Its score over all classes is the mean of RV, Myo and LV.
- The standard deviation is the population's, over volumes, as in `metrics.scores`; that of the mean column is the mean
  of the three classes' deviations, which is what the paper's tables give.
- With several seeds, means and deviations are taken within each seed and then averaged, so that more seeds do not make
  the spread over volumes look smaller. Tests and intervals average each volume over its seeds first: a volume is one
  observation however often it was segmented.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import stats

from napari_scribbleseg.bench.report.reading import Score, count_of
from napari_scribbleseg.labels import CLASS_NAMES

CLASSES = tuple(CLASS_NAMES.values())
COLUMNS = (*CLASSES, "mean")
MEASURES = ("dice", "hd95_mm")
CONFIDENCE = 0.95
BOOTSTRAPS = 10_000
BOOTSTRAP_SEED = 0


@dataclass(frozen=True)
class Spread:
    """Mean and population standard deviation over volumes."""

    mean: float
    sd: float


@dataclass(frozen=True)
class RowSummary:
    """What a row of a table says of one kind of masks.

    Attributes
    ----------
    volumes : int
        Different volumes that were scored.
    dice, hd95_mm : Mapping[str, Spread]
        By "RV", "Myo", "LV" and "mean".
    empty_predictions, empty_truths : int
        Over all classes and seeds.
    scored : int
        Scores behind the row: volumes × classes × seeds.
    seed_means : tuple of float
        Mean Dice of each seed.
    """

    volumes: int
    dice: Mapping[str, Spread]
    hd95_mm: Mapping[str, Spread]
    empty_predictions: int
    empty_truths: int
    scored: int
    seed_means: tuple[float, ...]

    def of(self, measure: str) -> Mapping[str, Spread]:
        """Return the spreads of "dice" or "hd95_mm"."""
        return self.dice if measure == "dice" else self.hd95_mm


@dataclass(frozen=True)
class Paired:
    """A paired comparison: mean of `a - b` over `n` pairs, and the p-value of the t-test, None where there is none."""

    n: int
    difference: float
    p: float | None


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % intervals: by Student's t and by the percentiles of the bootstrap; NaN for one value."""

    n: int
    mean: float
    low: float
    high: float
    bootstrap_low: float
    bootstrap_high: float


def spread_of(values: Sequence[float]) -> Spread:
    """Return mean and population standard deviation of at least one value."""
    return Spread(statistics.fmean(values), statistics.pstdev(values))


def summarise(scores: Sequence[Score]) -> RowSummary | None:
    """Return means, deviations and counts of one row's scores; None where a class has none."""
    if not {score.label for score in scores} >= set(CLASSES):
        return None
    seeds = sorted({score.seed for score in scores})
    by_seed = [[score for score in scores if score.seed == seed] for seed in seeds]
    dice = _columns(by_seed, lambda score: score.dice)
    return RowSummary(
        volumes=count_of((score.patient, score.phase) for score in scores),
        dice=dice,
        hd95_mm=_columns(by_seed, lambda score: score.hd95_mm),
        empty_predictions=sum(score.empty_prediction for score in scores),
        empty_truths=sum(score.empty_truth for score in scores),
        scored=len(scores),
        seed_means=tuple(_columns([part], lambda score: score.dice)["mean"].mean for part in by_seed),
    )


def _columns(by_seed: Sequence[Sequence[Score]], value: Callable[[Score], float]) -> Mapping[str, Spread]:
    classes = {}
    for label in CLASSES:
        chosen = [[value(score) for score in part if score.label == label] for part in by_seed]
        classes[label] = _mean_spread([spread_of(values) for values in chosen if values])
    return MappingProxyType({**classes, "mean": _mean_spread(list(classes.values()))})


def _mean_spread(spreads: Sequence[Spread]) -> Spread:
    return Spread(statistics.fmean(s.mean for s in spreads), statistics.fmean(s.sd for s in spreads))


def by_volume(scores: Iterable[Score], measure: str = "dice") -> dict[tuple[str, str], float]:
    """Return the mean over classes and seeds of every volume, by patient and phase."""
    return _means((((score.patient, score.phase), score) for score in scores), measure)


def by_patient(scores: Iterable[Score], measure: str = "dice") -> dict[tuple[str, str], float]:
    """Return the mean over phases, classes and seeds of every patient, by patient and pathology."""
    return _means((((score.patient, score.group), score) for score in scores), measure)


def _means(named: Iterable[tuple[tuple[str, str], Score]], measure: str) -> dict[tuple[str, str], float]:
    values: dict[tuple[str, str], list[float]] = {}
    for name, score in named:
        values.setdefault(name, []).append(getattr(score, measure))
    return {name: statistics.fmean(values[name]) for name in sorted(values)}


def differences(a: Mapping[tuple[str, str], float], b: Mapping[tuple[str, str], float]) -> list[float]:
    """Return `a - b` wherever both have a value, in the order of their names."""
    return [a[name] - b[name] for name in sorted(a.keys() & b.keys())]


def compare(a: Mapping[tuple[str, str], float], b: Mapping[tuple[str, str], float]) -> Paired | None:
    """Test by the paired, two-sided t-test whether `a - b` is 0 on average; None where they share no volume.

    There is no p-value for a single pair, nor where all differences are the same.
    """
    shared = sorted(a.keys() & b.keys())
    if not shared:
        return None
    first, second = np.array([a[name] for name in shared]), np.array([b[name] for name in shared])
    difference = float((first - second).mean())
    if len(shared) < 2 or np.ptp(first - second) <= 1e-12:
        return Paired(len(shared), difference, None)
    return Paired(len(shared), difference, float(stats.ttest_rel(first, second).pvalue))


def interval_of(values: Sequence[float]) -> Interval:
    """Return the mean of at least one value with its 95 % intervals.

    The t interval is mean ± t(.975, n - 1) · s / √n with the sample's deviation s. The bootstrap draws
    `BOOTSTRAPS` resamples from a generator with a fixed seed and takes the percentiles 2.5 and 97.5 of their means.
    """
    n, mean = len(values), statistics.fmean(values)
    if n < 2:
        return Interval(n, mean, math.nan, math.nan, math.nan, math.nan)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * statistics.stdev(values) / math.sqrt(n)
    chosen = np.random.default_rng(BOOTSTRAP_SEED).integers(n, size=(BOOTSTRAPS, n))
    means = np.asarray(values, dtype=np.float64)[chosen].mean(axis=1)
    tails = (1 - CONFIDENCE) / 2 * 100
    low, high = np.percentile(means, [tails, 100 - tails])
    return Interval(n, mean, mean - half, mean + half, float(low), float(high))
