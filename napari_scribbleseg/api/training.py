"""Training without a window."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.api.model import Model
from napari_scribbleseg.api.recipes import all_cores, changed, settings_after
from napari_scribbleseg.api.strokes import Scribbles, gather, pair_up
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Checkpoint, Cine, Event, FinishReason, Notice, RunState, StateChanged, StepReport

if TYPE_CHECKING:
    from napari_scribbleseg.data import SampleStore


class TrainingError(RuntimeError):
    """A training ended without a usable model; the text is one sentence."""


class TrainingRun:
    """One training without a window, from strokes to a model, over the same engine and runner as the window's.

    Started by `torchrun`, the processes train together: each takes its share of every batch.

    Parameters
    ----------
    store : SampleStore with the strokes
    settings : TrainSettings
        `threads` 0 means all cores.
    start : Model to start from, optional
    checkpoint : Checkpoint to continue, optional
    listen : callable (Event), optional
        Hears everything that happens. What it raises ends the training and comes out of
        :meth:`run`.
    checkpoint_every_s : float
        Time between Checkpoint events; one more comes at the end.

    Attributes
    ----------
    world : engine.world.World
        The processes that train together; `world.speaks` in the one that writes files.

    Raises
    ------
    WeightsError, MethodError, DeviceError, WorldError
        Where start or settings do not fit.
    """

    def __init__(
        self,
        store: SampleStore,
        settings: TrainSettings,
        start: Model | None = None,
        checkpoint: Checkpoint | None = None,
        listen: Callable[[Event], None] = lambda event: None,
        checkpoint_every_s: float = math.inf,
    ) -> None:
        from napari_scribbleseg.engine import Runner, build_engine
        from napari_scribbleseg.engine.world import WorldError, join_world

        self.world = join_world()
        if settings.time_limit_s and not self.world.is_alone:
            raise WorldError("Several processes that train together need a number of steps, not a time limit.")
        settings = replace(settings, threads=settings.threads or all_cores())
        self._engine = build_engine(settings, store, start.tensors if start else None, checkpoint, self.world)
        self._listen = listen
        self._objection: BaseException | None = None
        self._runner = Runner(lambda: self._engine, self._hear, checkpoint_every_s)

    def stop(self) -> None:
        """End after the running step; :meth:`run` then returns what there is."""
        self._runner.cancel()

    @property
    def end(self) -> StateChanged:
        """How it ended."""
        return self._runner.snapshot()

    def run(self) -> Model:
        """Train to the end.

        Raises
        ------
        TrainingError
            Where training diverged or failed.
        """
        self._runner.run()
        if self._objection is not None:
            raise self._objection
        if self.end.reason in (FinishReason.DIVERGED, FinishReason.FAILED):
            raise TrainingError(self.end.message)
        self._engine.agree_on_statistics()
        return Model.of_engine(self._engine)

    def _hear(self, event: Event) -> None:
        if isinstance(event, StateChanged) and event.state is RunState.RESTING:
            self.stop()  # a live run waits here for the next stroke, and nobody draws
        if self._objection is not None:
            return
        try:
            self._listen(event)
        except BaseException as error:
            self._objection = error
            self.stop()


def fit(
    cines: Cine | Sequence[Cine],
    scribbles: Scribbles | Sequence[Scribbles],
    settings: TrainSettings | None = None,
    *,
    start: Model | None = None,
    progress: Callable[[StepReport], None] | None = None,
    scribble_codes: str = "acdc",
    **changes: Any,
) -> Model:
    """Learn to segment from scribbles.

    Parameters
    ----------
    cines : one scan or several
    scribbles : the same number of arrays uint8 `(t, z, y, x)` in layer codes (0 nothing, 1 RV, 2 Myo, 3 LV,
        4 background), or of files
    settings : by default :func:`default_settings`, or those of `start`'s method and resolution
    start : model to go on from
    progress : called after each step
    scribble_codes : "acdc" (0 background … 4 unannotated) or "layer" (0 nothing … 4 background): the codes of files
    **changes : settings to differ in, such as ``steps=200, seed=1``

    Raises
    ------
    StrokesError, ScanError, LabelCodeError
        Where scans and scribbles do not make a training set.
    SettingsError, MethodError, DeviceError, WeightsError
        Where settings or `start` do not fit.
    TrainingError
        Where training diverged or failed.

    Examples
    --------
    >>> model = fit(load_cine("scan.nii.gz"), "scan_scribble.nii.gz", steps=200)  # doctest: +SKIP
    """
    pairs = pair_up(cines, scribbles, scribble_codes)
    chosen = changed(settings, **changes) if settings else settings_after(start, len(pairs), **changes)

    def listen(event: Event) -> None:
        if isinstance(event, StepReport) and progress is not None:
            progress(event)
        elif isinstance(event, Notice) and event.level == "warning":
            warnings.warn(event.text, UserWarning, stacklevel=2)

    return TrainingRun(gather(pairs, chosen), chosen, start, listen=listen).run()
