"""The plain values that travel between the floors of the house.

A value that crosses a thread is immutable or a private copy: arrays in here are marked read-only on construction
where a sender could still hold a reference to them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.labels import LabelMap

if TYPE_CHECKING:
    import torch


class FrameKey(NamedTuple):
    """Name of one slice: scan, cardiac phase and position along the stack, both counted from 0."""

    case: str
    t: int
    z: int


class ArrayLike4D(Protocol):
    """Anything that slices like a `(t, z, y, x)` array; numpy arrays and lazy readers both do."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (t, z, y, x)."""

    def __getitem__(self, item: Any) -> Any: ...


@dataclass(frozen=True, eq=False)
class Cine:
    """One scan: intensities over time and the geometry of the file that they came from.

    Attributes
    ----------
    case : str
        Identifier, unique within a session, free of patient names.
    data : array-like (t, z, y, x)
        Intensities in their own type; possibly lazy. A 3D scan has t = 1.
    spacing_mm : (z, y, x)
    frame_ms : float or None
        Time between phases in ms, None where the file does not say.
    affine : (4, 4) float array
        Voxel → world (RAS, mm) in the file's own axis order, as the file states it.
    axes : tuple of int
        File axes of (z, y, x): `data[t]` is the file's volume transposed by these.
    ndim : int
        Dimensions of the source file, 3 or 4.
    header : object
        The file's header, kept for export and never interpreted here. None for arrays made in memory.
    title : str
        What a person reads in a list; may come from a file name and is never written to a session.
    """

    case: str
    data: ArrayLike4D
    spacing_mm: tuple[float, float, float]
    frame_ms: float | None = None
    affine: npt.NDArray[np.float64] = field(default_factory=lambda: np.eye(4))
    axes: tuple[int, int, int] = (2, 1, 0)
    ndim: int = 4
    header: Any = None
    title: str = ""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Return (t, z, y, x)."""
        t, z, y, x = self.data.shape
        return t, z, y, x

    def volume(self, t: int) -> npt.NDArray[np.float32]:
        """Return phase `t` as float32 `(z, y, x)`, NaN and infinities replaced by 0."""
        volume = np.asarray(self.data[t], dtype=np.float32)
        return volume if np.isfinite(volume).all() else np.nan_to_num(volume, nan=0.0, posinf=0.0, neginf=0.0)

    def keys(self) -> list[FrameKey]:
        """Return the names of all slices, phase by phase."""
        n_t, n_z, _, _ = self.shape
        return [FrameKey(self.case, t, z) for t in range(n_t) for z in range(n_z)]


@dataclass(frozen=True, eq=False)
class ScribbleEdit:
    """The strokes of one slice as they are now; an erased slice is an edit too.

    Attributes
    ----------
    key : FrameKey
    labels : uint8 (y, x), layer codes, native grid; copied and read-only
    revision : int
        Counts the edits of a session from 1.
    strokes : int
        How many strokes this edit stands for (edits of a slice that wait together are merged).
    """

    key: FrameKey
    labels: LabelMap
    revision: int
    strokes: int = 1

    def __post_init__(self) -> None:
        labels = np.array(self.labels, dtype=np.uint8, copy=True)
        labels.setflags(write=False)
        object.__setattr__(self, "labels", labels)


@dataclass(frozen=True, eq=False)
class Sample:
    """One slice on the working grid.

    Attributes
    ----------
    image : float32 (H, W) in [0, 1]
    labels : uint8 (H, W), training codes with IGNORE
    aux : Mapping[str, array]
        What a method has worked out for this slice, by the names of its `aux`: labels uint8 (H, W) with IGNORE, or
        probabilities float16 (C, H, W).
    """

    key: FrameKey
    image: npt.NDArray[np.float32]
    labels: LabelMap
    aux: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Batch:
    """What a method's loss sees.

    Attributes
    ----------
    image : float32 (B, 1, H, W)
    labels : int64 (B, H, W), training codes with IGNORE
    aux : Mapping[str, Tensor]
        The method's own maps, warped along with the image: labels int64 (B, H, W) with IGNORE, or probabilities
        float (B, C, H, W), which are 0 where nothing is known.
    """

    image: torch.Tensor
    labels: torch.Tensor
    aux: Mapping[str, torch.Tensor] = field(default_factory=dict)


class RunState(enum.Enum):
    """Where a runner is. STARTING builds the engine; RESTING waits for the next stroke with nothing left to gain."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    RESTING = "resting"
    PAUSED = "paused"
    FINISHING = "finishing"
    FINISHED = "finished"


