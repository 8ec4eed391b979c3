"""One training step after another, with everything that must survive a resume."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.data.augment import AUGMENTATIONS
from napari_scribbleseg.data.store import SampleStore, StoreError
from napari_scribbleseg.engine.adaptation import BN_MOMENTUM, Adaptation, is_adapting
from napari_scribbleseg.engine.answering import Answering
from napari_scribbleseg.engine.averaging import AveragedWeights
from napari_scribbleseg.engine.checkpoints import RunParts, total_after
from napari_scribbleseg.engine.device import is_out_of_memory, move, resolve_device, use_threads
from napari_scribbleseg.engine.fast import FastSteps
from napari_scribbleseg.engine.optimisation import Optimisation, learning_rate
from napari_scribbleseg.engine.plain import PlainSteps
from napari_scribbleseg.engine.preparation import Preparation
from napari_scribbleseg.engine.randomness import TrainingRandomness
from napari_scribbleseg.engine.resident import ResidentBatches
from napari_scribbleseg.engine.supply import make_batches, trains_on_bare_scans
from napari_scribbleseg.engine.weights import describe_weights
from napari_scribbleseg.engine.world import ALONE, World
from napari_scribbleseg.methods import Method, build_method
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import (
    Checkpoint,
    Cine,
    FrameKey,
    HeldOutReport,
    Notice,
    Prediction,
    ScribbleEdit,
    SliceDoubt,
    StepReport,
)

MAX_BAD_STEPS = 10
_BN_MOMENTUM = 0.1
_DIVERGED = "Training diverged: the loss is not a number any more. Start over with a smaller learning rate."


class DivergedError(RuntimeError):
    """The loss stopped being a number, step after step."""


class Engine:
    """A method, its optimisers, its data and its random numbers. Not thread-safe; a runner owns it.

    Use :func:`napari_scribbleseg.engine.build_engine` to make one.

    Attributes
    ----------
    settings : TrainSettings
    store : SampleStore
    method : Method
    clock : Clock
    device : torch.device
    world : World
        The processes that train together; usually this one alone.
    notify : callable (Notice)
        Told when the engine has to compromise (smaller batch, another device).
    """

    def __init__(self, settings: TrainSettings, store: SampleStore, world: World = ALONE) -> None:
        use_threads(settings.threads)
        self.settings = settings
        self.store = store
        self.world = world
        self.device = resolve_device(settings.device)
        self.clock = Clock(0, settings.steps)
        self.notify: Callable[[Notice], None] = lambda notice: None
        self._randomness = TrainingRandomness(settings.seed, self.device)
        with self._randomness:
            self.method: Method = build_method(settings.method, settings.options)
        self._randomness.diverge(world.rank)
        self._bad_steps = 0
        self._adaptation = Adaptation(store) if is_adapting(settings) else None
        usual = "live" if settings.resolution == "roi" else "protocol"
        ranges = AUGMENTATIONS[usual if settings.augmentation == "auto" else settings.augmentation]
        self._batches = make_batches(settings, self.method, ranges, store, self.device, world)
        self._preparation = Preparation(self.method, self.store)
        accelerated = isinstance(self._batches, ResidentBatches)
        self._optimisation = Optimisation(self.method, settings, fused=accelerated, world=world)
        decay = settings.ema_decay
        self._averaged = AveragedWeights(self.method, decay, steady=is_adapting(settings)) if decay else None
        self._parts = RunParts(
            self.method, self._averaged, self._optimisation, self._randomness, self._batches, self.store
        )
        self._answering = Answering(store, looks=not trains_on_bare_scans(settings, self.method))
        self._plain = PlainSteps(self._optimisation, self._batches, self._randomness, world, settings.batch_size)
        self._move(self.device)
        self._fast = self._make_fast()

    def _make_fast(self) -> FastSteps | None:
        if not isinstance(self._batches, ResidentBatches):
            return None
        return FastSteps(
            self._optimisation,
            self._batches,
            self.settings,
            self.device,
            record=self.method.is_static and self.device.type == "cuda" and self.world.is_alone,
            notify=lambda notice: self.notify(notice),
            world=self.world,
        )

    def _move(self, device: torch.device) -> None:
        self.device = device
        torch.backends.cudnn.benchmark = device.type == "cuda"
        move(self.method, device)
        if self._averaged is not None:
            self._averaged.move(device)
        self._optimisation.use_device(device)
        if isinstance(self._batches, ResidentBatches):
            self._batches.use_device(device)

    # data -------------------------------------------------------------------------------------------------------

    def add(self, cine: Cine) -> None:
        """Take a scan in."""
        self.store.add(cine)
        self._answering.forget(cine.case)

    def apply(self, edits: Iterable[ScribbleEdit]) -> bool:
        """Take edits in; True where any of them changed a stroke. One that fits nothing is told and left out."""
        changed = False
        for edit in edits:
            try:
                changed |= self.store.apply(edit)
            except StoreError as error:
                self.notify(Notice(str(error), "warning"))
        if changed:
            self.store.hold_out()
            if self._adaptation is not None:
                self._adaptation.keeper.forget()
        return changed

    # training ---------------------------------------------------------------------------------------------------

    def prepare_some(self) -> tuple[int, int] | None:
        """Make a few of the maps that the method wants before its next step; None where none are due.

        Returns
        -------
        Slices done and slices in all, of this round. :meth:`step` makes all that are due; who wants to listen in
        between calls this first.
        """
        if not self._preparation.is_due(self.clock):
            return None
        self.world.average_buffers(self.method)
        with self._randomness:
            return self._preparation.make_some(self.clock, self.device)

    def step(self) -> StepReport:
        """Train on one batch.

        Raises
        ------
        DivergedError
            When the loss was not finite ten times in a row.
        """
        if self._fast is not None:
            return self.advance(1)
        while self.prepare_some():
            pass
        if self._adaptation is not None and self._adaptation.keeper.best is None:
            self.measure_held_out()
        start = time.perf_counter()
        self._warm_batch_norm()
        terms, keys = self._plain.step(self.clock, self.device, self._caution, self._compromise)
        if all(math.isfinite(value) for value in terms.values()):
            self._bad_steps = 0
            self.store.mark_seen(keys)
            self._after_step()
        else:
            self._count_bad_step()
        self.clock = Clock(self.clock.step + 1, self.clock.total)
        return self._report(terms, time.perf_counter() - start)

    def advance(self, count: int) -> StepReport:
        """Train on `count` batches and report the last; where training is accelerated nothing waits in between.

        Raises
        ------
        DivergedError
            When the loss was not finite ten times in a row.
        """
        if self._fast is None:
            return [self.step() for _ in range(count)][-1]
        start = time.perf_counter()
        try:
            for _ in range(count):
                self._step_fast(self._fast)
            terms, bad_steps = self._fast.read()
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not is_out_of_memory(error) or not self.world.is_alone:
                raise
            self._fast = None
            self.notify(Notice(f"The {self.device.type} ran out of memory; going on step by step.", "warning"))
            return self.step()
        if bad_steps >= MAX_BAD_STEPS:
            raise DivergedError(_DIVERGED)
        return self._report(terms, (time.perf_counter() - start) / count)

    def _step_fast(self, fast: FastSteps) -> None:
        while self.prepare_some():
            pass
        self._warm_batch_norm()
        steady = self.settings.resolution != "roi" or self.clock.step >= 1 / _BN_MOMENTUM
        with self._randomness:
            self.store.mark_seen(fast.step(self.clock, self._plain.size, steady=steady))
        self._after_step()
        self.clock = Clock(self.clock.step + 1, self.clock.total)

    @property
    def _caution(self) -> float:
        return self._adaptation.caution if self._adaptation is not None else 1.0

    def _compromise(self, sentence: str, device: torch.device) -> None:
        self.notify(Notice(sentence, "warning"))
        if device != self.device:
            self._move(device)

    def _after_step(self) -> None:
        self.method.after_step(self.clock)
        if self._averaged is not None:
            trust = self._adaptation.trust if self._adaptation is not None else 1.0
            self._averaged.update(self.method, self.clock.step, trust)

    def _count_bad_step(self) -> None:
        self._bad_steps += 1
        if self._bad_steps >= MAX_BAD_STEPS:
            raise DivergedError(_DIVERGED)

    def _warm_batch_norm(self) -> None:
        """Let batch statistics start as plain means, so that the first predictions make sense; not in `protocol`."""
        if self.settings.resolution == "roi":
            momentum = max(_BN_MOMENTUM, 1 / (self.clock.step + 1)) if self._adaptation is None else BN_MOMENTUM
            for module in self.method.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.momentum = momentum

    def _report(self, terms: dict[str, float], step_s: float) -> StepReport:
        rate = learning_rate(self.settings, Clock(self.clock.step - 1, self.clock.total)) * self._caution
        seen, total = self.store.strokes_seen, self.store.strokes_total
        return StepReport(self.clock.step, terms, rate, step_s, seen, total, self.clock.total, str(self.device))

    def agree_on_statistics(self) -> None:
        """Average batch statistics over the processes that train together, all of which call this at once."""
        self.world.average_buffers(self.method)
        if self._averaged is not None:
            self.world.average_buffers(self._averaged.method)

    # prediction -------------------------------------------------------------------------------------------------

    @property
    def predictor(self) -> Method:
        """The method that predicts, in evaluation mode: averaged weights where there are any."""
        return self._averaged.method if self._averaged is not None else self.method.eval()

    def predict(self, keys: Sequence[FrameKey]) -> list[Prediction]:
        """Predict slices of one scan; training goes on afterwards as if this had not happened.

        Where nothing is drawn on the scan, its heart is looked for first, as in :class:`Answering`.
        """
        try:
            return self._answering.predict(self.predictor, keys, self.device, self.clock.step)
        finally:
            self.method.train()

    def doubt(self, keys: Sequence[FrameKey]) -> dict[FrameKey, SliceDoubt]:
        """Return where the predictor doubts itself on slices of one scan; training goes on as after :meth:`predict`."""
        try:
            return self._answering.doubt(self.predictor, keys, self.device)
        finally:
            self.method.train()

    def measure_held_out(self) -> HeldOutReport | None:
        """Return the accuracy on held-out strokes, averaged over classes; None where nothing is held out."""
        strokes = self.store.held_out()
        if not strokes:
            return None
        try:
            found = self._answering.accuracy(self.predictor, strokes, self.device)
        finally:
            self.method.train()
        report = HeldOutReport(self.clock.step, *found)
        if self._adaptation is not None:
            self._adaptation.keeper.observe(report, self.weights)
        return report

    def settle(self) -> bool:
        """Go back to the best weights where adapting has made the held-out strokes worse, and say so.

        Returns
        -------
        Whether it went back.
        """
        if self._adaptation is None:
            return False
        keeper = self._adaptation.keeper
        self.measure_held_out()
        better = keeper.better()
        if better is None:
            return False
        self.notify(Notice(keeper.explain(), "warning"))
        self.load_weights(dict(better))
        keeper.forget()
        return True

    # checkpoints ------------------------------------------------------------------------------------------------

    def weights(self) -> dict[str, Tensor]:
        """Return CPU copies of the weights that predict."""
        source = self._averaged.method if self._averaged is not None else self.method
        return {name: tensor.detach().cpu().clone() for name, tensor in source.state_dict().items()}

    def description(self) -> dict[str, Any]:
        """Return what a weights file says about itself."""
        windows = {case: self.store.window(case) for case in self.store.cases}
        return describe_weights(self.settings, self.clock.step, windows)

    def checkpoint(self) -> Checkpoint:
        """Return everything that a resume to the bit needs, as private CPU copies."""
        tensors, meta_of_parts = self._parts.pack()
        length = {"total": self.clock.total, "batch_size": self._plain.size}
        return Checkpoint(tensors, {**self.description(), **length, **meta_of_parts}, self.weights())

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of the same method; strokes changed since then count as new."""
        meta = checkpoint.meta
        self._parts.unpack(checkpoint.tensors, meta)
        self._plain.size = min(meta["batch_size"], self.settings.batch_size)
        self.clock = Clock(meta["step"], total_after(self.settings, meta))

    def load_weights(self, tensors: dict[str, Tensor]) -> None:
        """Start from given weights instead of a random initialisation."""
        self.method.load_state_dict(tensors)
        if self._averaged is not None:
            self._averaged.load(tensors)
