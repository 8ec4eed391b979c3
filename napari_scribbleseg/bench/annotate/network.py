"""Our own system: a network that learns while it is drawn on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from napari_scribbleseg.bench.annotate.system import System
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    from napari_scribbleseg.api.finetuning import FineTuning
    from napari_scribbleseg.api.model import Model


class Network(System):
    """Ours: trained weights that are fine-tuned, or a network that starts from scratch.

    The seconds hold taking the strokes, training and predicting the whole scan.

    Parameters
    ----------
    start : Model or None
        Weights to start from; with them there is a mask before any stroke.
    cine : Cine
    threads : torch threads; 0 takes all cores
    """

    learns = True

    def __init__(self, start: Model | None, cine: Cine, threads: int = 0) -> None:
        from napari_scribbleseg.api.finetuning import FineTuning
        from napari_scribbleseg.engine import build_engine, inference  # noqa: F401 - loading takes seconds of its own

        super().__init__()
        start_s = time.perf_counter()
        self._case, self._predict_s = cine.case, 0.0
        self._tuning: FineTuning = FineTuning(start, [cine], threads=threads)
        if start is not None:
            self._show()
        self.spent_s = time.perf_counter() - start_s

    def _work(self, seconds: float, scribbles: LabelMap) -> None:
        start_s = time.perf_counter()
        self._tuning.draw(self._case, scribbles)
        self._tuning.train(max(seconds - (time.perf_counter() - start_s) - self._predict_s, 0.0))
        self._show()

    def _show(self) -> None:
        start_s = time.perf_counter()
        self.mask = self._tuning.segment(self._case)
        self._predict_s = time.perf_counter() - start_s
