"""Tables as GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from napari_scribbleseg.bench.report.reading import POSTS
from napari_scribbleseg.bench.report.reference import paper_numbers
from napari_scribbleseg.bench.report.statistics import COLUMNS, Interval, RowSummary, Spread
from napari_scribbleseg.bench.report.tables import DMPLS, Difference, Line, Point, row_of
from napari_scribbleseg.bench.report.wording import (
    EMPTY,
    tell_dice,
    tell_difference,
    tell_duration,
    tell_p,
    tell_test,
    tell_value,
)

_NAMES = {"dice": "DSC", "hd95_mm": "HD95 in mm"}
_PAPER = "<br><sub>paper: {}</sub>"


def make_table(head: Sequence[str], lines: Iterable[Iterable[str]], left: int = 1) -> Iterator[str]:
    """Yield the lines of a Markdown table; all columns but the first `left` are aligned to the right."""
    yield _pipes(head)
    yield _pipes([":--" if i < left else "--:" for i in range(len(head))])
    yield from (_pipes(line) for line in lines)


def _pipes(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def method_table(lines: Sequence[Line], measure: str) -> Iterator[str]:
    """Yield the table of one measure: as predicted beside the paper's, with the largest component kept, and the test.

    Parameters
    ----------
    measure : "dice" or "hd95_mm"
    """
    head = (
        f"{_NAMES[measure]}, mean (sd)",
        *COLUMNS,
        *(f"{column}<br>*largest*" for column in COLUMNS),
        *("empty", "volumes", "Δ to DMPLS<br>(p)"),
    )
    return make_table(head, (_method_cells(line, measure) for line in lines))


def _method_cells(line: Line, measure: str) -> Iterator[str]:
    summary = line.summary
    yield _title(line)
    for column in COLUMNS:
        yield _spread(measure, _of(summary, measure, column)) + _paper(line.row.key, measure, column)
    for column in COLUMNS:
        yield _spread(measure, _of(line.summaries[POSTS[1]], measure, column))
    yield tell_empties(summary)
    yield str(summary.volumes) if summary else EMPTY
    yield _test(line, measure)


def _title(line: Line) -> str:
    title = f"**{line.row.title}**" if line.row.key == DMPLS else line.row.title
    return f"{title}<br><sub>{line.note}</sub>" if line.note else title


def _of(summary: RowSummary | None, measure: str, column: str) -> Spread | None:
    return summary.of(measure)[column] if summary else None


def _spread(measure: str, spread: Spread | None) -> str:
    return EMPTY if spread is None else f"{tell_value(measure, spread.mean)} ({tell_value(measure, spread.sd)})"


def _paper(key: str, measure: str, column: str) -> str:
    mean, sd = paper_numbers(key, measure, column)
    if mean is None:
        return ""
    return _PAPER.format(tell_value(measure, mean) + (f" ({tell_value(measure, sd)})" if sd is not None else ""))


def tell_empties(summary: RowSummary | None) -> str:
    """Return how many of the scored masks were empty where the truth is not, such as "3 of 240"."""
    return EMPTY if summary is None else f"{summary.empty_predictions} of {summary.scored}"


def _test(line: Line, measure: str) -> str:
    test = line.tests[measure]
    if test is None:
        return EMPTY
    against = f"<br><sub>to {row_of(line.against).title}</sub>" if line.row.key == DMPLS else ""
    return f"{tell_difference(measure, test.difference)} ({tell_p(test.p)}){against}"


def classical_table(lines: Sequence[Line]) -> Iterator[str]:
    """Yield the table of the systems without training, with the seconds that a volume takes."""
    head = (
        "method",
        *(f"{column}<br>DSC" for column in COLUMNS),
        *(f"{column}<br>HD95 mm" for column in COLUMNS),
        *("mean DSC<br>*largest*", "empty", "time a volume"),
    )
    return make_table(head, (_classical_cells(line) for line in lines))


def _classical_cells(line: Line) -> Iterator[str]:
    summary = line.summary
    yield line.row.title
    for measure in _NAMES:
        for column in COLUMNS:
            yield _spread(measure, _of(summary, measure, column))
    yield _spread("dice", _of(line.summaries[POSTS[1]], "dice", "mean"))
    yield tell_empties(summary)
    yield EMPTY if line.seconds_per_volume is None else tell_duration(line.seconds_per_volume)


def lambda_table(points: Iterable[Point]) -> Iterator[str]:
    """Yield the λ curve."""
    lines = (
        (
            *(f"{point.weight:g}", tell_dice(point.interval.mean), tell_bounds("dice", point.interval)),
            *(str(point.interval.n), tell_paper_dice(point.key)),
        )
        for point in points
    )
    return make_table(("λ", "DSC, mean over patients", "95 % interval", "patients", "the paper's"), lines)


def tell_paper_dice(key: str) -> str:
    """Return "paper: .872" for a row whose mean the paper prints, else "–"."""
    mean, _ = paper_numbers(key, "dice", "mean")
    return EMPTY if mean is None else f"paper: {tell_dice(mean)}"


def difference_table(found: Iterable[Difference]) -> Iterator[str]:
    """Yield DMPLS minus each other row, per patient with 95 % intervals."""
    head = (
        "DMPLS minus",
        "measure",
        "mean",
        "95 % interval (t)",
        "95 % interval (bootstrap)",
        "patients",
        "p, volumes",
    )
    lines = (
        (
            *(d.row.title, _NAMES[d.measure], tell_difference(d.measure, d.per_patient.mean)),
            *(tell_bounds(d.measure, d.per_patient, signed=True), tell_bootstrap(d.measure, d.per_patient)),
            *(str(d.per_patient.n), tell_p(d.per_volume.p)),
        )
        for d in found
    )
    return make_table(head, lines, left=2)


def tell_bounds(measure: str, interval: Interval, *, signed: bool = False) -> str:
    """Return the t interval, such as ".851 to .893"."""
    return _bounds(measure, interval.low, interval.high, signed=signed)


def tell_bootstrap(measure: str, interval: Interval) -> str:
    """Return the bootstrap's interval of a difference, such as "+.021 to +.043"."""
    return _bounds(measure, interval.bootstrap_low, interval.bootstrap_high, signed=True)


def _bounds(measure: str, low: float, high: float, *, signed: bool) -> str:
    tell = tell_difference if signed else tell_value
    first, last = tell(measure, low), tell(measure, high)
    return EMPTY if EMPTY in (first, last) else f"{first} to {last}"


def tell_gain(difference: Difference) -> str:
    """Return a sentence on DMPLS minus another row per patient."""
    interval, test = difference.per_patient, difference.per_volume
    gain = f"**DMPLS − {difference.row.title} = {tell_difference('dice', interval.mean)} DSC** per patient"
    if interval.n < 2:
        return f"{gain}; one patient gives no interval."
    return (
        f"{gain}, 95 % interval {tell_bounds('dice', interval, signed=True)} (t; bootstrap "
        f"{tell_bootstrap('dice', interval)}), {interval.n} patients; paired t-test over {test.n} volumes "
        f"{tell_test(test.p)}."
    )
