"""What a person asks of `bench annotate`, before anything is read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from napari_scribbleseg.bench.annotate.systems import Entry, choose_systems
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.request import parse_numbers

SESSIONS = ("curve", "sparse")
DEVELOPMENT = ",".join(map(str, range(5, 81, 5)))


@dataclass(frozen=True)
class Seconds:
    """How long a system may compute: after three strokes, after sparse strokes, and after a round of corrections."""

    three: float = 20.0
    sparse: float = 60.0
    correction: float = 5.0


@dataclass(frozen=True)
class AnnotateRequest:
    """A comparison by simulated annotators, as it was asked for.

    Parameters
    ----------
    out
        Folder for the results. What is done there already, with the same settings, stays.
    acdc
        Folder of the ACDC challenge, with patient001, patient002 and so on, or a file that `bench pack` wrote.
    weights
        What fine-tuning starts from: a weights file or a name; by default the weights that come with the program.
    systems
        all, classical, or names separated by commas: finetuned, scratch, random_walker, growcut, graph_cuts, grabcut,
        random_forest, slic_seg, level_set.
    sessions
        curve: no stroke, three strokes, then corrections. sparse: strokes on every fourth slice. Or both.
    patients
        Patients with masks, such as 5,10 or 1-20; by default 5, 10 and so on to 80.
    seconds
        What a system may compute after three strokes, after sparse strokes and after each round of corrections.
    rounds
        Rounds of corrections.
    strokes
        Strokes in each of these rounds.
    seed
        Of the strokes.
    workers
        How many sessions run at a time.
    threads
        Torch threads of each; by default the cores are divided among them.
    post
        Post-process the masks of all systems as the window does; by default they are taken as they are.
    budget_s
        Begin nothing new after so many seconds; the same command goes on later.
    """

    out: Path
    acdc: Path
    weights: str | None = None
    systems: str = "all"
    sessions: str = ",".join(SESSIONS)
    patients: str = DEVELOPMENT
    seconds: str = "20,60,5"
    rounds: int = 4
    strokes: int = 1
    seed: int = 0
    workers: int = 1
    threads: int | None = None
    post: bool = False
    budget_s: float = 0.0

    def __post_init__(self) -> None:
        for ok, sentence in (
            (self.rounds >= 0, "Rounds must be 0 or more."),
            (self.strokes >= 1, "Strokes of a round must be 1 or more."),
            (self.seed >= 0, "The seed must be 0 or more."),
            (self.workers >= 1, "Workers must be 1 or more."),
            (self.threads is None or self.threads >= 1, "Threads must be 1 or more."),
            (self.budget_s >= 0, "The budget must be 0 (none) or more seconds."),
        ):
            if not ok:
                raise BenchError(sentence)

    def entries(self) -> tuple[Entry, ...]:
        """Return the systems asked for.

        Raises
        ------
        BenchError
            For an unknown name.
        """
        return choose_systems(self.systems)

    def session_names(self) -> tuple[str, ...]:
        """Return the sessions asked for.

        Raises
        ------
        BenchError
            For an unknown name, or none.
        """
        wanted = {name.strip() for name in self.sessions.split(",")}
        unknown = sorted(wanted - set(SESSIONS))
        if unknown:
            raise BenchError(f"There is no session {unknown[0]!r}; known are {', '.join(SESSIONS)}.")
        return tuple(name for name in SESSIONS if name in wanted)

    def numbers(self) -> tuple[int, ...]:
        """Return the patients asked for.

        Raises
        ------
        BenchError
            For a list that cannot be read.
        """
        return parse_numbers(self.patients, "Patients")

    def time_limits(self) -> Seconds:
        """Return the seconds for computing.

        Raises
        ------
        BenchError
            For anything but three numbers above 0.
        """
        try:
            values = [float(part) for part in self.seconds.split(",")]
        except ValueError:
            values = []
        if len(values) != len(fields(Seconds)) or not all(0 < value < float("inf") for value in values):
            raise BenchError(f"Seconds {self.seconds!r} cannot be read; write three numbers above 0, like 20,60,5.")
        return Seconds(*values)

    def threads_each(self) -> int:
        """Return the torch threads of each worker."""
        from napari_scribbleseg.bench.machine import own_cores  # which brings torch

        return self.threads or max(own_cores() // self.workers, 1)
