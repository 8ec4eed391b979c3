"""Values that name and carry one slice of strokes or mask on its way to the disk."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from napari_scribbleseg.labels import LabelMap


class MapKind(enum.Enum):
    """Which of a scan's two saved label maps; the value is the name of the folder that holds it."""

    SCRIBBLES = "scribbles"
    MASKS = "masks"


class SliceState(enum.Enum):
    """What a person did with a slice of the mask; PREDICTED is a slice that nobody accepted yet."""

    PREDICTED = "predicted"
    ACCEPTED = "accepted"
    EDITED = "edited"


class SliceKey(NamedTuple):
    """Name of one slice of one map."""

    kind: MapKind
    case: str
    t: int
    z: int


@dataclass(frozen=True, eq=False)
class SliceRecord:
    """One slice as it is now; a later record of the same key replaces it.

    Attributes
    ----------
    key : SliceKey
    labels : uint8 (y, x); copied and read-only. Layer codes for scribbles, training codes for masks.
    state : SliceState
        Of a mask slice; PREDICTED for scribbles.
    revision : int
        Of the edit, 0 for masks.
    strokes : int
        Strokes drawn on this scan so far, this edit included; 0 for masks.
    origin : str
        Key of the system without training that made a mask slice, corrected since or not; "" where none did.
    """

    key: SliceKey
    labels: LabelMap
    state: SliceState = SliceState.PREDICTED
    revision: int = 0
    strokes: int = 0
    origin: str = ""

    def __post_init__(self) -> None:
        labels = self.labels
        if labels.flags.writeable or labels.dtype != np.uint8:
            labels = np.array(labels, dtype=np.uint8, copy=True)
            labels.setflags(write=False)
            object.__setattr__(self, "labels", labels)
