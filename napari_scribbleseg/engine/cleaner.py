"""Post-processing of predictions that come a few slices at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

import numpy as np

from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.engine.border import Volume
from napari_scribbleseg.engine.postprocess import PostProcessing, postprocess
from napari_scribbleseg.types import FrameKey, Prediction

Phase = tuple[str, int]


class Cleaner:
    """Remembers the raw labels of every slice, and puts a phase right whenever slices of it are new.

    What is an island and what is a heart depends on the neighbours in the stack. So a new slice can change what its
    neighbours look like, which come back with it. Slices that were never predicted are no background: each run of
    slices without a gap is put right by itself.

    Parameters
    ----------
    options : PostProcessing
    """

    def __init__(self, options: PostProcessing) -> None:
        self.options = options
        self._raw: dict[Phase, dict[int, Prediction]] = {}
        self._shown: dict[FrameKey, Prediction] = {}

    def clean(self, predictions: Sequence[Prediction], store: SampleStore) -> list[Prediction]:
        """Return predictions as they are to be shown: the new ones first, then others that look different now.

        Each keeps the confidence, step and revision that it was made with.

        Parameters
        ----------
        predictions : new ones, as the network made them
        store : whose spacing and strokes count; no pixel under a stroke is changed
        """
        new = {p.key: p for p in predictions}
        for key, prediction in new.items():
            self._raw.setdefault(_phase_of(key), {})[key.z] = prediction
        found = [p for phase in dict.fromkeys(map(_phase_of, new)) for p in self._put_right(phase, store)]
        told = [p for p in found if p.key in new] + [p for p in found if p.key not in new and self._is_news(p)]
        self._shown |= {p.key: p for p in told}
        return told

    def renewed(self, options: PostProcessing, store: SampleStore) -> list[Prediction]:
        """Take other options, and return all predictions that look different with them."""
        self.options = options
        told = [p for phase in self._raw for p in self._put_right(phase, store) if self._is_news(p)]
        self._shown |= {p.key: p for p in told}
        return told

    def forget(self, case: str) -> None:
        """Forget the predictions of a scan, as when it was replaced."""
        self._raw = {phase: slices for phase, slices in self._raw.items() if phase[0] != case}
        self._shown = {key: p for key, p in self._shown.items() if key.case != case}

    def _is_news(self, prediction: Prediction) -> bool:
        shown = self._shown.get(prediction.key)
        return shown is None or not np.array_equal(shown.labels, prediction.labels)

    def _put_right(self, phase: Phase, store: SampleStore) -> Iterator[Prediction]:
        slices, drawn, cine = self._raw[phase], store.drawn(*phase), store.cine(phase[0])
        image = cine.volume(phase[1]) if self.options.border else None
        for run in _runs(slices):
            there = slice(run[0], run[-1] + 1)
            volume = np.stack([slices[z].labels for z in run])
            seen = None if image is None else partial(_only, image[there])
            cleaned = postprocess(volume, cine.spacing_mm, self.options, drawn[there], seen)
            for z, labels in zip(run, cleaned, strict=True):
                yield replace(slices[z], labels=labels)


def _only(volume: Volume, _phase: int) -> Volume:
    return volume


def _phase_of(key: FrameKey) -> Phase:
    return key.case, key.t


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Return numbers in ascending runs without a gap."""
    placed = enumerate(sorted(numbers))
    return [[n for _, n in run] for _, run in groupby(placed, lambda pair: pair[1] - pair[0])]
