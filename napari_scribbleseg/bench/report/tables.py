"""The lines of the report's tables, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from napari_scribbleseg.bench.report.reading import POSTS, Results
from napari_scribbleseg.bench.report.statistics import (
    MEASURES,
    Interval,
    Paired,
    RowSummary,
    by_patient,
    by_volume,
    compare,
    differences,
    interval_of,
    summarise,
)
from napari_scribbleseg.bench.report.wording import tell_range
from napari_scribbleseg.bench.rows import BY_KEY, DEFAULT_LAMBDA, ROWS, Row, lambda_rows

DMPLS = "dmpls"
_LAMBDA_PREFIX = "dmpls_lambda_"
_PAPER_MASKS = {"full": 80, "semi": 8}
"""Patients with masks that the paper's rows of a section learned from."""


@dataclass(frozen=True)
class Line:
    """One line of a table.

    Attributes
    ----------
    row : Row
    note : str
        What sets the row apart from the paper's; may be empty.
    summaries : Mapping[str, RowSummary or None]
        By the names of `POSTS`; None where nothing was scored.
    tests : Mapping[str, Paired or None]
        By measure, per volume: `row` minus `against`, masks as predicted.
    against : str
        Key of the row that it is compared with; empty for none.
    seconds_per_volume : float or None
    """

    row: Row
    note: str
    summaries: Mapping[str, RowSummary | None]
    tests: Mapping[str, Paired | None]
    against: str
    seconds_per_volume: float | None

    @property
    def summary(self) -> RowSummary | None:
        """What was scored as predicted."""
        return self.summaries["none"]


def section_rows(section: str) -> tuple[Row, ...]:
    """Return the rows of a section in the order of the tables."""
    return tuple(row for row in ROWS if row.section == section)


def present(results: Results, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return those rows that have scores."""
    return tuple(row for row in rows if results.scores_of(row.key))


def make_lines(results: Results, rows: Iterable[Row]) -> list[Line]:
    """Return a line for each row, also for those without scores.

    Every row is compared with DMPLS; DMPLS itself with the best other method of scribbles.
    """
    return [_line(results, row) for row in rows]


def _line(results: Results, row: Row) -> Line:
    against = (runner_up(results) or "") if row.key == DMPLS else DMPLS
    return Line(
        row=row,
        note=_note(results, row),
        summaries={post: summarise(results.scores_of(row.key, post)) for post in POSTS},
        tests={measure: compare_rows(results, row.key, against, measure) for measure in MEASURES},
        against=against,
        seconds_per_volume=seconds_per_volume(results, row.key),
    )


def compare_rows(results: Results, first: str, second: str, measure: str = "dice") -> Paired | None:
    """Compare two rows, first minus second, over the volumes that both have."""
    return compare(by_volume(results.scores_of(first), measure), by_volume(results.scores_of(second), measure))


def runner_up(results: Results) -> str | None:
    """Return the key of the scribble method, other than DMPLS, with the highest mean Dice; None where there is none."""
    others = [row.key for row in section_rows("scribbles") if row.key != DMPLS]
    found = {key: summary for key in others if (summary := summarise(results.scores_of(key)))}
    return max(found, key=lambda key: found[key].dice["mean"].mean) if found else None


def _note(results: Results, row: Row) -> str:
    wanted = _PAPER_MASKS.get(row.section)
    folds = {score.fold for score in results.scores_of(row.key)}
    counts = {cell.patients("labelled_patients") for cell in results.cells_of(row.key) if cell.fold in folds} - {0}
    if wanted is None or not counts or counts == {wanted}:
        return ""
    return f"{tell_range(counts)} patients with masks (paper: {wanted})"


def seconds_per_volume(results: Results, key: str) -> float | None:
    """Return the mean time to segment one phase of one patient; None where the cells do not tell it.

    The time of a cell whose weights are read out in several ways is shared among the readouts.
    """
    readouts = 1 + sum(row.readout_of == key for row in ROWS)
    cells = results.cells_of(key)
    volumes = 2 * readouts * sum(cell.patients("test_patients") for cell in cells)
    seconds = sum(cell.seconds("predict_s") for cell in cells)
    return seconds / volumes if volumes and seconds else None


@dataclass(frozen=True)
class Point:
    """One weight λ of the pseudo labels: mean Dice over patients with its interval."""

    weight: float
    key: str
    interval: Interval


def lambda_points(results: Results) -> list[Point]:
    """Return the points of the λ curve that have scores, by λ."""
    found = {score.row for score in results.scores}
    weights = {DMPLS: DEFAULT_LAMBDA, **{key: float(key[len(_LAMBDA_PREFIX) :]) for key in found if _is_lambda(key)}}
    values = {key: list(by_patient(results.scores_of(key)).values()) for key in weights}
    points = [Point(weights[key], key, interval_of(values[key])) for key in weights if values[key]]
    return sorted(points, key=lambda point: point.weight)


def _is_lambda(key: str) -> bool:
    return key.startswith(_LAMBDA_PREFIX)


def row_of(key: str) -> Row:
    """Return the row of a key; a weight λ may be one that the paper does not have."""
    if key in BY_KEY:
        return BY_KEY[key]
    if _is_lambda(key):
        return lambda_rows([float(key[len(_LAMBDA_PREFIX) :])])[0]
    return Row(key, key, key, "")


@dataclass(frozen=True)
class Difference:
    """DMPLS minus another row: intervals over patients and the test over volumes, for one measure."""

    row: Row
    measure: str
    per_patient: Interval
    per_volume: Paired


def make_differences(results: Results, rows: Iterable[Row]) -> list[Difference]:
    """Return DMPLS minus each other row that has scores, for both measures."""
    others = [row for row in rows if row.key != DMPLS]
    found = (difference_from(results, row, measure) for row in others for measure in MEASURES)
    return [difference for difference in found if difference]


def difference_from(results: Results, row: Row, measure: str = "dice") -> Difference | None:
    """Return DMPLS minus one row; None where they share no volume."""
    test = compare_rows(results, DMPLS, row.key, measure)
    if test is None:
        return None
    per_patient = patient_differences(results, row.key, measure)
    return Difference(row, measure, interval_of(list(per_patient.values())), test)


def patient_differences(results: Results, key: str, measure: str = "dice") -> dict[tuple[str, str], float]:
    """Return DMPLS minus a row for every patient that both have, by patient and pathology.

    A patient's score is the mean over the phases and classes that both rows have.
    """
    ours, theirs = (by_patient(results.scores_of(row), measure) for row in (DMPLS, key))
    shared = sorted(ours.keys() & theirs.keys())
    return dict(zip(shared, differences(ours, theirs), strict=True))


def budget_differs(results: Results) -> dict[str, list[object]]:
    """Return which settings of the finished trainings are not the same for all, with their values."""
    cells = [cell for cell in results.cells if cell.is_done and not row_of(cell.row).is_classical]
    names = ("steps", "resolution", "batch_size", "schedule", "learning_rate")
    values = {name: list(dict.fromkeys(cell.settings.get(name) for cell in cells)) for name in names}
    return {name: found for name, found in values.items() if len(found) > 1}


def uneven_folds(results: Results, rows: Iterable[Row]) -> tuple[tuple[int, ...], dict[str, tuple[int, ...]]]:
    """Return the folds that most rows with scores rest on, and the rows that rest on others, with theirs."""
    found = {row.key: tuple(sorted({s.fold for s in results.scores_of(row.key)})) for row in present(results, rows)}
    if not found:
        return (), {}
    common = Counter(found.values()).most_common(1)[0][0]
    return common, {key: folds for key, folds in found.items() if folds != common}
