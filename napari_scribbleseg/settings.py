"""Settings of a training run: one frozen value that window, command line and session files share."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_scribbleseg.clock import PAPER_STEPS

RESOLUTIONS = ("roi", "protocol")
SCHEDULES = ("live", "protocol", "finetune")
ACCELERATIONS = ("auto", "on", "off")
PRECISIONS = ("auto", "full")
AUGMENTATIONS = ("auto", "live", "protocol", "strong")
VIEW_MULTIPLE_PX = 16


class SettingsError(ValueError):
    """A setting is unknown or out of its range."""


@dataclass(frozen=True)
class TrainSettings:
    """How to train.

    Attributes
    ----------
    method : str
        A key of `methods.METHODS`.
    options : Mapping[str, Any]
        Options of the method, by the names of its `Options` class.
    resolution : str
        "roi" (1.4 mm, 128 × 128 around the heart) or "protocol" (the paper's 256 × 256 whole slices).
    schedule : str
        "live" (constant learning rate, averaged weights, rests when nothing improves), "finetune" (the same for weights
        that know hearts already: what they know is kept away from the strokes) or "protocol" (poly learning rate over
        `steps`, as in the paper).
    steps : int
        Planned steps. 0 only predicts.
    batch_size : int
    learning_rate, momentum, weight_decay : float
        SGD; the paper's values are .01, .9, 1e-4.
    ema_decay : float
        Decay of the averaged weights that predict; 0 predicts with the trained weights themselves.
    seed : int
    device : str
        "auto" (CUDA, else MPS, else CPU) or a torch device.
    threads : int
        Torch threads on the CPU; 0 leaves one core to the window.
    held_out : float
        Share of the older strokes that is kept out of training to measure accuracy.
    time_limit_s : float
        Stop after so many seconds of training; 0 has no limit.
    locate : bool
        In "roi", also show the network windows away from the heart, so that it can find one by itself.
    augmentation : str
        "auto" ("live" in "roi", "protocol" in "protocol") or one of `data.augment.AUGMENTATIONS`.
    view_px : int
        In "roi", side of the square inside of the window that training sees, a multiple of 16; 0 is the whole window.
        A smaller one trains faster; prediction always sees the whole window.
    acceleration : str
        Whether a run of the "protocol" schedule keeps its data on the device and trains without waiting for the CPU:
        "auto" does on CUDA, "on" anywhere, "off" nowhere.
    precision : str
        "auto" computes in mixed precision on CUDA (bfloat16 where the card has it), "full" in float32 everywhere.
    """

    method: str = "dmpls"
    options: Mapping[str, Any] = field(default_factory=dict)
    resolution: str = "roi"
    schedule: str = "live"
    steps: int = 3000
    batch_size: int = 4
    learning_rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 1e-4
    ema_decay: float = 0.97
    seed: int = 0
    device: str = "auto"
    threads: int = 0
    held_out: float = 0.1
    time_limit_s: float = 0.0
    locate: bool = False
    augmentation: str = "auto"
    view_px: int = 0
    acceleration: str = "auto"
    precision: str = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", dict(self.options))
        for ok, sentence in (
            (self.resolution in RESOLUTIONS, f"Resolution must be one of {RESOLUTIONS}, not {self.resolution!r}."),
            (self.schedule in SCHEDULES, f"Schedule must be one of {SCHEDULES}, not {self.schedule!r}."),
            (
                self.acceleration in ACCELERATIONS,
                f"Acceleration must be one of {ACCELERATIONS}, not {self.acceleration!r}.",
            ),
            (
                self.augmentation in AUGMENTATIONS,
                f"Augmentation must be one of {AUGMENTATIONS}, not {self.augmentation!r}.",
            ),
            (
                self.view_px >= 0 and self.view_px % VIEW_MULTIPLE_PX == 0,
                f"The view must be a multiple of {VIEW_MULTIPLE_PX} pixels, or 0 for the whole window.",
            ),
            (self.precision in PRECISIONS, f"Precision must be one of {PRECISIONS}, not {self.precision!r}."),
            (self.steps >= 0, "Steps must be 0 or more."),
            (self.batch_size >= 1, "Batch size must be 1 or more."),
            (0 < self.learning_rate < 10, "Learning rate must be above 0 and below 10."),
            (0 <= self.momentum < 1, "Momentum must be at least 0 and below 1."),
            (self.weight_decay >= 0, "Weight decay must be 0 or more."),
            (0 <= self.ema_decay < 1, "EMA decay must be at least 0 and below 1."),
            (self.threads >= 0, "Threads must be 0 (automatic) or more."),
            (0 <= self.held_out < 1, "The held-out share must be at least 0 and below 1."),
            (self.time_limit_s >= 0, "The time limit must be 0 (none) or more seconds."),
        ):
            if not ok:
                raise SettingsError(sentence)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that :meth:`from_json` reads back to an equal value."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TrainSettings:
        """Read a JSON object.

        Raises
        ------
        SettingsError
            For a name that this version does not know, or a value out of range.
        """
        known = {f.name for f in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise SettingsError(f"Unknown settings: {', '.join(unknown)}. They may come from a newer version.")
        return cls(**values)


def protocol_settings(**changes: Any) -> TrainSettings:
    """Return the paper's protocol: 256 × 256, batch 12, 60 000 steps, poly learning rate, last weights."""
    base = TrainSettings(resolution="protocol", schedule="protocol", steps=PAPER_STEPS, batch_size=12, ema_decay=0.0)
    return dataclasses.replace(base, held_out=0.0, **changes)
