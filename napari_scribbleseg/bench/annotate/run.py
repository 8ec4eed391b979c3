"""All sittings of a comparison: those that are not done yet, one after the other or several at a time."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.bench.annotate.annotator import EVERY, Annotator
from napari_scribbleseg.bench.annotate.costs import Costs
from napari_scribbleseg.bench.annotate.paths import Hand
from napari_scribbleseg.bench.annotate.request import AnnotateRequest, Seconds
from napari_scribbleseg.bench.annotate.sitting import Sitting
from napari_scribbleseg.bench.annotate.systems import SYSTEMS
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.lock import holding
from napari_scribbleseg.bench.machine import describe_machine, describe_versions
from napari_scribbleseg.bench.patients import Patient, case_name, read_patients
from napari_scribbleseg.bench.records import read_json, write_json

if TYPE_CHECKING:
    from napari_scribbleseg.api.model import Model

ANNOTATE_NAME = "annotate.json"
COMPLETED, OUT_OF_TIME, INTERRUPTED = "completed", "out of time", "interrupted"
LOCK_S = 5.0

Progress = Callable[[int, int, str], None]
"""Takes the number of sittings done, of all, and the name of the latest."""


@dataclasses.dataclass(frozen=True)
class Task:
    """One sitting that is to be held.

    Attributes
    ----------
    name : str
        Session, system and patient, such as "curve/finetuned/patient005".
    conditions : dict
        JSON values that decide about the result; a result made under others is made anew.
    deadline : float
        Time after which it is no longer begun, 0 for none.
    """

    out: Path
    source: Path
    session: str
    system: str
    patient: int
    weights: str | None
    threads: int
    conditions: dict[str, Any]
    deadline: float = 0.0

    @property
    def name(self) -> str:
        """Name in messages, and of the file below `sittings`."""
        return f"{self.session}/{self.system}/{case_name(self.patient)}"

    @property
    def path(self) -> Path:
        """Where the result is kept."""
        return self.out / "sittings" / f"{self.name}.json"

    def is_done(self) -> bool:
        """Tell whether the result is there and was made under the same conditions."""
        return read_json(self.path).get("conditions") == self.conditions


def run_annotate(request: AnnotateRequest, progress: Progress = lambda done, total, name: None) -> dict[str, Any]:
    """Hold what of the sittings is not done yet, each kept in a file of its own.

    Ctrl-C loses the sittings that are going on, and no other; the same request goes on with them.

    Returns
    -------
    A summary as JSON: `out`, `sittings` and `done` (numbers), `failed` (name → reason), `left` (names), `reason`
    ("completed", "out of time" or "interrupted") and `seconds`.

    Raises
    ------
    BenchError
        When something does not fit: an unknown system, a patient without a mask, no data.
    WeightsError
        Where the weights to start from do not do.
    """
    began_s = time.monotonic()
    tasks = plan(request)
    _refuse_without_masks(request)
    request.out.mkdir(parents=True, exist_ok=True)
    with holding(request.out / "lock", patience_s=LOCK_S):
        todo = [task for task in tasks if not task.is_done()]
        _write_header(request, tasks)
        failed, was_interrupted = _hold_all(todo, request.workers, len(tasks), progress)
    left = [task.name for task in todo if not task.is_done() and task.name not in failed]
    reason = INTERRUPTED if was_interrupted else OUT_OF_TIME if left else COMPLETED
    return {
        "out": str(request.out),
        "sittings": len(tasks),
        "done": len(tasks) - len(left) - len(failed),
        "failed": failed,
        "left": left,
        "reason": reason,
        "seconds": round(time.monotonic() - began_s, 1),
    }


def plan(request: AnnotateRequest) -> list[Task]:
    """Return all sittings that were asked for, patient by patient.

    Raises
    ------
    BenchError, WeightsError
        For what cannot be read or is unknown.
    """
    entries, sessions, numbers = request.entries(), request.session_names(), request.numbers()
    seconds, deadline = request.time_limits(), time.time() + request.budget_s if request.budget_s else 0.0
    shared: dict[str, Any] = {"seed": request.seed, "costs": vars(Costs()), "hand": vars(Hand())}
    shared |= {"post": _describe_post()} if request.post else {}
    of_session = {
        "curve": {"rounds": request.rounds, "strokes": request.strokes},
        "sparse": {"every": EVERY},
    }
    trained_on = _describe_weights(request.weights) if any(entry.needs_weights for entry in entries) else {}
    tasks = []
    for number in numbers:
        for session in sessions:
            for entry in entries:
                conditions = {**shared, **of_session[session]}
                conditions |= {"seconds": vars(seconds)} if entry.learns else {}
                conditions |= trained_on if entry.needs_weights else {}
                tasks.append(
                    Task(
                        *(request.out, request.acdc, session, entry.key, number),
                        *(request.weights, request.threads_each(), conditions, deadline),
                    )
                )
    return tasks


def hold(task: Task) -> str:
    """Hold one sitting and keep its result; return "" or why it failed, `OUT_OF_TIME` where it was not begun."""
    if 0 < task.deadline <= time.time():
        return OUT_OF_TIME
    try:
        patient = _read(task.source, task.patient)
        result = _sit(task, patient)
    except (ValueError, ArithmeticError, RuntimeError, OSError) as error:
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    head = {"session": task.session, "system": task.system, "patient": task.patient, "group": patient.group}
    task.path.parent.mkdir(parents=True, exist_ok=True)
    write_json(task.path, {**head, **result, "threads": task.threads, "conditions": task.conditions})
    return ""


def _sit(task: Task, patient: Patient) -> dict[str, Any]:
    """Return the points and corrections of a sitting."""
    entry, conditions = SYSTEMS[task.system], task.conditions
    start = _load(task.weights) if entry.needs_weights else None
    system = entry.build(patient.cine, start, task.threads)
    if conditions.get("post"):
        system.post_process(patient.cine)
    annotator = Annotator(patient, conditions["seed"], Costs(**conditions["costs"]), Hand(**conditions["hand"]))
    sitting = Sitting(system, annotator, patient, Seconds(**conditions.get("seconds", {})))
    if task.session == "curve":
        sitting.draw_curve(conditions["rounds"], conditions["strokes"])
    else:
        sitting.draw_sparse()
    return {"points": sitting.points, "corrections": sitting.corrections}


def _hold_all(todo: Sequence[Task], workers: int, total: int, progress: Progress) -> tuple[dict[str, str], bool]:
    """Return why sittings failed, by name, and whether the run was interrupted."""
    failed: dict[str, str] = {}
    done = total - len(todo)
    try:
        for task, why in _answers(todo, workers):
            done += 1
            if why not in ("", OUT_OF_TIME):
                failed[task.name] = why
            progress(done, total, task.name)
    except KeyboardInterrupt:
        return failed, True
    return failed, False


def _answers(todo: Sequence[Task], workers: int) -> Iterator[tuple[Task, str]]:
    if workers == 1 or len(todo) < 2:
        for task in todo:
            yield task, hold(task)
        return
    pool = ProcessPoolExecutor(min(workers, len(todo)), mp_context=get_context("spawn"))
    try:
        jobs = {pool.submit(hold, task): task for task in todo}
        for job in as_completed(jobs):
            yield jobs[job], job.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@lru_cache(maxsize=2)
def _read(source: Path, number: int) -> Patient:
    patients = read_patients(source, [number])
    if not patients or patients[0].truth is None:
        raise BenchError(f"{case_name(number)} is not there or has no masks, so nobody can tell where to correct.")
    return patients[0]


@lru_cache(maxsize=1)
def _load(weights: str | None) -> Model:
    from napari_scribbleseg.api.shipped import find_weights

    return find_weights(weights)


def _describe_post() -> dict[str, bool]:
    from napari_scribbleseg.engine.postprocess import PostProcessing

    return vars(PostProcessing())


def _describe_weights(weights: str | None) -> dict[str, Any]:
    """Return what decides about fine-tuning: the hash of the weights, and the settings of the recipe.

    Raises
    ------
    WeightsError
        Where there are no such weights.
    """
    from napari_scribbleseg.api.recipes import finetune_settings
    from napari_scribbleseg.api.shipped import locate_weights

    entry = locate_weights(weights)
    return {"weights_sha256": entry.file_sha256(), "settings": finetune_settings(entry.load()).to_json()}


def _refuse_without_masks(request: AnnotateRequest) -> None:
    if not request.acdc.exists():
        raise BenchError(f"There is no {request.acdc}; --acdc names the folder that holds patient001 and so on.")
    for number in request.numbers():
        _read(request.acdc, number)


def _write_header(request: AnnotateRequest, tasks: Sequence[Task]) -> None:
    """Say in annotate.json what the results are; what earlier requests asked for stays."""
    path = request.out / ANNOTATE_NAME
    before = read_json(path)
    names = sorted({*before.get("sittings", []), *(task.name for task in tasks)})
    finetuned = next((task.conditions for task in tasks if "weights_sha256" in task.conditions), None)
    header = {
        "seconds": vars(request.time_limits()),
        "rounds": request.rounds,
        "strokes": request.strokes,
        "seed": request.seed,
        "post": request.post,
        "threads": request.threads_each(),
        "workers": request.workers,
        "costs": vars(Costs()),
        "hand": vars(Hand()),
        "weights_sha256": finetuned["weights_sha256"] if finetuned else before.get("weights_sha256"),
        "machine": describe_machine(),
        "versions": describe_versions(),
        "sittings": names,
    }
    write_json(path, header)
