"""One scan of a session with everything that was drawn, predicted and accepted on it; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_scribbleseg.cardiac.measurement import Choices
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LabelMap
from napari_scribbleseg.qt.values import Maker, Preview, PreviewSystem, ScanSummary, WeightsOrigin
from napari_scribbleseg.session.slices import SliceState
from napari_scribbleseg.types import Cine, FrameKey, Prediction, ScribbleEdit

NEVER = -1
"""Step of a slice that was never predicted."""
PREVIEW = "preview"
"""State of a slice that shows an instant preview and is not in the mask."""

SliceIndex = tuple[int, int]
M = TypeVar("M", bound=Maker)
_BLOBS_TOUCH = np.ones((3, 3), bool)


@dataclass(frozen=True)
class SliceStrokes:
    """What is drawn on a slice: the number of separate strokes and the layer codes among them."""

    count: int
    labels: frozenset[int]


def describe_strokes(labels: LabelMap) -> SliceStrokes:
    """Count the separate strokes of a slice `(y, x)`; strokes of one label that touch are one."""
    present = [int(value) for value in np.flatnonzero(np.bincount(labels.ravel(), minlength=1)) if value]
    if not present:
        return SliceStrokes(0, frozenset())
    rows, columns = np.flatnonzero(labels.any(axis=1)), np.flatnonzero(labels.any(axis=0))
    box = labels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    count = sum(int(ndimage.label(box == value, structure=_BLOBS_TOUCH)[1]) for value in present)
    return SliceStrokes(count, frozenset(present))


@dataclass(eq=False)
class ScanRecord:
    """State of one scan.

    Attributes
    ----------
    cine : Cine
    strokes : uint8 (t, z, y, x), layer codes
        What was last taken from the scribble layer; outlives the layer.
    prediction, confidence : uint8 (t, z, y, x)
    steps : int (t, z)
        Step of the weights behind each slice's prediction, NEVER where there is none.
    times : float (t, z)
        `time.monotonic()` when the prediction arrived.
    mask : uint8 (t, z, y, x), training codes
    mask_states : dict
        Slices of the mask that were accepted or edited; all others are not in it.
    previews : dict
        Slices of the prediction that a system without training made, and which.
    weights : dict
        Slices of the prediction that come from weights trained elsewhere, fine-tuned since or not, and which.
    mask_makers : dict
        The same of both kinds, for slices of the mask.
    drawn : dict
        What is drawn on each slice that has strokes.
    revisions : dict
        Newest edit of each slice.
    locked : bool
        Whether the mask is closed to accepts and hand edits.
    n_predicted : int
        Number of slices with a prediction.
    choices : Choices
        What the person decided about measuring the scan.
    """

    cine: Cine
    strokes: LabelMap = field(init=False)
    prediction: LabelMap = field(init=False)
    confidence: LabelMap = field(init=False)
    mask: LabelMap = field(init=False)
    steps: npt.NDArray[np.int64] = field(init=False)
    times: npt.NDArray[np.float64] = field(init=False)
    mask_states: dict[SliceIndex, SliceState] = field(default_factory=dict)
    previews: dict[SliceIndex, PreviewSystem] = field(default_factory=dict)
    weights: dict[SliceIndex, WeightsOrigin] = field(default_factory=dict)
    mask_makers: dict[SliceIndex, Maker] = field(default_factory=dict)
    drawn: dict[SliceIndex, SliceStrokes] = field(default_factory=dict)
    revisions: dict[SliceIndex, int] = field(default_factory=dict)
    locked: bool = False
    n_predicted: int = 0
    choices: Choices = field(default_factory=Choices)

    def __post_init__(self) -> None:
        shape = self.cine.shape
        self.strokes, self.prediction, self.confidence, self.mask = (np.zeros(shape, np.uint8) for _ in range(4))
        self.steps = np.full(shape[:2], NEVER, np.int64)
        self.times = np.zeros(shape[:2])

    @property
    def case(self) -> str:
        """Return the scan's name in the session."""
        return self.cine.case

    def key(self, index: SliceIndex) -> FrameKey:
        """Return the name of a slice."""
        return FrameKey(self.case, *index)

    def set_strokes(self, index: SliceIndex, labels: LabelMap) -> None:
        """Take the strokes of a slice `(y, x)` as they are now."""
        self.strokes[index] = labels
        described = describe_strokes(self.strokes[index])
        if described.count:
            self.drawn[index] = described
        else:
            self.drawn.pop(index, None)

    def edits(self) -> list[ScribbleEdit]:
        """Return the strokes of all slices that have some, oldest first."""
        found = [
            ScribbleEdit(self.key(index), self.strokes[index], max(self.revisions.get(index, 1), 1), strokes.count)
            for index, strokes in self.drawn.items()
        ]
        return sorted(found, key=lambda edit: (edit.revision, edit.key))

    @property
    def n_strokes(self) -> int:
        """Return the number of strokes on the scan."""
        return sum(slice_.count for slice_ in self.drawn.values())

    @property
    def labels_drawn(self) -> frozenset[int]:
        """Return the layer codes among the strokes."""
        return frozenset().union(*(slice_.labels for slice_ in self.drawn.values()))

    def set_prediction(self, prediction: Prediction, now: float, weights: WeightsOrigin | None = None) -> bool:
        """Write a prediction in place; return False where it does not fit this scan.

        `weights` are those that the network began with, where it did not begin from scratch.
        """
        index = (prediction.key.t, prediction.key.z)
        n_t, n_z, *plane = self.cine.shape
        if not (0 <= index[0] < n_t and 0 <= index[1] < n_z) or prediction.labels.shape != tuple(plane):
            return False
        self.prediction[index] = prediction.labels
        self.confidence[index] = prediction.confidence
        self.n_predicted += int(self.steps[index] == NEVER)
        self.steps[index], self.times[index] = prediction.step, now
        system = prediction.system if isinstance(prediction, Preview) else None
        note(self.previews, index, system)
        note(self.weights, index, weights if system is None else None)
        return True

    def forget_predictions(self) -> None:
        """Clear what a network predicted, as before a first run; previews stay until the new run overwrites them."""
        for index in np.argwhere(self.steps != NEVER).tolist():
            at = (index[0], index[1])
            if at not in self.previews:
                self.prediction[at] = self.confidence[at] = 0
                self.steps[at] = NEVER
        self.weights.clear()
        self.n_predicted = len(self.previews)

    def maker(self, index: SliceIndex) -> Maker | None:
        """Return what made the prediction of a slice; None for a network trained here from scratch, or for nothing."""
        return self.previews.get(index) or self.weights.get(index)

    def stale(self, step: int) -> int:
        """Return the number of slices never predicted by a network, or by weights older than `step`."""
        if step > 0:
            return int(np.count_nonzero(self.steps < step))
        return int(np.count_nonzero(self.steps == NEVER)) + len(self.previews)

    def mask_word(self, index: SliceIndex) -> str:
        """Return "accepted" or "edited" for a slice of the mask, else "predicted" or "preview" for what is shown."""
        state = self.mask_states.get(index)
        if state is not None:
            return state.value
        if index in self.previews:
            return PREVIEW
        return "" if self.steps[index] == NEVER else SliceState.PREDICTED.value

    def summary(self) -> ScanSummary:
        """Return the scan's line of the worklist."""
        n_strokes, n_accepted = self.n_strokes, len(self.mask_states)
        shown = PREVIEW if 0 < self.n_predicted == len(self.previews) else "predicted" if self.n_predicted else ""
        state = "accepted" if n_accepted else shown or ("strokes" if n_strokes else "")
        title = self.cine.title or self.case
        return ScanSummary(self.case, title, self.cine.shape, n_strokes, n_accepted, state or "no strokes")


def note(makers: dict[SliceIndex, M], index: SliceIndex, maker: M | None) -> None:
    """Note what made a slice; None where nothing is to be told of it."""
    if maker is None:
        makers.pop(index, None)
    else:
        makers[index] = maker


def unknown_labels(labels: LabelMap) -> bool:
    """Return whether a slice holds a value that is not a layer code."""
    return int(labels.max(initial=0)) > BACKGROUND_SCRIBBLE
