"""Pretraining: weights for scans that nobody has drawn on, from the scribbles of many patients."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.machine import describe_device, describe_machine, describe_versions, own_cores
from napari_scribbleseg.bench.patients import Patient, iterate_patients, read_patients
from napari_scribbleseg.bench.records import CellFolder, Progress
from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.labels import N_CLASSES, LabelMap
from napari_scribbleseg.methods.branches import DECODERS
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FrameKey, ScribbleEdit

if TYPE_CHECKING:
    from torch import Tensor

    from napari_scribbleseg.engine.engine import Engine

DEVELOPMENT_PATIENTS = tuple(range(5, 81, 5))
"""Never trained on by the study weights; decisions are made on them."""
SHIPPED_PATIENTS = tuple(range(1, 81))
"""Those of the shipped weights; 81 to 100 are kept back for the final figure."""
STUDY_PATIENTS = tuple(n for n in SHIPPED_PATIENTS if n not in DEVELOPMENT_PATIENTS)

STROKE_PRIOR = (0.0, 1.5, 2.0, 0.9)
"""What the logarithms of the classes' shares among ACDC's strokes exceed their shares in the image by, BG at 0.

Chosen on the development patients, whose RV and Myo came out 1.15 and 1.35 times too large without it.
"""

PRETRAIN_RECIPE: Mapping[str, Any] = MappingProxyType(
    {
        "method": "dmpls",
        "options": {"stroke_prior": list(STROKE_PRIOR)},
        "resolution": "roi",
        "schedule": "protocol",
        "steps": 10000,
        "batch_size": 8,
        "learning_rate": 0.03,
        "ema_decay": 0.999,
        "held_out": 0.0,
        "locate": True,
        "augmentation": "strong",
        "view_px": 96,
        "acceleration": "on",
    }
)
WIDENED_SHARE = 0.27
"""Part of the steps that learn from widened strokes; the rest learn from the strokes as they were drawn."""

NAME = "pretrain"
CHECKPOINT_EVERY_S = 60.0
_LOOK_UP_STEPS = 5


def pretrain_settings(**changes: Any) -> TrainSettings:
    """Return the settings of the recipe.

    Raises
    ------
    SettingsError
        For an unknown setting or a value out of range.
    """
    return TrainSettings.from_json({**PRETRAIN_RECIPE, **changes})


def move_prior(
    tensors: Mapping[str, Tensor], before: Sequence[float] | None, after: Sequence[float] | None
) -> dict[str, Tensor]:
    """Return weights that learned under one prior of strokes as another wants them: the partial CE stays what it was.

    Parameters
    ----------
    tensors : weights of the dual-branch network
    before, after : logarithms by class (`methods.dmpls`); None is a prior of 0
    """
    import torch

    shift = torch.tensor(before or [0.0] * N_CLASSES) - torch.tensor(after or [0.0] * N_CLASSES)
    heads = {f"net.{branch}.head.bias" for branch in DECODERS}
    return {name: tensor + shift.to(tensor) if name in heads else tensor for name, tensor in tensors.items()}


@dataclass(frozen=True)
class PretrainOrder:
    """What to pretrain.

    Attributes
    ----------
    source : Path
        ACDC's folder, or a pack with whole slices.
    out : Path
        Folder of the run; a run that was stopped goes on there.
    patients : tuple of int
    settings : TrainSettings
    widened_share : float
        Part of the steps that learn from widened strokes.
    start : tensors by name or None
        Weights to go on from.
    """

    source: Path
    out: Path
    patients: tuple[int, ...]
    settings: TrainSettings
    widened_share: float = WIDENED_SHARE
    start: Mapping[str, Tensor] | None = None


class Pretraining:
    """DMPLS on the strokes of many patients, at first widened to what three systems without training agree on.

    The network of few steps knows the strokes and little else; widened strokes (`baselines.consensus`) teach it whole
    hearts early, and the last part of the steps, on the strokes as drawn, lets the mixed pseudo labels settle the
    borders. No mask is ever read.

    Parameters
    ----------
    order : PretrainOrder
    progress : callable (phase, done, total), phase "widen" or "train"
    should_stop : callable → bool
        Asked between steps.

    Raises
    ------
    BenchError
        When patients are missing, or the folder holds a run with other settings.
    """

    def __init__(
        self,
        order: PretrainOrder,
        progress: Callable[[str, int, int], None] = lambda phase, done, total: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._order, self._progress, self._should_stop = order, progress, should_stop
        self.folder = CellFolder(order.out, NAME)
        self.folder.make()
        self._refuse_other_settings()

    def _refuse_other_settings(self) -> None:
        order, record = self._order, self.folder.read()
        asked = {
            "settings": order.settings.to_json(),
            "patients": list(order.patients),
            "widened_share": order.widened_share,
        }
        differing = [name for name, value in asked.items() if record and record.get(name) != value]
        if differing:
            raise BenchError(
                f"{order.out} holds a pretraining with other {' and '.join(differing)}; choose another folder, or the "
                "same."
            )
        self.folder.note(**asked, machine=describe_machine(), versions=describe_versions())

    def run(self) -> Engine | None:
        """Go on to the last step; None where it was stopped before, and a checkpoint tells where.

        Raises
        ------
        BenchError
            When a patient is missing or damaged.
        DivergedError
            When the loss was not finite ten times in a row.
        """
        order = self._order
        widened = self._widen()
        if widened is None:
            return None
        patients = read_patients(order.source, order.patients)
        _require_all(patients, order.patients)
        past = self.folder.read_progress()
        settings = replace(order.settings, threads=order.settings.threads or own_cores())
        step = past.checkpoint.meta["step"] if past else 0
        drawn_from = round(order.widened_share * settings.steps)
        store = make_store(patients, widened if step < drawn_from else None, settings)
        engine = build_engine(settings, store, order.start, past.checkpoint if past else None)
        self.folder.note(device=describe_device(engine.device))
        done = self._train(engine, patients, past, drawn_from)
        if not done:
            return None
        self.folder.write_weights(engine.weights(), _without_windows(engine.description()), half=False)
        self.folder.checkpoint.unlink(missing_ok=True)
        return engine

    def _widen(self) -> dict[str, LabelMap] | None:
        """Return the widened strokes of every patient, kept on disk; None where it was stopped."""
        order = self._order
        missing = [n for n in order.patients if self.folder.read_part(_part(n)) is None]
        done = len(order.patients) - len(missing)
        if order.widened_share == 0:
            return {}
        with _mapping(order.settings.threads or own_cores()) as spread:
            jobs = spread(_widen_patient, [order.source] * len(missing), missing)
            for number, labels in zip(missing, jobs, strict=True):
                self.folder.write_part(_part(number), labels)
                done += 1
                self._progress("widen", done, len(order.patients))
                if self._should_stop():
                    return None
        found = {n: self.folder.read_part(_part(n)) for n in order.patients}
        return {_part(n): labels for n, labels in found.items() if labels is not None}

    def _train(self, engine: Engine, patients: Sequence[Patient], past: Progress | None, drawn_from: int) -> bool:
        history = list(past.history) if past else []
        train_s = past.train_s if past else 0.0
        clock, saved_at_s = engine.clock, time.monotonic()
        is_widened = clock.step < drawn_from
        while engine.clock.step < clock.total and not self._should_stop():
            if is_widened and engine.clock.step >= drawn_from:
                apply_strokes(engine.store, patients)
                is_widened = False
            start_s = time.perf_counter()
            next_change = drawn_from if is_widened else clock.total
            report = engine.advance(min(_LOOK_UP_STEPS, next_change - engine.clock.step))
            train_s += time.perf_counter() - start_s
            self._progress("train", report.step, clock.total)
            if report.step % 50 == 0:
                history += [(report.step, term, float(value)) for term, value in report.terms.items()]
            if time.monotonic() - saved_at_s >= CHECKPOINT_EVERY_S:
                self._save(engine, history, train_s)
                saved_at_s = time.monotonic()
        self._save(engine, history, train_s)
        return engine.clock.step >= clock.total

    def _save(self, engine: Engine, history: list[tuple[int, str, float]], train_s: float) -> None:
        self.folder.write_progress(Progress(engine.checkpoint(), history, train_s, 0.0))
        self.folder.note(steps_done=engine.clock.step, train_s=train_s)


def make_store(
    patients: Iterable[Patient], widened: Mapping[str, LabelMap] | None, settings: TrainSettings
) -> SampleStore:
    """Build the training set; every scan is seen around its strokes.

    Parameters
    ----------
    widened : case → layer codes uint8 (2, z, y, x) in place of the strokes; None takes the strokes themselves
    """
    store = SampleStore(settings.resolution, settings.held_out, settings.seed)
    for patient in patients:
        store.add(patient.cine)
        _apply(store, patient, patient.scribbles if widened is None else widened[patient.case], revision=1)
    return store


def apply_strokes(store: SampleStore, patients: Iterable[Patient]) -> None:
    """Put the strokes as drawn in the place of what they were widened to; nothing changes where they are."""
    for patient in patients:
        _apply(store, patient, patient.scribbles, revision=2)


def _apply(store: SampleStore, patient: Patient, labels: LabelMap, revision: int) -> None:
    for t, volume in enumerate(labels):
        for z, plane in enumerate(volume):
            store.apply(ScribbleEdit(FrameKey(patient.case, t, z), plane, revision))


@contextmanager
def _mapping(workers: int) -> Iterator[Callable[..., Iterable[LabelMap]]]:
    """Yield a `map` over processes, or the plain one for a single worker; what is not begun at the end never is."""
    if workers == 1:
        yield map
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield pool.map
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _widen_patient(source: Path, number: int) -> LabelMap:
    from napari_scribbleseg.baselines.consensus import widen_strokes

    for patient in iterate_patients(source, [number]):
        cine = patient.cine
        volumes = [widen_strokes(cine.volume(t), s, cine.spacing_mm) for t, s in enumerate(patient.scribbles)]
        return np.stack(volumes)
    raise BenchError(f"Patient {number} is not in {source}.")


def _part(number: int) -> str:
    return f"patient{number:03d}"


def _require_all(patients: Sequence[Patient], numbers: Sequence[int]) -> None:
    missing = sorted(set(numbers) - {patient.number for patient in patients})
    if missing:
        raise BenchError(f"Patient {missing[0]} is to be trained on but is not there.")


def _without_windows(description: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out where the hearts of the training scans lie: weights for everybody name nobody."""
    return {**description, "windows": {}}