class FinishReason(enum.Enum):
    """Why a run ended."""

    COMPLETED = "completed"
    TIME_LIMIT = "time limit"
    CANCELLED = "cancelled"
    DIVERGED = "diverged"
    FAILED = "failed"


@dataclass(frozen=True)
class StateChanged:
    """A runner entered `state`; `reason` is set with FINISHED, `message` is a sentence for a person."""

    state: RunState
    reason: FinishReason | None = None
    message: str = ""


@dataclass(frozen=True)
class StepReport:
    """What one training step did.

    Attributes
    ----------
    step : int
        Steps done, this one included.
    terms : Mapping[str, float]
        Weighted loss terms; their sum is the loss.
    learning_rate : float
    step_s : float
        Wall time of the step in seconds.
    strokes_seen, strokes_total : int
        Strokes that a step has trained on, of those that reached the trainer.
    total_steps : int
    device : str
    """

    step: int
    terms: Mapping[str, float]
    learning_rate: float
    step_s: float
    strokes_seen: int
    strokes_total: int
    total_steps: int
    device: str


@dataclass(frozen=True)
class PreparationReport:
    """Before it goes on, the method works out maps of its own; `done` of `total` slices are ready."""

    done: int
    total: int


@dataclass(frozen=True)
class HeldOutReport:
    """Accuracy on strokes kept out of training; `accuracy` is the mean over classes, `n_pixels` their number."""

    step: int
    accuracy: float
    n_pixels: int


@dataclass(frozen=True, eq=False)
class Prediction:
    """The network's answer for one slice.

    Attributes
    ----------
    labels : uint8 (y, x), training codes (0 BG … 3 LV), native grid
    confidence : uint8 (y, x), probability of the chosen class × 255
    step : int
        Age of the weights that made it.
    revision : int
        Newest edit that the trainer had taken when it was made.
    """

    key: FrameKey
    labels: LabelMap
    confidence: LabelMap
    step: int
    revision: int


@dataclass(frozen=True, eq=False)
class SliceDoubt:
    """Where the network doubts its own answer for one slice.

    Attributes
    ----------
    score : float
        0 (sure) to 1; slices are ranked by it. It is 1 - the Dice that the answer would have if the probabilities of
        both decoders, averaged, were right; mean over classes.
    disagreement : float
        1 - Dice of what the two decoders answer, mean over classes; 0 for a network with one decoder.
    label : int
        The class, RV, Myo or LV, that most of the doubt is about.
    map : uint8 (y, x), probability that the label shown is wrong × 255, native grid
    """

    score: float
    disagreement: float
    label: int
    map: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class DoubtReport:
    """Where the network doubts itself on some slices of a scan.

    Attributes
    ----------
    case : str
    slices : Mapping[(t, z), SliceDoubt]
    step : int
        Age of the weights that were asked.
    """

    case: str
    slices: Mapping[tuple[int, int], SliceDoubt]
    step: int

    @property
    def scores(self) -> dict[tuple[int, int], float]:
        """Return the score of each slice."""
        return {index: doubt.score for index, doubt in self.slices.items()}


@dataclass(frozen=True)
class Notice:
    """A sentence for the person at the screen; `level` is "info" or "warning"."""

    text: str
    level: str = "info"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Everything a resume needs, detached from the engine.

    Attributes
    ----------
    tensors : Mapping[str, torch.Tensor]
        CPU copies: modules, optimisers, generators.
    meta : Mapping[str, Any]
        JSON values: settings, clock, sampler position, revisions.
    weights : Mapping[str, torch.Tensor]
        The weights to predict with (EMA where there is one), CPU copies.
    """

    tensors: Mapping[str, torch.Tensor]
    meta: Mapping[str, Any]
    weights: Mapping[str, torch.Tensor]


Event = StateChanged | StepReport | PreparationReport | HeldOutReport | Prediction | DoubtReport | Notice | Checkpoint


class Trainer(Protocol):
    """What a window may ask of whoever trains; `engine.Runner` is the local one. All calls return at once."""

    def add_cine(self, cine: Cine) -> None:
        """Bring in another scan."""

    def edit(self, edit: ScribbleEdit) -> None:
        """Bring in the strokes of a slice as they are now."""

    def focus(self, key: FrameKey) -> None:
        """Say which slice is on screen."""

    def set_paused(self, paused: bool) -> None:
        """Pause after the running step, or go on."""

    def cancel(self) -> None:
        """End after the running step."""

    def snapshot(self) -> StateChanged:
        """Return the latest change of state."""
