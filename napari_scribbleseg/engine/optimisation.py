"""One optimiser for each objective of a method; learning rate, precision and the guard against NaN live here once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from napari_scribbleseg.clock import Clock, poly
from napari_scribbleseg.engine.world import ALONE, World
from napari_scribbleseg.methods import Method, Objective
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Batch

Updates = list[tuple[torch.optim.Optimizer, Objective]]


def learning_rate(settings: TrainSettings, clock: Clock) -> float:
    """Return the learning rate of a step: poly in a `protocol` run, else constant."""
    return poly(settings.learning_rate, clock) if settings.schedule == "protocol" else settings.learning_rate


class Optimisation:
    """The optimisers of a method.

    Parameters
    ----------
    method : Method on its device
    settings : TrainSettings
    fused : bool
        Take optimisers that never wait for the CPU: their learning rate is a number on the device.
    world : World
        Whose gradients are averaged.
    """

    def __init__(self, method: Method, settings: TrainSettings, *, fused: bool = False, world: World = ALONE) -> None:
        self._settings = settings
        self._world = world
        self._fused = fused
        self._updates: Updates = [(self._optimiser(o), o) for o in method.objectives()]
        self._scaler = torch.amp.GradScaler("cuda", enabled=False)

    def _optimiser(self, objective: Objective) -> torch.optim.Optimizer:
        if objective.optimiser is not None:
            return objective.optimiser(objective.parameters)
        s = self._settings
        rate = torch.tensor(s.learning_rate) if self._fused else s.learning_rate
        return torch.optim.SGD(
            objective.parameters, rate, momentum=s.momentum, weight_decay=s.weight_decay, fused=self._fused or None
        )

    @property
    def updates(self) -> Updates:
        """The optimisers and what they minimise, in order."""
        return self._updates

    def use_device(self, device: torch.device) -> None:
        """Follow the method to a device: move the optimisers' state and choose the precision."""
        scaled = needs_scaling(device, self._settings.precision)
        self._scaler = torch.amp.GradScaler("cuda", enabled=scaled)
        for optimiser, _ in self._updates:
            optimiser.load_state_dict(optimiser.state_dict())
            if self._fused:
                _make_resident(optimiser, device)

    def update(self, batch: Batch, clock: Clock, caution: float = 1.0) -> dict[str, float]:
        """Minimise every objective once, in order; return the weighted terms.

        A loss that is not finite changes nothing and is returned as it is.

        Parameters
        ----------
        batch : Batch
        clock : Clock
        caution : what the learning rate is multiplied by
        """
        rate = learning_rate(self._settings, clock) * caution
        terms: dict[str, float] = {}
        for optimiser, objective in self._updates:
            if objective.optimiser is None:
                for group in optimiser.param_groups:
                    group["lr"] = rate
            terms |= self._minimise(optimiser, objective, batch, clock)
        return terms

    def _minimise(
        self, optimiser: torch.optim.Optimizer, objective: Objective, batch: Batch, clock: Clock
    ) -> dict[str, float]:
        optimiser.zero_grad(set_to_none=True)
        with autocast(batch.image.device, self._settings.precision):
            terms = objective.loss(batch, clock)
        values = dict(zip(terms, torch.stack([t.detach() for t in terms.values()]).tolist(), strict=True))
        if self._is_sound(values.values(), batch.image.device):
            gradients = torch.autograd.grad(
                self._scaler.scale(torch.stack(list(terms.values())).sum()), objective.parameters, allow_unused=True
            )
            assign(objective.parameters, gradients)
            self._world.average_gradients(objective.parameters)
            self._scaler.step(optimiser)
            self._scaler.update()
        return values

    def _is_sound(self, values: Iterable[float], device: torch.device) -> bool:
        """Tell whether a loss is finite, in all processes: either all of them update, or none."""
        sound = all(math.isfinite(value) for value in values)
        return sound if self._world.is_alone else not self._world.worst(torch.tensor(float(not sound), device=device))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the optimisers' state: tensors by name, and JSON values."""
        tensors: dict[str, Tensor] = {}
        values: dict[str, Any] = {}
        for i, (optimiser, _) in enumerate(self._updates):
            for index, entry in optimiser.state_dict()["state"].items():
                for name, value in entry.items():
                    (tensors if isinstance(value, Tensor) else values)[f"{i}.{index}.{name}"] = value
        return tensors, {"values": values, "scaler": self._scaler.state_dict()}

    def restore(self, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
        """Continue from a state."""
        for i, (optimiser, _) in enumerate(self._updates):
            state: dict[int, dict[str, Any]] = {}
            for full, value in {**tensors, **meta["values"]}.items():
                which, index, name = full.split(".", 2)
                if int(which) == i and value is not None:
                    state.setdefault(int(index), {})[name] = value
            optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
            if self._fused:
                _make_resident(optimiser, optimiser.param_groups[0]["params"][0].device)
        if self._scaler.is_enabled() and meta["scaler"]:
            self._scaler.load_state_dict(dict(meta["scaler"]))


def needs_scaling(device: torch.device, precision: str) -> bool:
    """Tell whether losses must be scaled: on a card whose only half precision is float16."""
    return device.type == "cuda" and precision == "auto" and not torch.cuda.is_bf16_supported()


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return mixed precision on CUDA (bfloat16 where the card has it); full precision elsewhere, or where asked for."""
    mixed = device.type == "cuda" and precision == "auto"
    dtype = torch.bfloat16 if not mixed or torch.cuda.is_bf16_supported() else torch.float16
    return torch.autocast(device.type, dtype=dtype, enabled=mixed)


def assign(parameters: Sequence[nn.Parameter], gradients: tuple[Tensor | None, ...]) -> None:
    """Set gradients of these parameters alone, so that another objective's network never gets any.

    They are laid out in memory as their parameters are, which fused optimisers on CUDA insist on.
    """
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is not None and gradient.stride() != parameter.stride():
            gradient = torch.empty_like(parameter).copy_(gradient)
        parameter.grad = gradient


def _make_resident(optimiser: torch.optim.Optimizer, device: torch.device) -> None:
    """Put the learning rate on the device, and a momentum of 0 where there is none yet: a first step may be skipped.

    A momentum that comes from a file is laid out anew, as its parameter is: fused optimisers read both as plain memory.
    """
    for group in optimiser.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"] = group["lr"].detach().clone().to(device)
        for parameter in group["params"] if group.get("momentum") else ():
            state = optimiser.state[parameter]
            momentum = state.get("momentum_buffer")
            if momentum is None:
                state["momentum_buffer"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
            elif momentum.stride() != parameter.stride():
                state["momentum_buffer"] = torch.empty_like(parameter).copy_(momentum)
