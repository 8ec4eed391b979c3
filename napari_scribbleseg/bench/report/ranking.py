"""Whether the groups of methods keep the paper's order, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_scribbleseg.bench.report.reading import Results
from napari_scribbleseg.bench.report.statistics import Paired, by_volume, compare
from napari_scribbleseg.bench.report.wording import tell_dice, tell_test
from napari_scribbleseg.bench.rows import BY_KEY

GROUPS: tuple[tuple[str, ...], ...] = (
    ("pce",),
    ("random_walker", "ustm", "s2l"),
    ("mumford_shah", "entropy_min", "rloss"),
    ("dmpls",),
    ("full_sup",),
)
"""Row keys from the lowest mean Dice to the highest; the order within a group is free."""

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Step:
    """One step of the order: whether every method of a group lies below every method of the next.

    Attributes
    ----------
    lower, upper : tuple of str
        Row keys.
    pairs : tuple of (lower key, upper key, Paired)
        Upper minus lower over the volumes that both have, for each pair that has any.
    missing : tuple of str
        Keys of the two groups without scores.
    """

    lower: tuple[str, ...]
    upper: tuple[str, ...]
    pairs: tuple[tuple[str, str, Paired], ...]
    missing: tuple[str, ...]

    @property
    def holds(self) -> bool | None:
        """Whether all pairs that can be compared keep the order; None where there is none."""
        return all(pair.difference > 0 for _, _, pair in self.pairs) if self.pairs else None

    @property
    def name(self) -> str:
        """Return the step in the paper's names, such as "pCE < {RW, USTM, S2L}"."""
        return f"{_braced(self.lower)} < {_braced(self.upper)}"


def check_order(results: Results, groups: Sequence[tuple[str, ...]] = GROUPS) -> tuple[Step, ...]:
    """Compare each group with the next by mean Dice per volume, each pair over the volumes that both have."""
    volumes = {key: by_volume(results.scores_of(key)) for group in groups for key in group}
    steps = []
    for lower, upper in zip(groups, groups[1:], strict=False):
        found = ((low, high, compare(volumes[high], volumes[low])) for low in lower for high in upper)
        pairs = tuple((low, high, pair) for low, high, pair in found if pair is not None)
        steps.append(Step(lower, upper, pairs, tuple(key for key in (*lower, *upper) if not volumes[key])))
    return tuple(steps)


def tell_step(step: Step) -> str:
    """Return a sentence or two on one step of the order."""
    if step.holds is None:
        return f"**{step.name}**: cannot be judged; {_listed(step.missing) or 'the rows share no volume'} missing."
    if step.holds:
        text = f"**{step.name}**: holds; {_closest(step)}"
    else:
        wrong = [_inversion(*pair) for pair in step.pairs if pair[2].difference <= 0]
        text = f"**{step.name}**: does not hold; {'; '.join(wrong)}."
    return f"{text} Judged without {_listed(step.missing)}." if step.missing else text


def _closest(step: Step) -> str:
    low, high, pair = min(step.pairs, key=lambda found: found[2].difference)
    what = "the margin is" if len(step.pairs) == 1 else f"the smallest margin, {_title(high)} over {_title(low)}, is"
    return f"{what} {tell_dice(pair.difference)} ({tell_test(pair.p)}{_within_noise(pair)})."


def _inversion(low: str, high: str, pair: Paired) -> str:
    verb = "equals" if pair.difference == 0 else f"lies {tell_dice(-pair.difference)} above"
    return f"{_title(low)} {verb} {_title(high)} ({tell_test(pair.p)}{_within_noise(pair)})"


def _within_noise(pair: Paired) -> str:
    return "" if pair.p is not None and pair.p < SIGNIFICANT else f", not told apart by {pair.n} volumes"


def _title(key: str) -> str:
    return BY_KEY[key].title


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(_title(key) for key in keys)


def _braced(keys: Sequence[str]) -> str:
    return _title(keys[0]) if len(keys) == 1 else "{" + _listed(keys) + "}"
