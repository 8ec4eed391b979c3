"""How `train` is told to train: what to start from, and the settings that differ from the usual ones."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter

from napari_scribbleseg.api import ROI_RECIPE, Model, changed, settings_after
from napari_scribbleseg.clock import PAPER_STEPS
from napari_scribbleseg.settings import SettingsError, TrainSettings

if TYPE_CHECKING:
    from napari_scribbleseg.types import Checkpoint

_STEPS_HELP = f"Training steps; by default {ROI_RECIPE['steps']} in roi and {PAPER_STEPS} in protocol."
_FIXED_BY_CHECKPOINT = ("method", "resolution", "seed")


@Parameter(name="*", group=Group("How to train", sort_key=3))
@dataclass(frozen=True)
class Recipe:
    """What a training starts from, and its settings; None leaves a setting as it usually is.

    Parameters
    ----------
    init
        Start from these weights; method and resolution are theirs unless given.
    resume
        Go on from this checkpoint. Give the same scans and scribbles; settings are the checkpoint's unless given.
    method
        Training method, dmpls by default; the list is below.
    resolution
        roi (the default): 1.4 mm a pixel around the heart, fast. protocol: the paper's 256 x 256 whole slices.
    steps
        Training steps.
    time_limit_s
        Stop after so many seconds of training, with what is learned by then.
    seed
        The same seed, data, threads and machine give the same weights.
    batch_size
        Slices in a step.
    learning_rate
        Learning rate of the first step.
    option
        An option of the method, as KEY=VALUE; may be repeated.
    device
        auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:1 or mps.
    threads
        Torch threads on the CPU; by default all cores.
    """

    init: Path | None = None
    resume: Path | None = None
    method: str | None = None
    resolution: Literal["roi", "protocol"] | None = None
    steps: Annotated[int | None, Parameter(help=_STEPS_HELP)] = None
    time_limit_s: float | None = None
    seed: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    option: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = ()
    device: str | None = None
    threads: int | None = None

    def start(self) -> tuple[Model | None, Checkpoint | None]:
        """Read the weights or the checkpoint to start from; None and None for a random start.

        Raises
        ------
        SettingsError, WeightsError, SessionError
            Where both are given, or a file does not do.
        """
        if self.init is not None and self.resume is not None:
            raise SettingsError("Give either --init, to start from weights, or --resume, to go on with a training.")
        if self.resume is not None:
            from napari_scribbleseg.session.tensors import read_checkpoint

            return None, read_checkpoint(self.resume)
        return (None if self.init is None else Model.load(self.init)), None

    def settings(self, start: Model | None, past: Checkpoint | None, n_scans: int) -> TrainSettings:
        """Return the settings of the run.

        Raises
        ------
        SettingsError
            For a value out of range, or one that a checkpoint rules out.
        """
        if past is None:
            return settings_after(start, n_scans, **self.changes())
        before = TrainSettings.from_json(past.meta["settings"])
        wanted = changed(before, **self.changes())
        for name in _FIXED_BY_CHECKPOINT:
            old, new = getattr(before, name), getattr(wanted, name)
            if old != new:
                raise SettingsError(f"The checkpoint was trained with {name} {old}, so it cannot go on with {new}.")
        return wanted

    def changes(self) -> dict[str, Any]:
        """Return the settings that were given, by their names."""
        given = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        options = parse_options(given.pop("option")) or None
        del given["init"], given["resume"]
        return {name: value for name, value in {**given, "options": options}.items() if value is not None}


def parse_options(pairs: Sequence[str]) -> dict[str, Any]:
    """Read KEY=VALUE pairs; numbers, true, false and null are read as such, all else as text.

    Raises
    ------
    SettingsError
        For a pair without a key or without "=".
    """
    options = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not key or not equals:
            raise SettingsError(f"--option takes KEY=VALUE, such as pseudo_weight=0.3, not {pair!r}.")
        try:
            options[key.replace("-", "_")] = json.loads(text)
        except ValueError:
            options[key.replace("-", "_")] = text
    return options
