"""What a training method is: a network, ordered objectives, what it learns from, and two hooks."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from torch import Tensor, nn, optim

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.types import Batch

Terms = dict[str, Tensor]


class MethodError(ValueError):
    """A method or one of its options is unknown or out of range."""


class Supervision(enum.Enum):
    """What a method learns from. The labels differ, never the loop: every map carries IGNORE."""

    SCRIBBLES = "scribbles"
    MASKS = "masks"
    FEW_MASKS = "masks of a few patients"
    FEW_MASKS_AND_IMAGES = "masks of a few patients, images of the others"

    @property
    def is_dense(self) -> bool:
        """Whether the labels are whole masks."""
        return self is not Supervision.SCRIBBLES

    @property
    def mixes_unlabelled(self) -> bool:
        """Whether the second half of every batch is slices without any label."""
        return self is Supervision.FEW_MASKS_AND_IMAGES


class MapKind(enum.Enum):
    """What an auxiliary map holds: decides how it is stored, cropped and warped."""

    LABELS = "labels"
    PROBABILITIES = "probabilities"


@dataclass(frozen=True)
class NoOptions:
    """The options of a method that has none."""


@dataclass(frozen=True)
class Objective:
    """Something to minimise, and what may move for it.

    Attributes
    ----------
    name : str
    parameters : sequence of parameters that this objective's optimiser owns
    loss : callable (Batch, Clock) → weighted terms, whose sum is minimised
    optimiser : callable (parameters) → Optimizer, optional
        An optimiser with a learning rate of its own; by default SGD with the run's settings and schedule.
    """

    name: str
    parameters: Sequence[nn.Parameter]
    loss: Callable[[Batch, Clock], Terms]
    optimiser: Callable[[Sequence[nn.Parameter]], optim.Optimizer] | None = None


class Method(nn.Module, ABC):
    """Base of all methods.

    A subclass states its terms; steps, precision, schedule and checkpoints belong to the engine. Whatever must
    survive a resume is a parameter, a buffer, a submodule, or a map of `aux`.

    Attributes
    ----------
    key, title, reference : str
        Name in files and on the command line; what a person reads; the source.
    network : str
        A key of `nets.NETWORKS`.
    supervision : Supervision
    learns_from_unlabelled : bool
        Whether a slice without any label changes the gradient.
    aux : Mapping[str, MapKind]
        The maps that the method keeps of every labelled slice, made by :meth:`make_maps`.
    is_static : bool
        Whether every step computes the same (nothing depends on the clock), so that a GPU may record it once.
    Options : type
        A frozen dataclass of the method's own options.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    reference: ClassVar[str]
    network: ClassVar[str]
    supervision: ClassVar[Supervision] = Supervision.SCRIBBLES
    learns_from_unlabelled: ClassVar[bool] = False
    aux: ClassVar[Mapping[str, MapKind]] = MappingProxyType({})
    is_static: ClassVar[bool] = False
    Options: ClassVar[type[Any]] = NoOptions

    def __init__(self, network: nn.Module, options: Any) -> None:
        super().__init__()
        self.net = network
        self.options = options

    def objectives(self) -> list[Objective]:
        """Return what is minimised, in order; by default `loss` over all parameters that want a gradient."""
        return [Objective("main", [p for p in self.parameters() if p.requires_grad], self.loss)]

    @abstractmethod
    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the weighted terms of a batch, by name."""

    def after_step(self, clock: Clock) -> None:  # noqa: B027 - a hook, empty by default
        """Update what is not learned by gradient."""

    def map_round(self, clock: Clock) -> int | None:
        """Return how many times the maps have been due by this step; None while none are wanted.

        Before a step, the engine makes the maps of every labelled slice whose own are of an earlier round, or of
        strokes that have changed since.
        """
        return 0 if self.aux else None

    def make_maps(self, batch: Batch, clock: Clock) -> dict[str, Tensor]:
        """Return new maps for unaugmented slices, by the names of `aux`; called in evaluation mode, without gradient.

        Parameters
        ----------
        batch : Batch
            A few slices; `aux` holds their maps of the round before, or nothing where there are none yet.

        Returns
        -------
        Labels int64 `(B, H, W)` with IGNORE, or probabilities float `(B, C, H, W)`.
        """
        raise MethodError(f"The method {self.key!r} keeps no maps.")

    @abstractmethod
    def predict(self, image: Tensor) -> Tensor:
        """Return class probabilities `(B, C, H, W)` for images `(B, 1, H, W)`."""


def describe(methods: Mapping[str, type[Method]]) -> str:
    """Return one line for each method, for help texts."""
    return "\n".join(f"{key}: {cls.title}" for key, cls in methods.items())
