"""Plain values that the workbench hands to panels and to whoever makes a runner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Checkpoint, Cine, Event, FrameKey, Prediction, RunState, ScribbleEdit, Trainer

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ScanSummary:
    """One line of the worklist.

    Attributes
    ----------
    case : str
        Identifier within the session; what :meth:`Workbench.show_scan` takes.
    title : str
        What a person reads.
    shape : (t, z, y, x)
    n_strokes : int
        Strokes drawn on this scan.
    n_accepted : int
        Slices of the mask that were accepted or corrected by hand.
    state : str
        A word or two: "no strokes", "strokes", "preview", "predicted", "accepted".
    """

    case: str
    title: str
    shape: tuple[int, int, int, int]
    n_strokes: int
    n_accepted: int
    state: str


@dataclass(frozen=True)
class ExportSummary:
    """What an export wrote and where each slice came from.

    Attributes
    ----------
    path : Path
        The NIfTI file or DICOM SEG; a JSON sidecar with the same stem lies beside it.
    from_mask, from_prediction, never_predicted : int
        Slices taken from the mask, from the prediction, and empty because nothing was predicted there.
    sentence : str
        The same for a person.
    from_preview : int
        Slices that show an instant preview, which no trained network has made.
    """

    path: Path
    from_mask: int
    from_prediction: int
    never_predicted: int
    sentence: str
    from_preview: int = 0


@dataclass(frozen=True)
class PreviewSystem:
    """A system without training.

    Attributes
    ----------
    key, title, reference : str
        As its baseline says.
    short : str
        A name that fits the dock, where the title is a long one.
    """

    key: str
    title: str
    reference: str = ""
    short: str = ""

    @property
    def name(self) -> str:
        """Return what the dock calls it."""
        return self.short or self.title


@dataclass(frozen=True)
class WeightsOrigin:
    """Weights that were trained on other scans and brought here: what a slice that they made says of itself.

    Attributes
    ----------
    name : str
        As the list of weights calls them.
    digest : str
        The first digits of the file's SHA-256.
    tuned : bool
        Whether they were fine-tuned on strokes of this session before.
    """

    name: str
    digest: str = ""
    tuned: bool = False

    @property
    def key(self) -> str:
        """Return the origin as a session keeps it; :func:`qt.makers.find_maker` reads it."""
        return f"{WEIGHTS_PREFIX}{self.name}@{self.digest}{TUNED if self.tuned else ''}"

    @property
    def title(self) -> str:
        """Return what a person reads."""
        return f"{self.name}, fine-tuned" if self.tuned else self.name


@dataclass(frozen=True)
class Propagation:
    """A mask that was carried over from another slice along the motion between the two, and taken by a person.

    Attributes
    ----------
    t, z : int
        The slice that it comes from.
    """

    t: int
    z: int

    @property
    def key(self) -> str:
        """Return the origin as a session keeps it; :func:`qt.makers.find_maker` reads it."""
        return f"{PROPAGATED_PREFIX}{self.t},{self.z}"

    @property
    def title(self) -> str:
        """Return what a person reads, numbered as the sliders are."""
        return f"propagated from phase {self.t}, slice {self.z}"


WEIGHTS_PREFIX = "weights:"
TUNED = "+strokes"
PROPAGATED_PREFIX = "propagated:"
Maker = PreviewSystem | WeightsOrigin | Propagation
"""What made a slice, where it was not a network trained from scratch in this session."""


@dataclass(frozen=True)
class SliceMarks:
    """Slices `(t, z)` of a scan that stand out.

    Attributes
    ----------
    drawn : frozenset
        Slices with strokes.
    done : frozenset
        Slices of the mask that were accepted or corrected by hand.
    suggested : frozenset
        Slices that a suggestion waits for.
    """

    drawn: frozenset[tuple[int, int]] = frozenset()
    done: frozenset[tuple[int, int]] = frozenset()
    suggested: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, eq=False)
class Preview(Prediction):
    """A slice of an instant preview: it is shown like a prediction, but no network made it.

    `step` is 0, and `confidence` is 0 all over, since these systems give none.
    """

    system: PreviewSystem


@dataclass(frozen=True, eq=False)
class RunRequest:
    """Everything a runner starts from.

    Attributes
    ----------
    settings : TrainSettings
    cines : tuple of Cine
        All scans of the session with strokes, and the shown one.
    edits : tuple of ScribbleEdit
        The strokes of every slice that has some.
    focus : FrameKey
        The slice on screen.
    checkpoint : Checkpoint or None
        Where an earlier run ended.
    weights : tensors by name, or None
        Weights to start from where there is no checkpoint.
    source : str
        Weights file to start from where there is neither; without it, too, the run starts from scratch. It is read
        where the run is, since that may take a while.
    doubt_at_end_s : float
        How long a run that is through may look for doubt before it says so.
    post : PostProcessing
        What to put right in predictions before they are shown.
    """

    settings: TrainSettings
    cines: tuple[Cine, ...]
    edits: tuple[ScribbleEdit, ...]
    focus: FrameKey
    checkpoint: Checkpoint | None = None
    weights: Mapping[str, torch.Tensor] | None = None
    source: str = ""
    doubt_at_end_s: float = 6.0
    post: PostProcessing = PostProcessing()


class Runnable(Trainer, Protocol):
    """A trainer that works on the thread that calls :meth:`run`."""

    @property
    def state(self) -> RunState:
        """Return where the runner is."""

    def run(self) -> None:
        """Train until the end; blocks."""

    def set_post(self, post: PostProcessing) -> None:
        """Put other things right in predictions from now on, and in those that were shown before."""


MakeRunner = Callable[[RunRequest, Callable[[Event], None]], Runnable]
"""Builds a runner without blocking; `engine.Runner` is the usual one."""
