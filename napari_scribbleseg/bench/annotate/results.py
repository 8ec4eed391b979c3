"""What all sittings came to: curves of each system, means over patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_scribbleseg.bench.annotate.run import ANNOTATE_NAME
from napari_scribbleseg.bench.annotate.sitting import CORRECTED, NOTHING_DRAWN, SPARSE, THREE
from napari_scribbleseg.bench.annotate.systems import SYSTEMS, Entry
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.records import read_json

Point = dict[str, Any]

MEANS = ("dice", "dice_rv", "dice_myo", "dice_lv", "ef_error", "annotation_s", "compute_s", "strokes")


@dataclass(frozen=True)
class Step:
    """A place on a curve: the mean over patients.

    Attributes
    ----------
    stage : str
        "none", "three", "sparse" or "corrected".
    round : int
        Of corrections, from 1; else 0.
    patients : tuple of int
    values : Mapping[str, float]
        Means by the names of `MEANS`.
    each : Mapping[int, float]
        Dice of every patient.
    """

    stage: str
    round: int
    patients: tuple[int, ...]
    values: Mapping[str, float]
    each: Mapping[int, float]

    def __getitem__(self, name: str) -> float:
        """Return a mean by its name."""
        return self.values[name]


@dataclass(frozen=True)
class Results:
    """All results below a folder.

    Attributes
    ----------
    folder : Path
    header : dict
        What annotate.json says.
    sittings : list of dict
        As they are kept, in the order of systems and patients.
    """

    folder: Path
    header: dict[str, Any]
    sittings: list[dict[str, Any]]

    @property
    def systems(self) -> list[Entry]:
        """Systems with results, in the order of the tables."""
        present = {sitting["system"] for sitting in self.sittings}
        return [entry for key, entry in SYSTEMS.items() if key in present]

    @property
    def patients(self) -> list[int]:
        """Patients with results."""
        return sorted({sitting["patient"] for sitting in self.sittings})

    def of(self, session: str, system: str) -> list[dict[str, Any]]:
        """Return the sittings of a system."""
        return [s for s in self.sittings if s["session"] == session and s["system"] == system]

    def curve(self, system: str) -> list[Step]:
        """Return the ends of all stages of the curve.

        A patient whose mask had nothing left to correct keeps the last point in later rounds.
        """
        ends = {s["patient"]: [p for p in s["points"] if p["is_end"]] for s in self.of("curve", system)}
        places = sorted({_place(p) for points in ends.values() for p in points}, key=lambda x: (_ORDER[x[0]], x[1]))
        return [_step(place, {n: _at(points, place) for n, points in ends.items()}) for place in places]

    def sparse(self, system: str) -> Step | None:
        """Return what sparse strokes came to; None where nobody tried."""
        points = {s["patient"]: s["points"][-1] for s in self.of("sparse", system) if s["points"]}
        return _step((SPARSE, 0), points) if points else None

    def looks(self, session: str, system: str) -> list[Step]:
        """Return every scored mask of a session, those within a stage too, in the order of computing time."""
        sittings = self.of(session, system)
        longest = max((len(s["points"]) for s in sittings), default=0)
        steps = []
        for i in range(longest):
            points = {s["patient"]: s["points"][min(i, len(s["points"]) - 1)] for s in sittings}
            place = _place(next(iter(points.values())))
            steps.append(_step(place, points))
        return steps

    def corrections(self, system: str) -> list[dict[str, Any]]:
        """Return all corrective strokes of a system."""
        return [{"patient": s["patient"], **c} for s in self.of("curve", system) for c in s["corrections"]]


def read_results(folder: Path) -> Results:
    """Read what `bench annotate` wrote.

    Raises
    ------
    BenchError
        Where there are no results, or a file is damaged.
    """
    header = read_json(folder / ANNOTATE_NAME)
    names = header.get("sittings", [])
    found = [read_json(folder / "sittings" / f"{name}.json") for name in names]
    sittings = [sitting for sitting in found if sitting.get("points")]
    if not sittings:
        raise BenchError(f"{folder} holds no results of `bench annotate`; run that first.")
    order = list(SYSTEMS)
    sittings.sort(key=lambda s: (s["session"], order.index(s["system"]), s["patient"]))
    return Results(folder, header, sittings)


def find_lead(ours: Results, first: str, other: str) -> tuple[float, float] | None:
    """Return the smallest lead of a system over another in mean Dice, and after how many annotation seconds it is.

    At each point of the other system, ours is what the same patients have for no more annotation: its latest point up
    to then, sparse strokes among them. None where the two share no patients.
    """
    mine, theirs = _all_steps(ours, first), _all_steps(ours, other)
    leads = []
    for step in theirs:
        reached = [s for s in mine if s["annotation_s"] <= step["annotation_s"]]
        common = set(step.patients) & (set(reached[-1].patients) if reached else set())
        if common:
            lead = float(np.mean([reached[-1].each[n] - step.each[n] for n in sorted(common)]))
            leads.append((lead, step["annotation_s"]))
    return min(leads) if leads else None


def _all_steps(results: Results, system: str) -> list[Step]:
    sparse = results.sparse(system)
    steps = [*results.curve(system), *([sparse] if sparse else [])]
    return sorted(steps, key=lambda step: step["annotation_s"])


_ORDER = {NOTHING_DRAWN: 0, THREE: 1, CORRECTED: 2, SPARSE: 3}


def _place(point: Point) -> tuple[str, int]:
    return point["stage"], point["round"]


def _at(points: Sequence[Point], place: tuple[str, int]) -> Point:
    """Return the point at a place, or the last one before it."""
    return next((p for p in points if _place(p) == place), points[-1])


def _step(place: tuple[str, int], points: Mapping[int, Point]) -> Step:
    means = {name: float(np.mean([p[name] for p in points.values()])) for name in MEANS}
    return Step(*place, tuple(sorted(points)), means, {n: float(p["dice"]) for n, p in points.items()})


def point_rows(results: Results) -> Iterator[tuple[Any, ...]]:
    """Yield the columns and then every scored mask, for a CSV file."""
    return _rows(results, "points")


def correction_rows(results: Results) -> Iterator[tuple[Any, ...]]:
    """Yield the columns and then every corrective stroke, for a CSV file."""
    return _rows(results, "corrections")


def _rows(results: Results, what: str) -> Iterator[tuple[Any, ...]]:
    head = ("session", "system", "patient", "group")
    columns = next((tuple(row) for s in results.sittings for row in s[what]), ())
    yield (*head, *columns)
    for s in results.sittings:
        for row in s[what]:
            yield (*(s[name] for name in head), *(_short(row[name]) for name in columns))


def _short(value: Any) -> Any:
    return f"{value:.5g}" if isinstance(value, float) else int(value) if isinstance(value, bool) else value
