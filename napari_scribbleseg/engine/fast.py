"""Steps that never wait for the CPU: resident data, fused update, and on CUDA one recorded graph for the whole step.

The plain path (`Optimisation.update`) looks at every loss on the CPU; here the guard against NaN is a number on the
device that makes the fused optimiser skip its update. Losses are read once for many steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.engine.optimisation import Optimisation, assign, autocast, learning_rate
from napari_scribbleseg.engine.resident import Plan, ResidentBatches
from napari_scribbleseg.engine.world import World
from napari_scribbleseg.methods import Objective
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FrameKey, Notice

WARM_STEPS = 3
"""Steps before a recording, so that optimisers and libraries have what they need."""


class FastSteps:
    """Trains from resident batches without host synchronisation.

    Parameters
    ----------
    optimisation : Optimisation with fused optimisers
    batches : ResidentBatches
    settings : TrainSettings
    device : torch.device
    record : bool
        Record the step once and replay it; for methods whose steps are all alike, on CUDA.
    notify : callable (Notice)
    world : World
    """

    def __init__(
        self,
        optimisation: Optimisation,
        batches: ResidentBatches,
        settings: TrainSettings,
        device: torch.device,
        *,
        record: bool,
        notify: Callable[[Notice], None],
        world: World,
    ) -> None:
        self._optimisation = optimisation
        self._batches = batches
        self._settings = settings
        self._device = device
        self._record = record
        self._notify = notify
        self._world = world
        self._rate = torch.zeros((), device=device)
        self._bad = torch.zeros((), device=device)
        self._terms: dict[str, Tensor] = {}
        self._plan: Plan | None = None
        self._graph: torch.cuda.CUDAGraph | None = None
        self._recorded_for: tuple[int, int] | None = None
        self._warm = 0

    def step(self, clock: Clock, size: int, *, steady: bool) -> list[FrameKey]:
        """Train on one batch and return the names of its slices.

        Parameters
        ----------
        steady : bool
            Whether all steps from here on are alike, so that one may be recorded.
        """
        self._batches.refresh()
        plan, keys = self._batches.plan(size)
        self._rate.fill_(learning_rate(self._settings, clock))
        if self._graph is not None and (self._recorded_for != self._batches.version or len(keys) != self._n_planned()):
            self._graph = None
        if self._graph is not None:
            self._take(plan)
            self._graph.replay()
        elif self._record and steady and self._warm >= WARM_STEPS:
            self._begin_recording(plan, clock)
        else:
            self._plan = Plan(*(t.to(self._device, non_blocking=True) for t in plan))
            self._compute(clock)
            self._warm += 1
        return keys

    def read(self) -> tuple[dict[str, float], int]:
        """Return the latest terms, and how many steps in a row were no numbers; waits for the device."""
        names = list(self._terms)
        *values, bad = torch.stack([*(self._terms[name].detach().float() for name in names), self._bad]).tolist()
        return dict(zip(names, values, strict=True)), round(bad)

    def _n_planned(self) -> int:
        return len(self._plan.rows) if self._plan is not None else 0

    def _take(self, plan: Plan) -> None:
        assert self._plan is not None
        for mine, new in zip(self._plan, plan, strict=True):
            mine.copy_(new, non_blocking=True)

    def _begin_recording(self, plan: Plan, clock: Clock) -> None:
        """Record a step and run it; where a device or library cannot, go on step by step."""
        self._plan = Plan(*(t.to(self._device) for t in plan))
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize()
        try:
            with torch.cuda.graph(graph):
                self._compute(clock)
        except RuntimeError as error:
            self._record = False
            self._notify(Notice(f"The step cannot be recorded on this device ({error}); going on without.", "warning"))
            self._compute(clock)
            return
        self._graph, self._recorded_for = graph, self._batches.version
        graph.replay()

    def _compute(self, clock: Clock) -> None:
        """Do the whole step on the device, from plan to new weights."""
        assert self._plan is not None
        batch = self._batches.gather(self._plan)
        terms: dict[str, Tensor] = {}
        for optimiser, objective in self._optimisation.updates:
            with autocast(self._device, self._settings.precision):
                mine = objective.loss(batch, clock)
            self._minimise(optimiser, objective, torch.stack(list(mine.values())).sum())
            terms |= mine
        self._terms = {name: term.detach() for name, term in terms.items()}
        wrong = 1 - torch.isfinite(torch.stack([t.float() for t in self._terms.values()])).all().float()
        self._bad.copy_((self._bad + 1) * wrong)

    def _minimise(self, optimiser: torch.optim.Optimizer, objective: Objective, loss: Tensor) -> None:
        gradients = torch.autograd.grad(loss, objective.parameters, allow_unused=True)
        assign(objective.parameters, gradients)
        self._world.average_gradients(objective.parameters)
        wrong = self._world.worst(1 - torch.isfinite(loss.detach()).float())
        if objective.optimiser is None:
            for group in optimiser.param_groups:
                group["lr"].copy_(self._rate)
            # The fused optimisers' own way to skip an update, which torch.amp.GradScaler uses too.
            optimiser.found_inf = wrong  # type: ignore[attr-defined]
            optimiser.grad_scale = None  # type: ignore[attr-defined]
        else:
            _silence(objective.parameters, wrong)
        optimiser.step()


def _silence(parameters: Sequence[nn.Parameter], wrong: Tensor) -> None:
    """Take the gradients away where the loss was no number, for optimisers that cannot skip an update by themselves."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad = torch.where(wrong > 0, 0, parameter.grad)
