"""How the scans of a report are to be segmented and measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.api.model import Model
from napari_scribbleseg.cardiac.measurement import Choices

if TYPE_CHECKING:
    from napari_scribbleseg.engine.postprocess import PostProcessing


@dataclass(frozen=True, eq=False)
class ReportTask:
    """What `report_study` needs beyond the scan.

    Attributes
    ----------
    model : Model or None
        Predicts where no `mask` is given.
    weights : Mapping or None
        What `describe_weights` says of the model, where it is known already.
    post : PostProcessing or None
        What to put right in a predicted mask.
    mask : Path or None
        A mask, or a folder in which masks are found by the names of the scans.
    codes : str
        Convention of the masks, a key of `labels.MASK_PRESETS`.
    info : Path or None
        An Info.cfg; by default the one beside the scan.
    decided : Choices
        What the person decided; it goes over all that files say.
    anonymise : bool
    device : str
        "auto" or a torch device.
    threads : int
        Torch threads on the CPU; 0 takes all cores.
    """

    model: Model | None = None
    weights: Mapping[str, Any] | None = None
    post: PostProcessing | None = None
    mask: Path | None = None
    codes: str = "acdc"
    info: Path | None = None
    decided: Choices = field(default_factory=Choices)
    anonymise: bool = False
    device: str = "auto"
    threads: int = 0
