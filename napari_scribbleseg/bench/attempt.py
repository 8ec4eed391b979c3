"""One attempt at a cell: from its order to its results, going on from what an earlier attempt left."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_scribbleseg.bench.cells import Cell, Order, differences
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.lock import CellBusyError, holding
from napari_scribbleseg.bench.machine import describe_machine, describe_versions, own_cores
from napari_scribbleseg.bench.patients import Patient, read_patients
from napari_scribbleseg.bench.predicting import Segment, baseline_segments, network_segments
from napari_scribbleseg.bench.records import DONE, FAILED, RUNNING, SCORE_COLUMNS, STOPPED, CellFolder, write_csv
from napari_scribbleseg.bench.scoring import score_patient
from napari_scribbleseg.bench.splits import Split, add_test_scans, make_split, make_store
from napari_scribbleseg.bench.training import Training
from napari_scribbleseg.bench.watch import StopRequested, Watch
from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine.device import use_threads
from napari_scribbleseg.engine.engine import DivergedError
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.methods import METHODS, MethodError

BUSY = "busy"
MAX_ATTEMPTS = 3


def run_cell(order: Order, watch: Watch) -> str:
    """Work on a cell until it is done, or until the watch ends it.

    Returns
    -------
    "done", "stopped", "failed", or "busy" where another process works on it; cell.json says more.

    Raises
    ------
    BenchError
        When the cell was run with other settings, or its folder cannot be used.
    Exception
        Whatever else went wrong and may go well next time; an attempt that is the last says "failed" instead.
    """
    folder = CellFolder(order.out, order.cell.name)
    folder.make()
    try:
        with holding(folder.lock, order.patience_s):
            return _attempt(order, folder, watch)
    except CellBusyError:
        return BUSY


def refuse_other_settings(cell: Cell, record: Mapping[str, Any]) -> None:
    """Refuse to go on with a cell that computes something else than its folder holds.

    Raises
    ------
    BenchError
        Naming the differences.
    """
    if not record:
        return
    found = differences(record["settings"], cell.settings.to_json())
    if found:
        raise BenchError(
            f"{cell.name} was run with other settings ({'; '.join(found)}); choose another --out, or the same settings."
        )


def _attempt(order: Order, folder: CellFolder, watch: Watch) -> str:
    before = folder.read()
    refuse_other_settings(order.cell, before)
    if before.get("status") == DONE:
        return DONE
    attempts = int(before.get("attempts", 0)) + 1 if before.get("run") == order.run else 1
    if attempts > MAX_ATTEMPTS:
        why = before.get("message") or "its worker died without a word."
        folder.note(status=FAILED, message=f"Given up after {MAX_ATTEMPTS} attempts: {why}")
        return FAILED
    folder.forget_pulse()
    folder.note(**_opening(order, before, attempts))
    try:
        CellWork(order, folder, watch).run()
    except StopRequested as stop:
        folder.note(status=STOPPED, message=f"Stopped: {stop}.")
        return STOPPED
    except Exception as error:
        sentence = f"{type(error).__name__}: {error}" if not isinstance(error, ValueError) else str(error)
        if not (_is_final(error) or attempts == MAX_ATTEMPTS):
            folder.note(message=sentence)
            raise
        traceback.print_exc()
        folder.note(status=FAILED, message=sentence)
        return FAILED
    return DONE


def _is_final(error: Exception) -> bool:
    """Tell whether another attempt would end the same way: what was asked for cannot be, or the loss diverged."""
    return isinstance(error, ValueError | DivergedError)


def describe_order(order: Order) -> dict[str, Any]:
    """Return what cell.json says of a cell before anything has been done."""
    cell = order.cell
    return {
        "row": cell.row.key,
        "method": cell.row.method,
        "options": dict(cell.settings.options),
        "section": cell.row.section,
        "fold": cell.fold,
        "seed": cell.seed,
        "settings": cell.settings.to_json(),
        "steps_done": 0,
        "run": order.run,
    }


def _opening(order: Order, before: Mapping[str, Any], attempts: int) -> dict[str, Any]:
    where = {"machine": describe_machine(), "versions": describe_versions()}
    done = {"steps_done": before.get("steps_done", 0)}
    return {**describe_order(order), **done, "status": RUNNING, "message": "", "attempts": attempts, **where}


class CellWork:
    """All that a cell takes, in order: read, train, predict, score, write.

    Parameters
    ----------
    order : Order
    folder : CellFolder
    watch : Watch
    """

    def __init__(self, order: Order, folder: CellFolder, watch: Watch) -> None:
        settings = order.cell.settings
        self._cell = replace(order.cell, settings=replace(settings, threads=settings.threads or own_cores()))
        self._order = replace(order, cell=self._cell)
        self._folder, self._watch = folder, watch
        use_threads(self._cell.settings.threads)

    def run(self) -> None:
        """Do what is not done yet.

        Raises
        ------
        StopRequested
            When the watch ends it; what is done is kept.
        """
        self._watch.check()
        patients = read_patients(Path(self._order.source), self._order.patients)
        split = self._split(patients)
        self._folder.note(
            train_patients=list(split.train), labelled_patients=list(split.labelled), test_patients=list(split.test)
        )
        test = [patient for patient in patients if patient.number in split.test]
        segments = self._train(patients, split, test) if self._cell.is_training else baseline_segments(self._cell)
        masks = self._predict(segments, test)
        self._score(segments, masks, test)
        self._folder.note(status=DONE, message=_remark(test), steps_done=self._cell.settings.steps)
        self._folder.clear()

    def _split(self, patients: list[Patient]) -> Split:
        numbers = [patient.number for patient in patients]
        if not self._cell.is_training:
            return Split((), (), tuple(p.number for p in patients if p.fold == self._cell.fold))
        with_masks = {patient.number for patient in patients if patient.truth is not None}
        return make_split(self._cell.fold, self._method.supervision, numbers, with_masks)

    @property
    def _method(self) -> Any:
        key = self._cell.settings.method
        if key not in METHODS:
            raise MethodError(f"There is no method {key!r}; known are {', '.join(METHODS)}.")
        return METHODS[key]

    def _train(self, patients: list[Patient], split: Split, test: list[Patient]) -> Mapping[str, Segment]:
        store = make_store(patients, split, self._cell.settings, self._method.supervision)
        training = Training(self._order, store, self._folder, self._watch)
        training.run()
        engine = training.engine
        self._folder.note(train_s=training.train_s, prepare_s=training.prepare_s)
        self._folder.write_weights(engine.weights(), engine.description(), half=self._order.half_weights)
        unseen = SampleStore(self._cell.settings.resolution)
        add_test_scans(unseen, test)
        return network_segments(self._cell, engine, unseen)

    def _predict(self, segments: Mapping[str, Segment], test: list[Patient]) -> dict[str, LabelMap]:
        """Return the masks by their names in masks.h5; each scan is kept at once, so that it need not be done twice."""
        start_s = time.perf_counter()
        masks: dict[str, LabelMap] = {}
        for row, segment in segments.items():
            for patient in test:
                self._watch.check()
                name = self._name(row, patient)
                found = self._folder.read_part(name)
                if found is None:
                    found = segment(patient)
                    self._folder.write_part(name, found)
                masks[name] = found
                self._folder.pulse("predict", len(masks), len(segments) * len(test))
        self._folder.write_masks(masks)
        self._folder.note(predict_s=time.perf_counter() - start_s)
        return masks

    def _score(self, segments: Mapping[str, Segment], masks: Mapping[str, LabelMap], test: list[Patient]) -> None:
        start_s = time.perf_counter()
        rows: list[tuple[Any, ...]] = []
        pairs = [(row, patient) for row in segments for patient in test]
        for done, (row, patient) in enumerate(pairs, start=1):
            self._watch.check()
            rows.extend(score_patient(row, self._cell, patient, masks[self._name(row, patient)]))
            self._folder.pulse("score", done, len(pairs))
        write_csv(self._folder.scores, SCORE_COLUMNS, rows)
        self._folder.note(score_s=time.perf_counter() - start_s)

    def _name(self, row: str, patient: Patient) -> str:
        return patient.case if row == self._cell.row.key else f"{row}/{patient.case}"


def _remark(test: list[Patient]) -> str:
    untold = [patient.number for patient in test if patient.truth is None]
    if not test:
        return "No patient of this fold is there to test: weights only."
    if len(untold) == len(test):
        whom = f"patients {untold[0]} to {untold[-1]}" if len(untold) > 1 else f"patient {untold[0]}"
        return f"The masks of test {whom} are kept back: nothing was scored."
    return f"Patients without a mask were not scored: {', '.join(map(str, untold))}." if untold else ""
