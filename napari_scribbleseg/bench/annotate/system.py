"""What a system is to an annotator: strokes in, seconds go by, a mask out."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod

from napari_scribbleseg.labels import LabelMap, layer_to_training
from napari_scribbleseg.types import Cine


class System(ABC):
    """One system at work on one scan.

    Attributes
    ----------
    mask : uint8 (t, z, y, x) or None
        Training codes; None while there is nothing to show.
    spent_s : float
        Computing time so far, with everything that a person waits for.
    learns : bool
        Whether it trains: more seconds change its mask without a stroke, and it is corrected by single strokes. Others
        are given whole slices.
    """

    learns = False

    def __init__(self) -> None:
        self.mask: LabelMap | None = None
        self.spent_s = 0.0
        self._cleaned: Cine | None = None

    def post_process(self, cine: Cine) -> None:
        """Put masks of a scan right from now on as the window does, the present one too."""
        self._cleaned = cine
        self._clean(None)

    def _clean(self, scribbles: LabelMap | None) -> None:
        if self._cleaned is None or self.mask is None:
            return
        from napari_scribbleseg.engine.postprocess import postprocess

        drawn = None if scribbles is None else layer_to_training(scribbles)
        self.mask = postprocess(self.mask, self._cleaned.spacing_mm, drawn=drawn, image=self._cleaned.volume)

    def work(self, seconds: float, scribbles: LabelMap) -> None:
        """Take the strokes as they are now, uint8 `(t, z, y, x)` in layer codes, and work for at most so long."""
        start_s = time.perf_counter()
        self._work(seconds, scribbles)
        self._clean(scribbles)
        self.spent_s += time.perf_counter() - start_s

    @abstractmethod
    def _work(self, seconds: float, scribbles: LabelMap) -> None:
        """Do so and set the mask."""
