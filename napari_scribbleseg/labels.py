"""The only place where label codes are named and translated.

Three code systems meet in this project:

- **layer codes**, what a person sees and paints: 0 nothing, 1 RV, 2 Myo, 3 LV, 4 background scribble;
- **training codes**, what a network learns: 0 BG, 1 RV, 2 Myo, 3 LV, 255 = IGNORE;
- **file codes** of other people: ACDC scribble files use 4 for "unannotated", UK Biobank masks swap LV and RV.

RV, Myo and LV are 1, 2, 3 in both of our own systems, so a predicted map of training codes is also a valid layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

LabelMap = npt.NDArray[np.uint8]

NOTHING = 0
RV = 1
MYO = 2
LV = 3
BACKGROUND_SCRIBBLE = 4

BG = 0
IGNORE = 255
N_CLASSES = 4
"""Classes a network tells apart: BG, RV, Myo, LV."""

FOREGROUND = (RV, MYO, LV)
CLASS_NAMES: Mapping[int, str] = MappingProxyType({RV: "RV", MYO: "Myo", LV: "LV"})
LAYER_NAMES: Mapping[int, str] = MappingProxyType({RV: "RV", MYO: "Myo", LV: "LV", BACKGROUND_SCRIBBLE: "Background"})
LAYER_COLOURS: Mapping[int, str] = MappingProxyType(
    {RV: "#0072B2", MYO: "#E69F00", LV: "#CC79A7", BACKGROUND_SCRIBBLE: "#8C8C8C"}
)
"""Okabe-Ito colours: told apart with any common colour vision, on a grey image too."""


@dataclass(frozen=True)
class ScribblePreset:
    """How one family of scribble files numbers its pixels.

    Attributes
    ----------
    title : str
        What a person reads when asked to confirm the choice.
    to_layer : Mapping[int, int]
        File code → layer code. A code that is not listed is an error.
    nothing : int
        The file code that means "nothing drawn here".
    """

    title: str
    to_layer: Mapping[int, int]
    nothing: int


SCRIBBLE_PRESETS: Mapping[str, ScribblePreset] = MappingProxyType(
    {
        "acdc": ScribblePreset(
            "ACDC: 0 background, 1 RV, 2 Myo, 3 LV, 4 unannotated",
            MappingProxyType({0: BACKGROUND_SCRIBBLE, 1: RV, 2: MYO, 3: LV, 4: NOTHING}),
            nothing=4,
        ),
        "layer": ScribblePreset(
            "Layer: 0 nothing, 1 RV, 2 Myo, 3 LV, 4 background",
            MappingProxyType({0: NOTHING, 1: RV, 2: MYO, 3: LV, 4: BACKGROUND_SCRIBBLE}),
            nothing=0,
        ),
    }
)

MASK_PRESETS: Mapping[str, Mapping[int, int]] = MappingProxyType(
    {
        "acdc": MappingProxyType({0: BG, 1: RV, 2: MYO, 3: LV}),
        "ukbb": MappingProxyType({0: BG, 1: LV, 2: MYO, 3: RV}),
    }
)
"""Mask file code → training code. Never guessed: a person confirms the preset on import."""


class LabelCodeError(ValueError):
    """A label map holds a code that its convention does not know, or looks like another convention."""


def _translate(labels: npt.NDArray[np.generic], table: Mapping[int, int], what: str) -> LabelMap:
    values = np.unique(labels)
    unknown = [v for v in values.tolist() if v not in table]
    if unknown:
        shown = ", ".join(f"{v:g}" for v in unknown[:5])
        raise LabelCodeError(f"{what} hold the value {shown}, but only {', '.join(map(str, table))} are known.")
    out = np.zeros(labels.shape, np.uint8)
    for value in values.tolist():
        out[labels == value] = table[value]
    return out


def layer_to_training(labels: LabelMap) -> LabelMap:
    """Translate painted strokes into a training target.

    Parameters
    ----------
    labels : uint8 array of any shape, layer codes

    Returns
    -------
    uint8 array of the same shape, training codes; what nobody painted is IGNORE.

    Raises
    ------
    LabelCodeError
        For a value above 4.
    """
    if labels.size and int(labels.max()) > BACKGROUND_SCRIBBLE:
        raise LabelCodeError(f"Strokes hold the value {int(labels.max())}; only 0 to {BACKGROUND_SCRIBBLE} are known.")
    return _LAYER_TO_TRAINING[labels]


def training_to_layer(labels: LabelMap) -> LabelMap:
    """Translate training codes back into strokes; the inverse of :func:`layer_to_training`."""
    return _TRAINING_TO_LAYER[labels]


def scribbles_from_file(labels: npt.NDArray[np.generic], preset: str) -> LabelMap:
    """Translate a scribble file into layer codes.

    Parameters
    ----------
    labels : array of any shape and numeric type, file codes
    preset : a key of `SCRIBBLE_PRESETS`

    Returns
    -------
    uint8 array of the same shape, layer codes.

    Raises
    ------
    LabelCodeError
        For an unknown code, or where "nothing drawn" covers under half of the pixels: strokes are
        sparse, so such a file follows another convention.
    """
    convention = SCRIBBLE_PRESETS[preset]
    layer = _translate(labels, convention.to_layer, "Scribbles")
    drawn = float(np.mean(layer != NOTHING)) if layer.size else 0.0
    if drawn > 0.5:
        other = next(key for key in SCRIBBLE_PRESETS if key != preset)
        raise LabelCodeError(
            f"Read as '{preset}' codes, {drawn:.0%} of the pixels would be strokes, so the code {convention.nothing} "
            f"cannot mean 'nothing drawn' here. If the file uses the other convention, choose '{other}' "
            f"({SCRIBBLE_PRESETS[other].title})."
        )
    return layer


def scribbles_to_file(labels: LabelMap, preset: str) -> LabelMap:
    """Translate layer codes into the codes of a scribble file; the inverse of :func:`scribbles_from_file`."""
    back = {layer: code for code, layer in SCRIBBLE_PRESETS[preset].to_layer.items()}
    return _translate(labels, back, "Strokes")


def mask_from_file(labels: npt.NDArray[np.generic], preset: str = "acdc") -> LabelMap:
    """Translate a dense mask file into training codes.

    Raises
    ------
    LabelCodeError
        For a code that the preset does not know.
    """
    return _translate(labels, MASK_PRESETS[preset], "Masks")


_LAYER_TO_TRAINING = np.array([IGNORE, RV, MYO, LV, BG], np.uint8)
_TRAINING_TO_LAYER = np.zeros(256, np.uint8)
_TRAINING_TO_LAYER[[BG, RV, MYO, LV]] = [BACKGROUND_SCRIBBLE, RV, MYO, LV]
