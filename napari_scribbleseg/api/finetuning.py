"""Fine-tuning: trained weights and a few strokes on one scan, or on several."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_scribbleseg.api.model import Model
from napari_scribbleseg.api.recipes import all_cores, default_settings, finetune_settings
from napari_scribbleseg.api.strokes import StrokesError
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Cine, FrameKey, Notice, ScribbleEdit, StepReport

if TYPE_CHECKING:
    from napari_scribbleseg.engine.engine import Engine


class FineTuning:
    """Strokes and training in turns, as a person and the program take them.

    Parameters
    ----------
    start : Model or None
        Weights to go on from; None starts from scratch.
    cines : the scans
    settings : TrainSettings, optional
        By default `api.recipes.finetune_settings`, or from scratch `default_settings` as a live run.
    threads : torch threads on the CPU; 0 takes all cores
    notify : callable (Notice), optional
        Hears what the engine has to say, such as that an earlier snapshot was better and is kept.

    Raises
    ------
    WeightsError, MethodError, DeviceError
        Where start or settings do not fit.
    """

    def __init__(
        self,
        start: Model | None,
        cines: Sequence[Cine],
        settings: TrainSettings | None = None,
        threads: int = 0,
        notify: Callable[[Notice], None] = lambda notice: None,
    ) -> None:
        from napari_scribbleseg.data import SampleStore
        from napari_scribbleseg.engine import build_engine
        from napari_scribbleseg.engine.inference import centre_window

        if settings is None:
            settings = finetune_settings(start) if start else default_settings(schedule="live", steps=10**6)
        settings = replace(settings, threads=threads or settings.threads or all_cores())
        store = SampleStore(settings.resolution, settings.held_out, settings.seed)
        for cine in cines:
            store.add(cine)
        self._engine: Engine = build_engine(settings, store, start.tensors if start else None)
        self._engine.notify = notify
        self._drawn: dict[FrameKey, LabelMap] = {}
        self._revision = 0
        for cine in cines if start else ():
            centre_window(self._engine.predictor, store, cine.case, self._engine.device)
        self._engine.method.train()

    def draw(self, case: str, scribbles: LabelMap) -> None:
        """Take all strokes of a scan as they are now.

        Parameters
        ----------
        scribbles : uint8 (t, z, y, x), layer codes

        Raises
        ------
        StrokesError
            Where they do not fit the scan.
        """
        if case not in self._engine.store.cases or scribbles.shape != self._engine.store.cine(case).shape:
            raise StrokesError(f"Scribbles of shape {scribbles.shape} do not fit the scan {case!r}.")
        edits = []
        for t, volume in enumerate(scribbles):
            for z, plane in enumerate(volume):
                key = FrameKey(case, t, z)
                before = self._drawn.get(key)
                if np.array_equal(plane, before) if before is not None else not plane.any():
                    continue
                self._revision += 1
                edit = ScribbleEdit(key, plane, self._revision)
                self._drawn[key] = edit.labels
                edits.append(edit)
        self._engine.apply(edits)

    def train(
        self,
        seconds: float = math.inf,
        steps: int | None = None,
        progress: Callable[[StepReport], None] = lambda report: None,
    ) -> int:
        """Go on training until the time or the steps are over; return the steps done now.

        Nothing happens before there are strokes.

        Raises
        ------
        DivergedError
            When the loss was not finite ten times in a row.
        """
        if not self._engine.store.scribbled():
            return 0
        first, deadline_s = self._engine.clock.step, time.perf_counter() + seconds
        last = math.inf if steps is None else first + steps
        while self._engine.clock.step < last and time.perf_counter() < deadline_s:
            progress(self._engine.step())
        self._engine.settle()
        return self._engine.clock.step - first

    def segment(self, case: str) -> LabelMap:
        """Return the mask of a scan as it would be now, uint8 `(t, z, y, x)`, training codes.

        Nothing is put right in it; `engine.postprocess` does that.
        """
        from napari_scribbleseg.engine.inference import segment

        try:
            return segment(self._engine.predictor, self._engine.store, case, self._engine.device)
        finally:
            self._engine.method.train()

    def model(self) -> Model:
        """Return the weights that predict now, as private copies."""
        return Model.of_engine(self._engine)


def finetune(
    start: Model,
    cines: Sequence[Cine],
    scribbles: Mapping[str, LabelMap],
    *,
    seconds: float = 20.0,
    steps: int | None = None,
    settings: TrainSettings | None = None,
    threads: int = 0,
    progress: Callable[[StepReport], None] = lambda report: None,
    notify: Callable[[Notice], None] = lambda notice: None,
    **changes: Any,
) -> Model:
    """Adapt trained weights to the strokes on some scans: the window's button as one call.

    Parameters
    ----------
    start : Model
    cines : the scans
    scribbles : case → uint8 (t, z, y, x), layer codes
    seconds : training time
    steps : at most so many steps
    settings : by default `api.recipes.finetune_settings`
    threads : torch threads on the CPU; 0 takes all cores
    progress : called after each step
    notify : callable (Notice)
    **changes : settings to differ in

    Raises
    ------
    WeightsError, MethodError, DeviceError, SettingsError
        Where start or settings do not fit.
    StrokesError
        Where strokes do not fit their scan.
    DivergedError
        When the loss was not finite ten times in a row.
    """
    chosen = settings or finetune_settings(start, **changes)
    tuning = FineTuning(start, cines, chosen, threads, notify)
    for case, drawn in scribbles.items():
        tuning.draw(case, drawn)
    tuning.train(seconds, steps, progress)
    return tuning.model()
