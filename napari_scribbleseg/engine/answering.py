"""What a method answers about slices: one way for an engine that learns and for one that only predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.engine.doubt import doubt_slices
from napari_scribbleseg.engine.inference import centre_window, predict_slices
from napari_scribbleseg.labels import BG, FOREGROUND, LabelMap
from napari_scribbleseg.methods import Method
from napari_scribbleseg.types import FrameKey, Prediction, SliceDoubt

if TYPE_CHECKING:
    import torch


class Answering:
    """Answers about slices of scans; where nothing is drawn on a scan, its heart is looked for first, once.

    Parameters
    ----------
    store : SampleStore
    looks : bool
        Whether hearts are looked for. Not where training draws on scans without strokes: their windows would move under
        it, and predicting must change nothing about what is learned.
    """

    def __init__(self, store: SampleStore, *, looks: bool = True) -> None:
        self._store = store
        self._looks = looks
        self._seen: set[str] = set()

    def forget(self, case: str) -> None:
        """Look for the heart of a case again, as when another scan takes its place."""
        self._seen.discard(case)

    def predict(self, method: Method, keys: Sequence[FrameKey], device: torch.device, step: int) -> list[Prediction]:
        """Return the predictions of slices of one scan.

        Parameters
        ----------
        method : Method in evaluation mode, on `device`
        keys : slices of a single case
        step : training steps behind the method
        """
        self._look(method, keys[0].case, device)
        answers = predict_slices(method, self._store, keys, device)
        return [Prediction(key, labels, sure, step, self._store.revision) for key, labels, sure in answers]

    def doubt(self, method: Method, keys: Sequence[FrameKey], device: torch.device) -> dict[FrameKey, SliceDoubt]:
        """Return where a method doubts itself on slices of one scan; parameters as for :meth:`predict`."""
        self._look(method, keys[0].case, device)
        return dict(doubt_slices(method, self._store, keys, device))

    def accuracy(self, method: Method, strokes: Mapping[FrameKey, LabelMap], device: torch.device) -> tuple[float, int]:
        """Return the share of some strokes that a method has right, mean over classes, and how many pixels they have.

        Parameters
        ----------
        method : Method in evaluation mode, on `device`
        strokes : training codes `(y, x)` with IGNORE, native grid, of any scans; some pixel is known
        """
        right, known = np.zeros(4), np.zeros(4)
        for key, labels in strokes.items():
            predicted = self.predict(method, [key], device, 0)[0].labels
            for code in (BG, *FOREGROUND):
                mask = labels == code
                known[code] += mask.sum()
                right[code] += (predicted[mask] == code).sum()
        return float((right[known > 0] / known[known > 0]).mean()), int(known.sum())

    def _look(self, method: Method, case: str, device: torch.device) -> None:
        if self._looks and case not in self._seen:
            self._seen.add(case)
            centre_window(method, self._store, case, device)
