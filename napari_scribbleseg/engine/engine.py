"""One training step after another, with everything that must survive a resume."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.data.augment import AUGMENTATIONS
from napari_scribbleseg.data.sampler import EpochSampler, HalfSampler, LiveSampler, Sampler
from napari_scribbleseg.data.store import SampleStore, StoreError
from napari_scribbleseg.engine.averaging import AveragedWeights
from napari_scribbleseg.engine.batches import BatchMaker
from napari_scribbleseg.engine.device import free_memory, is_out_of_memory, move, resolve_device, use_threads
from napari_scribbleseg.engine.doubt import doubt_slices
from napari_scribbleseg.engine.fast import FastSteps
from napari_scribbleseg.engine.inference import predict_slices
from napari_scribbleseg.engine.keeper import Keeper
from napari_scribbleseg.engine.optimisation import Optimisation, learning_rate, needs_scaling
from napari_scribbleseg.engine.preparation import Preparation
from napari_scribbleseg.engine.randomness import TrainingRandomness
from napari_scribbleseg.engine.resident import ResidentBatches
from napari_scribbleseg.engine.weights import describe_weights
from napari_scribbleseg.engine.world import ALONE, World
from napari_scribbleseg.labels import BG, FOREGROUND
from napari_scribbleseg.methods import Method, build_method
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import (
    Batch,
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
_ADAPTING_BN_MOMENTUM = 0.05
_SLICES_TO_TRUST = 8
"""Strokes on so many slices may lead weights that are adapted as far as the learning rate does."""
_LEAST_TRUST, _SLICES_TO_LET_GO = 0.5, 32
"""Adapted weights go half the way from where they began, and the whole way with strokes on so many slices."""
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
        self._batch_size = settings.batch_size
        self._bad_steps = 0
        if self._is_adapting:
            store.forgo_fields()
        self._batches = self._make_batches()
        self._preparation = Preparation(self.method, self.store)
        self._optimisation = Optimisation(self.method, settings, fused=self._is_accelerated, world=world)
        decay = settings.ema_decay
        self._averaged = AveragedWeights(self.method, decay, steady=self._is_adapting) if decay else None
        self._keeper = Keeper() if self._is_adapting else None
        self._move(self.device)
        self._fast = self._make_fast()

    @property
    def _is_adapting(self) -> bool:
        return self.settings.schedule == "finetune"

    @property
    def _caution(self) -> float:
        """Share of the learning rate that is due: strokes of few slices must not lead weights far that know hearts."""
        return min(1.0, len(self.store.scribbled()) / _SLICES_TO_TRUST) ** 2 if self._is_adapting else 1.0

    @property
    def _trust(self) -> float:
        """Share of the way from the weights it began with that adapted weights go."""
        share = len(self.store.scribbled()) / _SLICES_TO_LET_GO
        return min(1.0, max(_LEAST_TRUST, share)) if self._is_adapting else 1.0

    @property
    def _is_accelerated(self) -> bool:
        wanted = {"auto": self.device.type == "cuda", "on": True, "off": False}[self.settings.acceleration]
        scaled = needs_scaling(self.device, self.settings.precision)  # which looks at every step on the CPU
        return wanted and self.settings.schedule == "protocol" and not scaled

    def _make_batches(self) -> BatchMaker | ResidentBatches:
        settings, around_heart = self.settings, self.settings.resolution == "roi"
        usual = "live" if around_heart else "protocol"
        ranges = AUGMENTATIONS[usual if settings.augmentation == "auto" else settings.augmentation]
        roam, view_px = settings.locate and around_heart, settings.view_px if around_heart else 0
        store, sampler, seed, world = self.store, self._make_sampler(), settings.seed + 1, self.world
        if self._is_accelerated:
            device = self.device
            return ResidentBatches(store, sampler, ranges, seed, roam=roam, view_px=view_px, device=device, world=world)
        return BatchMaker(store, sampler, ranges, seed, roam=roam, view_px=view_px, world=world)

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

    def _make_sampler(self) -> Sampler:
        if self.settings.schedule != "protocol":
            return LiveSampler(self.store, use_bare=self.method.learns_from_unlabelled)
        mixed = self.method.supervision.mixes_unlabelled
        return HalfSampler(self.store) if mixed else EpochSampler(self.store.scribbled)

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
            if self._keeper is not None:
                self._keeper.forget()
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
        if self._keeper is not None and self._keeper.best is None:
            self.measure_held_out()
        start = time.perf_counter()
        self._warm_batch_norm()
        batch, keys = self._batches.draw(self._batch_size, self.device)
        terms = self._update(batch)
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
            self.store.mark_seen(fast.step(self.clock, self._batch_size, steady=steady))
        self._after_step()
        self.clock = Clock(self.clock.step + 1, self.clock.total)

    def _update(self, batch: Batch) -> dict[str, float]:
        """Update with the batch, or with less of it where the device has too little memory."""
        while True:
            try:
                with self._randomness:
                    return self._optimisation.update(batch, self.clock, self._caution)
            except (torch.OutOfMemoryError, RuntimeError) as error:
                alone_on_cpu = self._batch_size == 1 and self.device.type == "cpu"
                if not is_out_of_memory(error) or alone_on_cpu or not self.world.is_alone:
                    raise
            batch = self._retreat(batch)

    def _retreat(self, batch: Batch) -> Batch:
        """Halve the batch, taking every other slice; from a single slice go on to the CPU."""
        free_memory(self.device)
        every = 1
        if self._batch_size > 1:
            self._batch_size //= 2
            every = 2
            sentence = f"The {self.device.type} ran out of memory; going on with batches of {self._batch_size}."
            self.notify(Notice(sentence, "warning"))
        else:
            self.notify(Notice(f"The {self.device.type} has too little memory; going on with the CPU.", "warning"))
            self._move(torch.device("cpu"))
        kept = slice(0, every * self._batch_size, every)
        aux = {name: values[kept].to(self.device) for name, values in batch.aux.items()}
        return Batch(batch.image[kept].to(self.device), batch.labels[kept].to(self.device), aux)

    def _after_step(self) -> None:
        self.method.after_step(self.clock)
        if self._averaged is not None:
            self._averaged.update(self.method, self.clock.step, self._trust)

    def _count_bad_step(self) -> None:
        self._bad_steps += 1
        if self._bad_steps >= MAX_BAD_STEPS:
            raise DivergedError(_DIVERGED)

    def _warm_batch_norm(self) -> None:
        """Let batch statistics start as plain means, so that the first predictions make sense; not in `protocol`.

        Weights that are adapted take on the statistics of their new scan slowly (`docs/methods.md`, fine-tuning).
        """
        if self.settings.resolution == "roi":
            momentum = _ADAPTING_BN_MOMENTUM if self._is_adapting else max(_BN_MOMENTUM, 1 / (self.clock.step + 1))
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
        """Predict slices of one scan; training goes on afterwards as if this had not happened."""
        try:
            answers = predict_slices(self.predictor, self.store, keys, self.device)
            return [Prediction(k, m, c, self.clock.step, self.store.revision) for k, m, c in answers]
        finally:
            self.method.train()

    def doubt(self, keys: Sequence[FrameKey]) -> dict[FrameKey, SliceDoubt]:
        """Return where the predictor doubts itself on slices of one scan; training goes on as after :meth:`predict`."""
        try:
            return dict(doubt_slices(self.predictor, self.store, keys, self.device))
        finally:
            self.method.train()

    def measure_held_out(self) -> HeldOutReport | None:
        """Return the accuracy on held-out strokes, averaged over classes; None where nothing is held out."""
        right, known = np.zeros(4), np.zeros(4)
        for key, labels in self.store.held_out().items():
            predicted = self.predict([key])[0].labels
            for code in (BG, *FOREGROUND):
                mask = labels == code
                known[code] += mask.sum()
                right[code] += (predicted[mask] == code).sum()
        if not known.any():
            return None
        accuracy = float((right[known > 0] / known[known > 0]).mean())
        report = HeldOutReport(self.clock.step, accuracy, int(known.sum()))
        if self._keeper is not None:
            self._keeper.observe(report, self.weights)
        return report

    def settle(self) -> bool:
        """Go back to the best weights where adapting has made the held-out strokes worse, and say so.

        Returns
        -------
        Whether it went back.
        """
        if self._keeper is None:
            return False
        self.measure_held_out()
        better = self._keeper.better()
        if better is None:
            return False
        self.notify(Notice(self._keeper.explain(), "warning"))
        self.load_weights(dict(better))
        self._keeper.forget()
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
        generator, sampler = self._batches.state()
        optimiser, optimiser_meta = self._optimisation.state()
        arrays, store_meta = self.store.state()
        groups: dict[str, dict[str, Tensor]] = {
            "method": self.method.state_dict(),
            "optimiser": optimiser,
            "random": {**self._randomness.state(), "batches": generator},
            "store": {name: torch.from_numpy(array) for name, array in arrays.items()},
        }
        if self._averaged is not None:
            groups["averaged"] = self._averaged.method.state_dict()
            groups["anchor"] = self._averaged.anchor
        tensors = {f"{g}/{n}": t.detach().cpu().clone() for g, group in groups.items() for n, t in group.items()}
        meta = {
            **self.description(),
            "total": self.clock.total,
            "batch_size": self._batch_size,
            "sampler": sampler,
            "optimiser": optimiser_meta,
            "store": store_meta,
        }
        return Checkpoint(tensors, meta, self.weights())

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of the same method; strokes changed since then count as new."""
        groups: dict[str, dict[str, Tensor]] = {}
        for full, tensor in checkpoint.tensors.items():
            group, name = full.split("/", 1)
            groups.setdefault(group, {})[name] = tensor
        meta = checkpoint.meta
        self.method.load_state_dict(groups["method"])
        if self._averaged is not None:
            self._averaged.load(groups.get("averaged", groups["method"]))
            self._averaged.anchor = groups.get("anchor", {})
        self._optimisation.restore(groups.get("optimiser", {}), meta["optimiser"])
        self._randomness.restore(groups["random"])
        self._batches.restore(groups["random"]["batches"], meta["sampler"])
        self._batch_size = min(meta["batch_size"], self.settings.batch_size)
        self.store.restore({n: t.numpy() for n, t in groups.get("store", {}).items()}, meta["store"])
        self.clock = Clock(meta["step"], self._total_after(meta))

    def _total_after(self, meta: Mapping[str, Any]) -> int:
        """Keep the length of a run that was cut short; a live run that was through goes on for as long again."""
        done = int(meta["step"])
        if self.settings.schedule == "protocol":
            return self.settings.steps
        return done + self.settings.steps if done >= meta["total"] else max(self.settings.steps, done)

    def load_weights(self, tensors: dict[str, Tensor]) -> None:
        """Start from given weights instead of a random initialisation."""
        self.method.load_state_dict(tensors)
        if self._averaged is not None:
            self._averaged.load(tensors)
