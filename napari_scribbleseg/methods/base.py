"""What a training method is: a network, ordered objectives, and a hook after each step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.types import Batch

Terms = dict[str, Tensor]


class MethodError(ValueError):
    """A method or one of its options is unknown or out of range."""


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
    """

    name: str
    parameters: Sequence[nn.Parameter]
    loss: Callable[[Batch, Clock], Terms]


class Method(nn.Module, ABC):
    """Base of all methods.

    A subclass states its terms; steps, precision, schedule and checkpoints belong to the engine. Whatever must
    survive a resume is a parameter, a buffer or a submodule.

    Attributes
    ----------
    key, title, reference : str
        Name in files and on the command line; what a person reads; the source.
    network : str
        A key of `nets.NETWORKS`.
    learns_from_unlabelled : bool
        Whether a slice without any scribble changes the gradient.
    Options : type
        A frozen dataclass of the method's own options.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    reference: ClassVar[str]
    network: ClassVar[str]
    learns_from_unlabelled: ClassVar[bool] = False
    Options: ClassVar[type[Any]] = NoOptions

    def __init__(self, network: nn.Module, options: Any) -> None:
        super().__init__()
        self.net = network
        self.options = options

    def objectives(self) -> list[Objective]:
        """Return what is minimised, in order; by default `loss` over all parameters."""
        return [Objective("main", list(self.parameters()), self.loss)]

    @abstractmethod
    def loss(self, batch: Batch, clock: Clock) -> Terms:
        """Return the weighted terms of a batch, by name."""

    def after_step(self, clock: Clock) -> None:  # noqa: B027 - a hook, empty by default
        """Update what is not learned by gradient."""

    @abstractmethod
    def predict(self, image: Tensor) -> Tensor:
        """Return class probabilities `(B, C, H, W)` for images `(B, 1, H, W)`."""


def describe(methods: Mapping[str, type[Method]]) -> str:
    """Return one line for each method, for help texts."""
    return "\n".join(f"{key}: {cls.title}" for key, cls in methods.items())
