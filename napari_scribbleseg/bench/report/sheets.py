"""The report's numbers as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence

from napari_scribbleseg.bench.report.reading import POSTS, Results
from napari_scribbleseg.bench.report.reference import paper_numbers
from napari_scribbleseg.bench.report.statistics import (
    COLUMNS,
    MEASURES,
    Interval,
    RowSummary,
    by_patient,
)
from napari_scribbleseg.bench.report.tables import DMPLS, Difference, Line, Point, patient_differences
from napari_scribbleseg.bench.rows import Row

Value = str | int | float | None

_DIGITS = {"dice": 5, "hd95_mm": 4}
_BLOCKS = {"none": "", "largest": "largest_"}
_INTERVAL = ("mean", "t_low", "t_high", "bootstrap_low", "bootstrap_high")
_TABLE_HEAD = (
    *("row", "title", "note", "volumes", "scores", "empty_predictions", "empty_truths"),
    *(f"{_BLOCKS[p]}{m}_{c}_{what}" for p in POSTS for m in MEASURES for c in COLUMNS for what in ("mean", "sd")),
    *("compared_with", *(f"{m}_{what}" for m in MEASURES for what in ("difference", "p")), "seconds_per_volume"),
    *(f"paper_dice_{c}_{what}" for c in COLUMNS for what in ("mean", "sd")),
    *(f"paper_hd95_mm_{c}_mean" for c in COLUMNS),
)


def table_sheet(lines: Iterable[Line]) -> str:
    """Return a table of methods, a line for each row.

    First ours as predicted, then ("largest_") with the largest component of each class kept, then the tests. Columns
    that hold the paper's numbers begin with "paper_".
    """
    return _sheet(_TABLE_HEAD, (_table_line(line) for line in lines))


def _table_line(line: Line) -> Iterator[Value]:
    summary = line.summary
    yield from (line.row.key, line.row.title, line.note)
    if summary is None:
        yield from (0, 0, None, None)
    else:
        yield from (summary.volumes, summary.scored, summary.empty_predictions, summary.empty_truths)
    for post in POSTS:
        yield from _spreads(line.summaries[post])
    yield line.against
    for measure in MEASURES:
        test = line.tests[measure]
        yield from (None, None) if test is None else (_rounded(measure, test.difference), _significant(test.p))
    yield _significant(line.seconds_per_volume)
    yield from _paper(line.row.key)


def _spreads(summary: RowSummary | None) -> Iterator[Value]:
    for measure in MEASURES:
        for column in COLUMNS:
            spread = summary.of(measure)[column] if summary else None
            yield _rounded(measure, spread.mean) if spread else None
            yield _rounded(measure, spread.sd) if spread else None


def _paper(key: str) -> Iterator[Value]:
    for column in COLUMNS:
        yield from paper_numbers(key, "dice", column)
    for column in COLUMNS:
        yield paper_numbers(key, "hd95_mm", column)[0]


def lambda_sheet(points: Iterable[Point]) -> str:
    """Return the λ curve: mean Dice over patients with its 95 % intervals, and the paper's mean where it gives one."""
    head = ("lambda", "row", "patients", *(f"dice_{what}" for what in _INTERVAL), "paper_dice_mean")
    lines = (
        (
            point.weight,
            point.key,
            point.interval.n,
            *_interval("dice", point.interval),
            paper_numbers(point.key, "dice", "mean")[0],
        )
        for point in points
    )
    return _sheet(head, lines)


def differences_sheet(found: Iterable[Difference]) -> str:
    """Return DMPLS minus each other row: per patient with 95 % intervals, per volume with the paired t-test."""
    head = ("minuend", "subtrahend", "measure", "patients", *_INTERVAL, "volumes", "volume_mean", "volume_p")
    lines = (
        (
            *(DMPLS, d.row.key, d.measure, d.per_patient.n, *_interval(d.measure, d.per_patient)),
            *(d.per_volume.n, _rounded(d.measure, d.per_volume.difference), _significant(d.per_volume.p)),
        )
        for d in found
    )
    return _sheet(head, lines)


def patients_sheet(results: Results, row: Row) -> str:
    """Return the mean Dice of DMPLS and of one other row for every patient that both have."""
    ours, theirs = by_patient(results.scores_of(DMPLS)), by_patient(results.scores_of(row.key))
    lines = (
        (*name, _rounded("dice", ours[name]), _rounded("dice", theirs[name]), _rounded("dice", difference))
        for name, difference in patient_differences(results, row.key).items()
    )
    return _sheet(("patient", "group", DMPLS, row.key, "difference"), lines)


def _interval(measure: str, interval: Interval) -> Iterator[Value]:
    for value in (interval.mean, interval.low, interval.high, interval.bootstrap_low, interval.bootstrap_high):
        yield _rounded(measure, value)


def _rounded(measure: str, value: float) -> float | None:
    return None if math.isnan(value) else round(value, _DIGITS[measure])


def _significant(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"


def _sheet(head: Sequence[str], lines: Iterable[Iterable[Value]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    for line in lines:
        table.writerow("" if value is None else value for value in line)
    return text.getvalue()
