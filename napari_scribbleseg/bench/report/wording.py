"""How numbers are written in a report."""

from __future__ import annotations

import math
from collections.abc import Iterable

EMPTY = "–"


def tell_dice(value: float | None) -> str:
    """Return a Dice coefficient as the paper prints it, such as ".872"; "–" for none."""
    return EMPTY if value is None or math.isnan(value) else drop_zero(f"{value:.3f}")


def tell_mm(value: float | None) -> str:
    """Return a distance such as "9.9"; "–" for none."""
    return EMPTY if value is None or math.isnan(value) else f"{value:.1f}"


def tell_value(measure: str, value: float | None) -> str:
    """Return a value of the measure "dice" or "hd95_mm"."""
    return tell_dice(value) if measure == "dice" else tell_mm(value)


def tell_difference(measure: str, value: float) -> str:
    """Return a difference with its sign, such as "+.041" or "−12.3"."""
    sign = "−" if value < 0 else "+"
    return EMPTY if math.isnan(value) else sign + tell_value(measure, abs(value))


def tell_p(p: float | None) -> str:
    """Return a p-value such as ".012" or "< .001"; "–" where there is no test."""
    if p is None or math.isnan(p):
        return EMPTY
    return "< .001" if p < 0.001 else drop_zero(f"{p:.3f}")


def tell_test(p: float | None) -> str:
    """Return "p = .012", "p < .001", or "no test"."""
    told = tell_p(p)
    return "no test" if told == EMPTY else f"p {told}" if told.startswith("<") else f"p = {told}"


def tell_duration(seconds: float) -> str:
    """Return a duration such as "0.4 s", "12 min" or "3.1 h"."""
    if seconds < 100:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def drop_zero(text: str) -> str:
    """Return ".872" for "0.872"."""
    return text[1:] if text.startswith("0.") else text


def join(parts: Iterable[object]) -> str:
    """Return "a, b and c"."""
    words = [str(part) for part in parts]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def tell_range(numbers: Iterable[int]) -> str:
    """Return sorted numbers in runs, such as "1–3, 5"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def count(number: int, noun: str) -> str:
    """Return "1 volume" or "3 volumes"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
