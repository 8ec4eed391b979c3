"""What was planned, what is there, and with which budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from napari_scribbleseg.bench.report.reading import CellRecord, Results
from napari_scribbleseg.bench.report.tables import row_of
from napari_scribbleseg.bench.report.wording import count, join, tell_range

NOT_BEGUN = "not begun"
_STATES = {NOT_BEGUN: "not begun", "running": "unfinished", "stopped": "unfinished", "failed": "failed"}


@dataclass(frozen=True)
class Gap:
    """A planned cell that is not done.

    Attributes
    ----------
    row : str
    fold, seed : int
    state : str
        "not begun", "unfinished" or "failed".
    detail : str
        How far it is, or why it failed.
    """

    row: str
    fold: int
    seed: int
    state: str
    detail: str = ""


def find_gaps(results: Results) -> list[Gap]:
    """Return the cells that are not done, of those that `bench.json` plans and those that have a folder."""
    by_place = {(cell.row, cell.fold, cell.seed): cell for cell in results.cells}
    places = [*_planned(results), *(place for place in by_place if place not in set(_planned(results)))]
    return [
        _gap(place, by_place.get(place)) for place in places if place not in by_place or not by_place[place].is_done
    ]


def _planned(results: Results) -> list[tuple[str, int, int]]:
    trained = dict.fromkeys(row_of(key).readout_of or key for key in results.bench.get("rows", ()))
    folds, seeds = results.bench.get("folds", ()), results.bench.get("seeds", ())
    return [(key, int(fold), int(seed)) for key in trained for fold in folds for seed in seeds]


def _gap(place: tuple[str, int, int], cell: CellRecord | None) -> Gap:
    if cell is None:
        return Gap(*place, NOT_BEGUN)
    state = _STATES.get(cell.status, cell.status)
    message = str(cell.facts.get("message") or "").strip()
    progress = f"{cell.facts.get('steps_done', 0)} of {cell.settings.get('steps', '?')} steps"
    return Gap(*place, state, message if state == "failed" else progress)


def tell_gaps(gaps: Iterable[Gap]) -> Iterator[str]:
    """Yield a sentence for each row and state, with its folds; a failure with its reason."""
    grouped: dict[tuple[str, str, str], list[Gap]] = {}
    for gap in gaps:
        grouped.setdefault((gap.row, gap.state, gap.detail), []).append(gap)
    for (row, state, detail), found in grouped.items():
        folds = tell_range(gap.fold for gap in found)
        noun = "fold" if folds.isdecimal() else "folds"
        seeds = {gap.seed for gap in found}
        which = f", {'seed' if len(seeds) == 1 else 'seeds'} {tell_range(seeds)}" if seeds != {0} else ""
        reason = f" ({detail.rstrip('.')})" if detail else ""
        yield f"{row_of(row).title}: {noun} {folds}{which} {state}{reason}."


def unscored_folds(results: Results) -> list[int]:
    """Return the folds with finished cells of which no patient was scored, because the masks are not here."""
    scored = {score.fold for score in results.scores}
    return sorted({cell.fold for cell in results.cells if cell.is_done} - scored)


def tell_patients(results: Results) -> str:
    """Return how many patients and volumes were scored, by pathology."""
    groups = {score.patient: score.group for score in results.scores}
    volumes = len({(score.patient, score.phase) for score in results.scores})
    by_group = join(f"{list(groups.values()).count(group)} {group}" for group in sorted(set(groups.values())))
    return f"{count(len(groups), 'patient')} ({by_group}), {count(volumes, 'volume')}"
