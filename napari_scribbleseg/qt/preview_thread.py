"""The thread that works out an instant preview: no training, no torch, and always a mask or a sentence."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.qt.thread import PoliteThread
from napari_scribbleseg.qt.values import Preview, PreviewSystem
from napari_scribbleseg.types import Cine, FrameKey

if TYPE_CHECKING:
    from qtpy.QtCore import QObject

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class PreviewJob:
    """What a preview is made from.

    Attributes
    ----------
    system : PreviewSystem
    cine : Cine
    t : int
        The phase.
    strokes : uint8 (z, y, x), layer codes
        A copy of what is drawn on the phase.
    revisions : Mapping[int, int]
        Newest edit of each slice that has one.
    """

    system: PreviewSystem
    cine: Cine
    t: int
    strokes: LabelMap
    revisions: Mapping[int, int]

    def segment(self) -> list[Preview]:
        """Return one preview for each slice of the phase.

        Raises
        ------
        BaselineError
            When the strokes are not enough for the system.
        """
        from napari_scribbleseg.baselines import build_baseline

        mask = build_baseline(self.system.key).segment(self.cine.volume(self.t), self.strokes, self.cine.spacing_mm)
        return [self._preview(z, labels) for z, labels in enumerate(np.asarray(mask, np.uint8))]

    def _preview(self, z: int, labels: LabelMap) -> Preview:
        key = FrameKey(self.cine.case, self.t, z)
        return Preview(key, labels, np.zeros_like(labels), 0, self.revisions.get(z, 0), self.system)


class PreviewThread(PoliteThread):
    """Work a preview out; afterwards either `previews` is filled or `problem` is a sentence."""

    def __init__(self, job: PreviewJob, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.job = job
        self.previews: list[Preview] = []
        self.problem = ""

    def work(self) -> None:
        """Do the job."""
        try:
            self.previews = self.job.segment()
        except Exception as error:  # a dead window is worse than any error in here
            self.problem = self._explain(error)

    def _explain(self, error: Exception) -> str:
        name = self.job.system.name
        if isinstance(error, ImportError):
            package = f" ({error.name})" if error.name else ""
            return f"{name} needs a package that did not load{package}; choose another system."
        from napari_scribbleseg.baselines import BaselineError

        if isinstance(error, BaselineError):
            return str(error)
        log.error("The instant preview stopped with an error", exc_info=error)
        why = str(error) or type(error).__name__
        return f"The instant preview ({name}) stopped because of an error: {why}. Your strokes are safe."
